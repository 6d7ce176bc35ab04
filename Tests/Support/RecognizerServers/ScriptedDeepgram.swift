import AudioPipeline
import Foundation
import MulawCodec
import Synchronization
public import Transport

/// As Deepgram's live interface behaves: refuses without a key or a format, interim results replace each other, final
/// ones are pieces of an utterance, and `CloseStream` is answered by what is left, `Metadata` and the end.
public final class ScriptedDeepgram: ScriptedRecognizerServer, @unchecked Sendable {
    private let apiKey: String

    public init(texts: [String], apiKey: String, habit: Habit = .good) throws {
        self.apiKey = apiKey
        try super.init(texts: texts, habit: habit)
    }

    public var url: String { "ws://127.0.0.1:\(port)/v1/listen" }

    public override func upgrade(_ request: HTTPRequest, on loop: EventLoop) -> UpgradeDecision {
        guard request.headers["authorization"] == "Token \(apiKey)" else { return .refuse(.text(401, "{}")) }
        let query = request.query.split(separator: "&")
        guard query.contains("encoding=mulaw"), query.contains("sample_rate=8000") else {
            return .refuse(.text(400, "{}"))
        }
        return super.upgrade(request, on: loop)
    }

    override func talk(_ number: Int) -> any WebSocketHandler { DeepgramTalk(self, number) }
}

private final class DeepgramTalk: WebSocketHandler {
    private let server: ScriptedDeepgram
    private let number: Int
    private var ear = ScriptedEar()
    private var said = 0
    private var messages = 0

    init(_ server: ScriptedDeepgram, _ number: Int) { (self.server, self.number) = (server, number) }

    func webSocketDidOpen(_ socket: WebSocket) {}

    func webSocket(_ socket: WebSocket, didReceive message: Span<UInt8>, isText: Bool) {
        var bytes: [UInt8] = []
        for index in message.indices { bytes.append(message[index]) }
        if isText { return control(String(decoding: bytes, as: UTF8.self), socket) }
        messages += 1
        server.change(number) {
            $0.soundMessages += 1
            $0.soundBytes += bytes.count
        }
        guard !bytes.isEmpty else { return socket.close() }
        switch server.habit {
        case .mute: return
        case .nonsense: return _ = socket.sendText("good morning")
        case .hangsUp(let after) where messages > after: return socket.abort()
        default: break
        }
        var sound = [Int16](repeating: 0, count: bytes.count)
        var decoder = MulawDecoder()
        var room = sound.mutableSpan
        _ = decoder.process(bytes.span, into: &room)
        tell(ear.hear(sound), isClosing: false, socket)
    }

    private func control(_ text: String, _ socket: WebSocket) {
        server.change(number) { $0.texts.append(text) }
        switch text {
        case #"{"type":"KeepAlive"}"#: break
        case #"{"type":"CloseStream"}"#:
            if server.habit == .mute { return }
            tell(ear.finish(), isClosing: true, socket)
            socket.sendText(
                #"{"type":"Metadata","request_id":"r","duration":\#(Double(ear.samples) / 8_000),"channels":1}"#)
            socket.close()
        default:
            socket.sendText(#"{"type":"Error","description":"unknown message","code":"DATA-0000"}"#)
            socket.close()
        }
    }

    private func tell(_ news: ScriptedEar.News, isClosing: Bool, _ socket: WebSocket) {
        let script = (said < server.texts.count ? server.texts[said] : "").split(separator: " ").map(String.init)
        switch news {
        // Silence has results, too.
        case .none: socket.sendText(results([], from: 0, to: 0, isFinal: true))
        case .speaking: socket.sendText(results(Array(script.prefix(1)), from: 0, to: 100, isFinal: false))
        case .ended(let from, let to):
            said += 1
            let half = script.count / 2, middle = (from + to) / 2
            socket.sendText(results(Array(script.prefix(half)), from: from, to: middle, isFinal: true))
            let rest = Array(script.dropFirst(half))
            socket.sendText(
                results(rest, from: middle, to: to, isFinal: true, isSpeechFinal: !isClosing, isFlushed: isClosing))
            // Late, and of the same utterance.
            if !isClosing {
                socket.sendText(#"{"type":"UtteranceEnd","channel":[0,1],"last_word_end":\#(Double(to) / 1_000)}"#)
            }
        }
    }

    private func results(
        _ words: [String], from: Int, to: Int, isFinal: Bool, isSpeechFinal: Bool = false, isFlushed: Bool = false
    ) -> String {
        let shift = server.habit == .lying ? 4_000.0 : 0
        let length = Double(to - from) / 1_000 / Double(max(1, words.count))
        let list = words.enumerated().map { place, word in
            let start = Double(from) / 1_000 + Double(place) * length
            return
                #"{"word":"\#(word.lowercased())","punctuated_word":"\#(word)","start":\#(start),"end":\#(start + length + shift),"confidence":0.8}"#
        }
        return """
            {"type":"Results","channel_index":[0,1],"start":\(Double(from) / 1_000),\
            "duration":\(Double(to - from) / 1_000),"is_final":\(isFinal),"speech_final":\(isSpeechFinal),\
            \(isFlushed ? #""from_finalize":true,"# : "")"channel":{"alternatives":[{"transcript":\
            "\(words.joined(separator: " "))","confidence":\(words.isEmpty ? 0 : 0.8),"words":\
            [\(list.joined(separator: ","))]}]},"metadata":{"request_id":"r"}}
            """
    }

    func webSocketDidDrain(_ socket: WebSocket) {}
    func webSocketDidClose(_ socket: WebSocket, _ close: WebSocketClose) { server.change(number) { $0.isOver = true } }
}
