import ArgumentParser
import Foundation
import UnixSignals

/// A failure with a sentence for a person and no trace. Exit status 1 unless said otherwise.
struct CommandFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

func printJSON(_ value: some Encodable) throws { print(try prettyJSON(value)) }

func prettyJSON(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
}

/// Columns as wide as their widest cell, two spaces apart.
func table(_ head: [String], _ rows: [[String]]) -> String {
    let widths = head.indices.map { column in ([head] + rows).map { $0[column].count }.max() ?? 0 }
    return ([head] + rows).map { row in
        zip(row, widths).map { $0.0.rightPadded(to: $0.1) }.joined(separator: "  ")
    }.joined(separator: "\n")
}

extension String {
    func rightPadded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
    func leftPadded(to width: Int) -> String { String(repeating: " ", count: max(0, width - count)) + self }
}

/// `12.340 s` from milliseconds.
func inSeconds(_ milliseconds: Int64) -> String { String(format: "%.2f s", Double(milliseconds) / 1_000) }

/// `3.2 us`, `1.04 ms` from nanoseconds.
func duration(nanoseconds: UInt64) -> String {
    let value = Double(nanoseconds)
    if value < 1_000 { return "\(nanoseconds) ns" }
    if value < 1_000_000 { return String(format: "%.1f us", value / 1_000) }
    return String(format: "%.2f ms", value / 1_000_000)
}

func localTime(_ unixMilliseconds: Int64) -> String {
    let formatter = DateFormatter()
    formatter.dateFormat = "yyyy-MM-dd HH:mm:ss"
    return formatter.string(from: Date(timeIntervalSince1970: Double(unixMilliseconds) / 1_000))
}

/// To standard error, where it does not mix with a command's output.
func complain(_ line: String) { FileHandle.standardError.write(Data((line + "\n").utf8)) }

/// Returns when SIGINT or SIGTERM arrives, or the task is cancelled.
func untilInterrupted() async {
    for await _ in await UnixSignalsSequence(trapping: .sigint, .sigterm) { return }
}
