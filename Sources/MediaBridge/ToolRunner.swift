import CallControl
import Configuration
import Conversation
import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Runs tenants' HTTP tools off the shards. Whatever happens becomes a text for the model: what the tool said, or a short
/// JSON error (R8). Arguments and answers are the caller's business: neither is ever logged.
struct ToolRunner: Sendable {
    /// Of the arguments the model wrote, and of what it is told.
    static let maximumArgumentBytes = 16 * 1024
    static let maximumAnswerBytes = 16 * 1024

    let requests: OutgoingRequests
    let counters: ToolCounters

    /// Any thread; returns at once. Completes once, on some thread, or at once.
    /// - Parameter call: the carrier's id; with the tool call's own it names the run, so that a tool may recognise it.
    func run(
        _ tool: HTTPTool, _ toolCall: ToolCall, of call: String, completion: @escaping @Sendable (String) -> Void
    ) {
        guard let request = Self.request(tool, toolCall, of: call) else {
            counters.add(.argumentsRefused)
            return completion(#"{"error":"the arguments are not a JSON object of at most 16 KiB"}"#)
        }
        counters.add(.started)
        requests.send(
            request, timeoutMilliseconds: tool.timeoutMilliseconds, maximumBytes: Self.maximumAnswerBytes
        ) { [counters] result in
            let (name, output) = Self.output(of: result)
            counters.add(name)
            completion(output)
        }
    }

    /// nil when the arguments are no JSON object.
    static func request(_ tool: HTTPTool, _ toolCall: ToolCall, of call: String) -> URLRequest? {
        let text = toolCall.arguments.isEmpty ? "{}" : toolCall.arguments
        guard text.utf8.count <= maximumArgumentBytes,
            let arguments = (try? JSONSerialization.jsonObject(with: Data(text.utf8))) as? [String: Any],
            var parts = URLComponents(string: tool.url)
        else { return nil }
        if tool.method.usesQuery {
            let items = arguments.sorted { $0.key < $1.key }.map { URLQueryItem(name: $0.key, value: words($0.value)) }
            if !items.isEmpty { parts.queryItems = (parts.queryItems ?? []) + items }
            // A plus sign is a space to many servers.
            parts.percentEncodedQuery = parts.percentEncodedQuery?.replacing("+", with: "%2B")
        }
        guard let url = parts.url else { return nil }
        var request = URLRequest(url: url)
        request.httpMethod = tool.method.rawValue
        for header in tool.headers { request.setValue(header.value.reveal(), forHTTPHeaderField: header.name) }
        request.setValue("\(call)-\(toolCall.call)", forHTTPHeaderField: "Idempotency-Key")
        if !tool.method.usesQuery {
            request.setValue("application/json", forHTTPHeaderField: "Content-Type")
            request.httpBody = Data(text.utf8)
        }
        return request
    }

    /// One argument in a query: text as it is, all else as JSON.
    private static func words(_ value: Any) -> String {
        if let text = value as? String { return text }
        let json = try? JSONSerialization.data(withJSONObject: value, options: [.fragmentsAllowed, .sortedKeys])
        return json.map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    static func output(
        of result: Result<OutgoingRequests.Answer, OutgoingRequests.Failure>
    ) -> (ToolCounters.Name, String) {
        switch result {
        case .success(let answer) where (200..<300).contains(answer.status):
            guard let text = String(validating: answer.body, as: UTF8.self) else {
                return (.answerNotText, #"{"error":"the tool did not answer with text"}"#)
            }
            return (.succeeded, text.isEmpty ? #"{"ok":true}"# : text)
        case .success(let answer):
            return (.answerRefused, #"{"error":"the tool answered with HTTP status \#(answer.status)"}"#)
        case .failure(.busy): return (.busy, #"{"error":"too many tools are running, try again later"}"#)
        case .failure(.timedOut): return (.timedOut, #"{"error":"the tool did not answer in time"}"#)
        case .failure(.unreachable): return (.unreachable, #"{"error":"the tool cannot be reached"}"#)
        case .failure(.tooLong): return (.answerTooLong, #"{"error":"the tool's answer is too long"}"#)
        case .failure(.redirected): return (.redirected, #"{"error":"the tool points elsewhere"}"#)
        }
    }
}
