/// Reads the server-sent events of a streamed chat completion, line by line.
struct ChatStreamParser {
    enum Output: Equatable {
        case text(String)
        /// `[DONE]`: nothing more comes.
        case done
        case failed(BrainError)
    }

    private struct Call {
        var name = ""
        var arguments = ""
    }

    private var line: [UInt8] = []
    private var calls: [Int: Call] = [:]
    private static let maximumLineBytes = 1 << 20
    private static let maximumCalls = 32

    /// Bytes as they arrive, cut anywhere.
    mutating func add(_ bytes: some Sequence<UInt8>) -> [Output] {
        var outputs: [Output] = []
        for byte in bytes {
            if byte == UInt8(ascii: "\n") {
                if line.last == UInt8(ascii: "\r") { line.removeLast() }
                outputs += read(line)
                line.removeAll(keepingCapacity: true)
            } else if line.count < Self.maximumLineBytes {
                line.append(byte)
            } else {
                outputs.append(.failed(BrainError(code: "server_error", message: "chat: a line of more than 1 MiB")))
                line.removeAll()
            }
        }
        return outputs
    }

    /// Function calls, whole only now that the stream has ended.
    var functionCalls: [(name: String, arguments: String)] {
        calls.keys.sorted().compactMap { index in
            guard let call = calls[index], !call.name.isEmpty else { return nil }
            return (call.name, call.arguments.isEmpty ? "{}" : call.arguments)
        }
    }

    private mutating func read(_ line: [UInt8]) -> [Output] {
        let prefix = Array("data:".utf8)
        // Comments, event names and the empty lines between events say nothing here.
        guard line.starts(with: prefix) else { return [] }
        let data = line.dropFirst(prefix.count).drop { $0 == UInt8(ascii: " ") }
        if data.elementsEqual("[DONE]".utf8) { return [.done] }
        guard let chunk = try? JSONReader.read(Array(data)) else {
            return [.failed(BrainError(code: "server_error", message: "chat: the stream holds no JSON"))]
        }
        if let error = chunk["error"], error != .null {
            return [
                .failed(
                    BrainError(
                        code: error["code"]?.string ?? "server_error",
                        message: "chat: " + (error["message"]?.string ?? "failed").prefix(300)))
            ]
        }
        guard let delta = chunk["choices"]?.array?.first?["delta"] else { return [] }
        for call in delta["tool_calls"]?.array ?? [] {
            let index = call["index"]?.integer ?? 0
            guard calls[index] != nil || calls.count < Self.maximumCalls else { continue }
            calls[index, default: Call()].name += call["function"]?["name"]?.string ?? ""
            calls[index, default: Call()].arguments += call["function"]?["arguments"]?.string ?? ""
        }
        guard let text = delta["content"]?.string ?? delta["refusal"]?.string, !text.isEmpty else { return [] }
        return [.text(text)]
    }
}
