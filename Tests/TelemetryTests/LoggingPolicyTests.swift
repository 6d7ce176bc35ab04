import Foundation
import Testing

@testable import Telemetry

/// docs/LOGGING_POLICY.md, as far as it can be read.
@Suite struct `The logging policy's page` {
    private static let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    private static func page() throws -> String {
        try String(contentsOf: root.appending(path: "docs/LOGGING_POLICY.md"), encoding: .utf8)
    }

    /// Every Swift file under `Sources`, by path.
    private static func sources() throws -> [String: String] {
        let folder = root.appending(path: "Sources")
        var sources: [String: String] = [:]
        for case let file as URL in FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)! {
            guard file.pathExtension == "swift" else { continue }
            sources[String(file.path.dropFirst(folder.path.count + 1))] = try String(contentsOf: file, encoding: .utf8)
        }
        return sources
    }

    @Test func `lists every repeated diagnostic with its level and its worst value`() throws {
        let rows = try Self.page().split(separator: "\n").compactMap { line -> String? in
            let match = line.firstMatch(of: /^\| `([^`]+)` \| `(warning|error)` \| (?:`(worst_\w+)` )?\|$/)
            return match.map { "\($0.1) \($0.2) \($0.3 ?? "-")" }
        }
        let kinds = DiagnosticKind.allCases.map {
            "\($0.message) \($0.isError ? "error" : "warning") \($0.valueKey ?? "-")"
        }
        #expect(Set(rows) == Set(kinds))
        #expect(rows.count == kinds.count)
    }

    @Test func `says the budget that calls have`() throws {
        #expect(try Self.page().contains("at most **\(CallLog.budget) lines**"))
    }

    /// A value of swift-log's own is any text; a `LogValue` is not (S72).
    @Test func `S72 a line is written through Telemetry, whose values no text becomes by itself`() throws {
        let bare = /metadata: *\[|Logger\.Metadata|logger\.log\(/
        for (path, text) in try Self.sources() where !path.hasPrefix("Telemetry/") {
            #expect(!text.contains(bare), "\(path)")
        }
        #expect(#"logger.info("call began", metadata: ["from": "\(from)"])"#.contains(bare), "it would be seen")
        let values = try #require(Self.sources()["Telemetry/LogValue.swift"])
        for door in ["ExpressibleByStringLiteral", "ExpressibleByStringInterpolation", "public init(text"] {
            #expect(!values.contains(door), "\(door)")
        }
    }

    @Test func `messages are constant: what varies is metadata`() throws {
        let varying =
            /(?:logger|log|lines)\??\.(?:trace|debug|info|notice|warning|error|critical|line|end)\(\s*"[^"\n]*\\\(/
        // These two hand on what a `StaticString` or a kind of diagnostic says.
        let handOn = ["Telemetry/ServiceLog.swift", "Telemetry/Diagnostics.swift"]
        for (path, text) in try Self.sources() where !handOn.contains(path) {
            #expect(!text.contains(varying), "\(path)")
        }
        #expect(#"logger.info("call \(id) began")"#.contains(varying), "it would be seen")
        #expect("logger.error(\n    \"lost \\(count)\"".contains(varying))
    }

    @Test func `only those log who may`() throws {
        let rooms = ["Telemetry/", "MediaBridge/", "MediaBridgeCLI/", "CallControl/", "LocalAgent/"]
        let loggers = try Self.sources().filter { $0.value.contains(/import Logging\b/) }.keys
        #expect(loggers.count > 3)
        for path in loggers { #expect(rooms.contains { path.hasPrefix($0) }, "\(path)") }
    }
}
