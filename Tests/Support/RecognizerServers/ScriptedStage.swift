import Transport

/// A server of one's own as docs/PLUGINS.md describes it: messages of twelve bytes and their content come in, lines go out;
/// one connection carries all calls.
public final class ScriptedStage: ScriptedRecognizerServer, @unchecked Sendable {
    public override init(texts: [String], habit: Habit = .good) throws { try super.init(texts: texts, habit: habit) }

    public var url: String { "ws://127.0.0.1:\(port)/words" }

    override func talk(_ number: Int) -> any WebSocketHandler { StageTalk(self, number) }
}

private final class StageTalk: WebSocketHandler {
    private let server: ScriptedStage
    private let number: Int
    private var ears: [Int: (ear: ScriptedEar, said: Int)] = [:]
    private var messages = 0

    init(_ server: ScriptedStage, _ number: Int) { (self.server, self.number) = (server, number) }

    func webSocketDidOpen(_ socket: WebSocket) {
        socket.sendText(#"{"role":"stt","version":1,"sampleRateHz":8000,"streaming":true}"#)
    }

    func webSocket(_ socket: WebSocket, didReceive message: Span<UInt8>, isText: Bool) {
        func word(_ place: Int) -> Int { (0..<4).reduce(0) { $0 | Int(message[place + $1]) << (8 * $1) } }
        guard !isText, message.count >= 12, message.count == 12 + word(8) else { return socket.abort() }
        let call = word(0)
        switch word(4) {
        case 0, 2: ears[call] = (ScriptedEar(), 0)
        case 1:
            messages += 1
            server.change(number) {
                $0.soundMessages += 1
                $0.soundBytes += message.count - 12
            }
            if case .hangsUp(let after) = server.habit, messages > after { return socket.abort() }
            let sound = stride(from: 12, to: message.count - 1, by: 2).map {
                Int16(bitPattern: UInt16(message[$0]) | UInt16(message[$0 + 1]) << 8)
            }
            tell(ears[call]?.ear.hear(sound) ?? .none, call, socket)
        case 3:
            tell(ears[call]?.ear.finish() ?? .none, call, socket)
            ears[call] = nil
            socket.sendText(#"{"call":\#(call),"done":true}"#)
        default: break
        }
    }

    private func tell(_ news: ScriptedEar.News, _ call: Int, _ socket: WebSocket) {
        guard case .ended(let from, let to) = news, let said = ears[call]?.said, said < server.texts.count else {
            return
        }
        ears[call]?.said += 1
        socket.sendText(
            #"{"call":\#(call),"final":"\#(server.texts[said])","confidence":0.9,"start":\#(from),"end":\#(to)}"#)
    }

    func webSocketDidDrain(_ socket: WebSocket) {}
    func webSocketDidClose(_ socket: WebSocket, _ close: WebSocketClose) { server.change(number) { $0.isOver = true } }
}
