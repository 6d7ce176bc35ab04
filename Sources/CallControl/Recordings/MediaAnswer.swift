import Foundation

/// An HTTP answer being read: its head, then its body piece by piece.
/// Source: RFC 9112, sections 4 to 7. Trailers are not waited for.
final class MediaAnswer {
    private enum Framing { case length(Int64), chunked(rest: Int64, isFirst: Bool), untilEnd }

    let status: Int
    private let headers: [(name: String, value: String)]
    private let connection: MediaConnection
    private var framing = Framing.untilEnd
    private var block = [UInt8](repeating: 0, count: 64 * 1024)
    private var filled = 0
    private var taken = 0
    private static let maximumHeadBytes = 32 * 1024

    /// Reads the head; interim answers are passed over.
    init(on connection: MediaConnection) throws(RecordingFailure) {
        self.connection = connection
        var (status, headers) = (0, [(name: String, value: String)]())
        var input = Input(connection)
        repeat { (status, headers) = try input.head(maximumBytes: Self.maximumHeadBytes) } while (100..<200) ~= status
        (self.status, self.headers) = (status, headers)
        (block, filled, taken) = (input.block, input.filled, input.taken)
        if self["Transfer-Encoding"]?.lowercased() == "chunked" {
            framing = .chunked(rest: 0, isFirst: true)
        } else if self["Transfer-Encoding"] != nil {
            throw .malformed
        } else if let text = self["Content-Length"] {
            guard let length = Int64(text), length >= 0, text.allSatisfy(\.isNumber) else { throw .malformed }
            framing = .length(length)
        }
    }

    subscript(name: String) -> String? { headers.first { $0.name == name.lowercased() }?.value }

    /// Bytes of the body as it was promised; nil when it ends where it ends.
    var promisedBytes: Int64? { if case .length(let length) = framing { length } else { nil } }

    /// Hands the body over piece by piece, before each of which `isWelcome` may set the connection's deadline or throw.
    func body(
        before: () throws(RecordingFailure) -> Void, each: (ArraySlice<UInt8>) throws(RecordingFailure) -> Void
    ) throws(RecordingFailure) {
        while true {
            switch framing {
            case .length(0): return
            case .length(let rest):
                let piece = try next(atMost: rest, before)
                guard !piece.isEmpty else { throw .truncated }
                try each(piece)
                framing = .length(rest - Int64(piece.count))
            case .chunked(rest: 0, let isFirst):
                let size = try chunkSize(isFirst: isFirst, before)
                guard size > 0 else { return }
                framing = .chunked(rest: size, isFirst: false)
            case .chunked(let rest, _):
                let piece = try next(atMost: rest, before)
                guard !piece.isEmpty else { throw .truncated }
                try each(piece)
                framing = .chunked(rest: rest - Int64(piece.count), isFirst: false)
            case .untilEnd:
                let piece = try next(atMost: .max, before)
                guard !piece.isEmpty else { return }
                try each(piece)
            }
        }
    }

    /// Empty when there is no more.
    private func next(
        atMost limit: Int64, _ before: () throws(RecordingFailure) -> Void
    ) throws(RecordingFailure) -> ArraySlice<UInt8> {
        if taken == filled {
            try before()
            (filled, taken) = (try connection.read(into: &block), 0)
        }
        let count = Int(min(Int64(filled - taken), limit))
        defer { taken += count }
        return block[taken..<taken + count]
    }

    private func chunkSize(
        isFirst: Bool, _ before: () throws(RecordingFailure) -> Void
    ) throws(RecordingFailure) -> Int64 {
        var line = [UInt8]()
        // The line end after the chunk before comes first.
        var ends = isFirst ? 1 : 2
        while ends > 0 {
            guard let byte = try next(atMost: 1, before).first else { throw .truncated }
            if byte == 0x0A { ends -= 1 } else if byte != 0x0D { line.append(byte) }
            guard line.count <= 256 else { throw .malformed }
        }
        let digits = String(decoding: line.prefix { $0 != UInt8(ascii: ";") }, as: UTF8.self)
        guard digits.count <= 15, let size = Int64(digits.trimmingCharacters(in: .whitespaces), radix: 16), size >= 0
        else { throw .malformed }
        return size
    }

    /// The bytes before the body.
    private struct Input {
        let connection: MediaConnection
        var block = [UInt8](repeating: 0, count: 64 * 1024)
        var filled = 0
        var taken = 0

        init(_ connection: MediaConnection) { self.connection = connection }

        mutating func head(
            maximumBytes: Int
        ) throws(RecordingFailure) -> (Int, [(name: String, value: String)]) {
            var lines = [String](), line = [UInt8](), count = 0
            while true {
                if taken == filled {
                    (filled, taken) = (try connection.read(into: &block), 0)
                    guard filled > 0 else { throw lines.isEmpty && line.isEmpty ? .unreachable : .malformed }
                }
                let byte = block[taken]
                taken += 1
                count += 1
                guard count <= maximumBytes else { throw .malformed }
                if byte != 0x0A {
                    line.append(byte)
                    continue
                }
                if line.last == 0x0D { line.removeLast() }
                if line.isEmpty { break }
                lines.append(String(decoding: line, as: UTF8.self))
                line = []
            }
            let start = (lines.first ?? "").split(separator: " ", maxSplits: 2)
            guard start.count >= 2, start[0].hasPrefix("HTTP/1."), start[1].count == 3, let status = Int(start[1]),
                (100..<600) ~= status
            else { throw .malformed }
            let headers = lines.dropFirst().compactMap { line -> (name: String, value: String)? in
                guard let colon = line.firstIndex(of: ":") else { return nil }
                return (
                    line[..<colon].lowercased(),
                    line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
                )
            }
            return (status, headers)
        }
    }
}
