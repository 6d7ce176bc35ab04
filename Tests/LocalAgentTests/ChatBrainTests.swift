import Foundation
import Synchronization
import Testing

@testable import LocalAgent

@Suite struct `Chat brain` {
    private static let tool = AnswerRequest.Tool(
        name: "end_call", description: "Hang up", parameters: ["type": "object"])

    private static func request(_ occasion: AnswerRequest.Occasion = .heard("hello")) -> AnswerRequest {
        AnswerRequest(
            occasion: occasion, instructions: "You sell flowers.",
            history: [.init(speaker: .assistant, text: "Flower shop."), .init(speaker: .user, text: "hello")],
            tools: [tool], maximumTokens: 200)
    }

    private static func brain(_ port: Int, key: String? = nil) throws -> ChatBrain {
        var endpoint = ChatEndpoint(
            url: try #require(URL(string: "http://127.0.0.1:\(port)/v1")), model: "small", apiKey: key)
        endpoint.timeoutSeconds = 30
        return ChatBrain(endpoint: endpoint)
    }

    private static func pieces(_ brain: ChatBrain, _ request: AnswerRequest = request()) throws -> [AnswerPiece] {
        var pieces: [AnswerPiece] = []
        try brain.answer(request, isCancelled: { false }) { pieces.append($0) }
        return pieces
    }

    @Test func `speaks each sentence as soon as it has come`() throws {
        let server = try ChatServer([
            ChatServer.head + ": a comment\n\n" + ChatServer.chunk("Good mor"),
            ChatServer.chunk("ning. We have ro"), ChatServer.chunk("ses.") + "data: [DONE]\n\n",
        ])
        let brain = try Self.brain(server.port, key: "secret")
        let heard = Mutex<[AnswerPiece]>([])
        server.release(2)
        // Threads of its own: the test runner's few may all be busy with other tests.
        let spoke = DispatchSemaphore(value: 0), ended = DispatchSemaphore(value: 0)
        let thread = Thread {
            try? brain.answer(Self.request(), isCancelled: { false }) { piece in
                heard.withLock { $0.append(piece) }
                spoke.signal()
            }
            ended.signal()
        }
        thread.start()
        #expect(spoke.wait(timeout: .now() + 20) == .success)
        #expect(heard.withLock { $0 } == [.say("Good morning.")], "the rest has not been sent yet")
        server.release()
        #expect(ended.wait(timeout: .now() + 20) == .success)
        #expect(heard.withLock { $0 } == [.say("Good morning."), .say("We have roses.")])
        #expect(server.request.hasPrefix("POST /v1/chat/completions HTTP/1.1\r\n"))
        #expect(server.request.contains("Authorization: Bearer secret"))
        let body = try #require(server.request.components(separatedBy: "\r\n\r\n").last)
        let sent = try JSONReader.read(Array(body.utf8))
        #expect(sent["stream"] == true && sent["model"] == "small" && sent["max_completion_tokens"] == 200)
        #expect(sent["messages"]?.array?.map { $0["role"] } == ["system", "assistant", "user"])
        #expect(sent["messages"]?.array?.first?["content"]?.string?.hasPrefix("You sell flowers.") == true)
        #expect(sent["tools"]?.array?.first?["function"]?["name"] == "end_call")
    }

    @Test(arguments: [
        (
            "HTTP/1.1 401 No\r\nContent-Length: 31\r\n\r\n{\"error\":{\"message\":\"bad key!\"}}", "invalid_api_key",
            "HTTP 401"
        ),
        ("HTTP/1.1 429 No\r\nContent-Length: 0\r\n\r\n", "rate_limit_exceeded", "HTTP 429"),
        ("HTTP/1.1 302 Go\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", "server_error", "HTTP 302"),
        (ChatServer.head + "data: {\"error\":{\"message\":\"overloaded\"}}\n\n", "server_error", "overloaded"),
        (ChatServer.head + "data: {nonsense\n\n", "server_error", "no JSON"),
    ])
    func `says why there is no answer, and follows no redirect`(answer: String, code: String, says: String) throws {
        let server = try ChatServer([answer])
        server.release()
        let brain = try Self.brain(server.port, key: "secret")
        let error = #expect(throws: BrainError.self) { try Self.pieces(brain) }
        #expect(error?.code == code)
        #expect(error?.message.contains(says) == true, "\(error?.message ?? "")")
        #expect(error?.message.contains("secret") == false)
    }

    @Test func `says so when nobody is there`() throws {
        let server = try ChatServer([])
        server.release()
        let error = #expect(throws: BrainError.self) { try Self.pieces(try Self.brain(1)) }
        #expect(error?.code == "server_error")
    }

    @Test func `ends with the body when no one says done, and gives up at once when cancelled`() throws {
        let server = try ChatServer([ChatServer.head + ChatServer.chunk("Bye"), "never sent"])
        let brain = try Self.brain(server.port)
        let cancelled = Cancellation()
        cancelled.set()
        try brain.answer(Self.request(), isCancelled: { cancelled.isSet }) { _ in }
        let other = try ChatServer([ChatServer.head + ChatServer.chunk("Bye")])
        other.release()
        #expect(try Self.pieces(try Self.brain(other.port)) == [.say("Bye")])
        server.release(2)
    }

    @Test func `says exact words itself`() throws {
        #expect(
            try Self.pieces(try Self.brain(1), Self.request(.exactly("One. Two."))) == [.say("One."), .say("Two.")])
    }

    @Test func `reads the stream however it is cut`() {
        let stream =
            "event: x\r\ndata: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":null}}]}\r\n\r\n"
            + ChatServer.chunk("\u{5E9}\u{5DC}\u{5D5}\u{5DD} ") + ChatServer.chunk("x")
            + #"data: {"choices":[{"delta":{"tool_calls":[{"index":1,"id":"b","function":{"name":"second","arguments":""}},"#
            + #"{"index":0,"id":"a","function":{"name":"first","arguments":"{\"a\""}}]}}]}"# + "\n\n"
            + #"data: {"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":":1}"}}]}}]}"# + "\n\n"
            + "data: {\"choices\":[],\"usage\":{\"total_tokens\":3}}\n\ndata: [DONE]\n"
        let bytes = Array(stream.utf8)
        for size in [1, 2, 3, 50, bytes.count] {
            var parser = ChatStreamParser()
            var outputs: [ChatStreamParser.Output] = []
            for start in stride(from: 0, to: bytes.count, by: size) {
                outputs += parser.add(bytes[start..<min(start + size, bytes.count)])
            }
            #expect(outputs == [.text("\u{5E9}\u{5DC}\u{5D5}\u{5DD} "), .text("x"), .done])
            #expect(parser.functionCalls.map(\.name) == ["first", "second"])
            #expect(parser.functionCalls.map(\.arguments) == ["{\"a\":1}", "{}"])
        }
    }
}
