/// Reads a server's answer to a WebSocket upgrade, as it comes, strictly.
///
/// - Source: RFC 6455, section 4.1; RFC 9112, section 4.
struct UpgradeResponse {
    enum Outcome: Equatable {
        case needsMore
        /// The socket is open; so many bytes of the input were the head's.
        case opened(consumed: Int)
        /// Any other status than 101.
        case refused(status: Int)
        case invalid(String)
    }

    static var maximumBytes: Int { 16 * 1024 }
    private var head: [UInt8] = []

    /// - Parameter accept: what Sec-WebSocket-Accept must be.
    mutating func consume(_ input: Span<UInt8>, accept: String) -> Outcome {
        for index in input.indices {
            head.append(input[index])
            if head.count >= 4, head[(head.count - 4)...].elementsEqual([13, 10, 13, 10]) {
                return judge(accept, consumed: index + 1)
            }
            guard head.count < Self.maximumBytes else { return .invalid("the answer's head is too long") }
        }
        return .needsMore
    }

    private func judge(_ accept: String, consumed: Int) -> Outcome {
        guard let text = String(validating: head.dropLast(4), as: UTF8.self) else {
            return .invalid("the answer's head is not UTF-8")
        }
        // By scalars: a line's end is one character to Swift.
        var lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            String(line.last == "\r" ? line.dropLast() : line)
        }
        let first = lines.removeFirst().split(separator: " ", maxSplits: 2)
        guard first.count >= 2, first[0].hasPrefix("HTTP/1."), first[1].utf8.count == 3, let status = Int(first[1])
        else {
            return .invalid("the answer is not HTTP/1.1")
        }
        guard status == 101 else { return .refused(status: status) }
        var fields: [(name: String, value: String)] = []
        for line in lines {
            guard let colon = line.firstIndex(of: ":"), colon > line.startIndex else {
                return .invalid("a line of the answer's head is no field")
            }
            let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            let end = value.lastIndex { $0 != " " && $0 != "\t" }
            fields.append((line[..<colon].lowercased(), end.map { String(value[...$0]) } ?? ""))
        }
        func values(_ name: String) -> [String] { fields.filter { $0.name == name }.map(\.value) }
        func tokens(_ name: String) -> [Substring] {
            values(name).flatMap { $0.lowercased().split { $0 == "," || $0 == " " || $0 == "\t" } }
        }
        guard tokens("upgrade") == ["websocket"] else { return .invalid("Upgrade: expected websocket") }
        guard tokens("connection").contains("upgrade") else { return .invalid("Connection: expected Upgrade") }
        guard values("sec-websocket-accept") == [accept] else {
            return .invalid("Sec-WebSocket-Accept does not answer our key")
        }
        guard values("sec-websocket-extensions").isEmpty, values("sec-websocket-protocol").isEmpty else {
            return .invalid("the server chose an extension or a subprotocol that was not offered")
        }
        return .opened(consumed: consumed)
    }
}
