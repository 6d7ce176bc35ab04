import Transport

/// As vosk-server's `asr_server.py` behaves: configuration before the first sound only, one answer for each message of
/// sound, the end compared by the letter, and any other text taken for sound.
public final class ScriptedVosk: ScriptedRecognizerServer, @unchecked Sendable {
    public override init(texts: [String], habit: Habit = .good) throws { try super.init(texts: texts, habit: habit) }

    public var url: String { "ws://127.0.0.1:\(port)" }

    override func talk(_ number: Int) -> any WebSocketHandler { VoskTalk(self, number) }
}

private final class VoskTalk: WebSocketHandler {
    private let server: ScriptedVosk
    private let number: Int
    private var ear = ScriptedEar()
    private var said = 0
    private var messages = 0

    init(_ server: ScriptedVosk, _ number: Int) { (self.server, self.number) = (server, number) }

    func webSocketDidOpen(_ socket: WebSocket) {}

    func webSocket(_ socket: WebSocket, didReceive message: Span<UInt8>, isText: Bool) {
        var bytes: [UInt8] = []
        for index in message.indices { bytes.append(message[index]) }
        if isText {
            let text = String(decoding: bytes, as: UTF8.self)
            server.change(number) { $0.texts.append(text) }
            if text.contains("config"), messages == 0 { return }
            if text == #"{"eof" : 1}"# {
                if server.habit == .mute { return }
                socket.sendText(answer(ear.finish()))
                return socket.close()
            }
        }
        messages += 1
        server.change(number) {
            $0.soundMessages += 1
            $0.soundBytes += bytes.count
        }
        switch server.habit {
        case .mute: return
        case .nonsense: return _ = socket.sendText("good morning")
        case .hangsUp(let after) where messages > after: return socket.abort()
        default: break
        }
        let sound = stride(from: 0, to: bytes.count - 1, by: 2).map {
            Int16(bitPattern: UInt16(bytes[$0]) | UInt16(bytes[$0 + 1]) << 8)
        }
        socket.sendText(answer(ear.hear(sound)))
    }

    private func answer(_ news: ScriptedEar.News) -> String {
        let script = said < server.texts.count ? server.texts[said] : ""
        switch news {
        case .none: return #"{"partial" : ""}"#
        case .speaking:
            return #"{"partial" : "\#(script.split(separator: " ").first ?? "")"}"#
        case .ended(let from, let to):
            said += 1
            let words = script.split(separator: " ")
            guard !words.isEmpty else { return #"{"text" : ""}"# }
            let isLying = server.habit == .lying
            let length = Double(to - from) / 1_000 / Double(words.count)
            let list = words.enumerated().map { place, word in
                let start = Double(from) / 1_000 + Double(place) * length
                let conf = isLying ? 7 : 0.9
                return
                    #"{"conf" : \#(conf), "end" : \#(start + length + (isLying ? 4_000 : 0)), "start" : \#(start), "word" : "\#(word)"}"#
            }
            return #"{"result" : [\#(list.joined(separator: ", "))], "text" : "\#(script)"}"#
        }
    }

    func webSocketDidDrain(_ socket: WebSocket) {}
    func webSocketDidClose(_ socket: WebSocket, _ close: WebSocketClose) { server.change(number) { $0.isOver = true } }
}
