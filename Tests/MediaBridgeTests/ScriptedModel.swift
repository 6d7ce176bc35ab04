import Foundation
import Synchronization
import Transport

/// A model on a real socket that does what a test says: just enough of the OpenAI Realtime protocol.
final class ScriptedModel: HTTPService, Sendable {
    struct Plan: Sendable {
        enum Echo: Sendable {
            case atOnce, never
            /// Confirms another audio format than the one that was asked for.
            case anotherFormat
            /// Answers this many `session.update` with an error, then confirms.
            case refusing(Int)
        }
        /// HTTP status of the upgrade, instead of 101.
        var refusal: Int?
        var echo = Echo.atOnce
        /// `expires_at` of the first session's confirmation, from now.
        var expiresInSeconds: Int?
        /// How long the confirmation takes.
        var confirmAfterMilliseconds = 0
        /// What each response says, in the session's format; nil answers nothing by itself.
        var speech: [UInt8]? = ScriptedModel.hum(milliseconds: 400)
    }

    let plan: Plan
    let loop: EventLoop
    private let opened = Mutex<[ModelSession]>([])
    private let knocks = Mutex(0)
    private let listener: Mutex<Listener?> = Mutex(nil)

    init(_ plan: Plan) throws {
        self.plan = plan
        loop = try EventLoop(name: "model")
        loop.start()
        let listener = try Listener(ListenerOptions(), loops: [loop], service: self)
        self.listener.withLock { $0 = listener }
    }

    var url: String { "ws://127.0.0.1:\(listener.withLock { $0?.port ?? 0 })/v1/realtime" }
    var sessions: [ModelSession] { opened.withLock { $0 } }
    /// Upgrades asked for, refused ones included.
    var attempts: Int { knocks.withLock { $0 } }

    func stop() {
        listener.withLock { listener in
            listener?.close()
            listener = nil
        }
        loop.stop()
    }

    func handle(_ request: HTTPRequest, _ exchange: any HTTPExchange) { exchange.respond(.text(404, "no\n")) }

    func upgrade(_ request: HTTPRequest, on loop: EventLoop) -> UpgradeDecision {
        knocks.withLock { $0 += 1 }
        if let status = plan.refusal { return .refuse(.text(status, #"{"error":{"code":"invalid_api_key"}}"#)) }
        var plan = plan
        if !sessions.isEmpty { plan.expiresInSeconds = nil }
        let session = ModelSession(plan: plan, loop: loop)
        opened.withLock { $0.append(session) }
        var options = WebSocketOptions()
        options.maximumMessageBytes = 1 << 20
        options.sendQueueBytes = 32 << 20
        return .accept(session, options)
    }

    /// A loud 400 Hz tone in mu-law.
    static func hum(milliseconds: Int) -> [UInt8] {
        var frames: [UInt8] = []
        for _ in 0..<milliseconds / 20 { frames += CarrierSamples.speech }
        return frames
    }
}

/// One session of a `ScriptedModel`.
final class ModelSession: WebSocketHandler, @unchecked Sendable {
    // Sendable: `socket` is the loop's alone; the rest lies behind the mutex.
    struct Message: Sendable {
        var type: String
        var text: String
    }
    private struct State {
        var messages: [Message] = []
        /// How many of `messages` the plan has answered; a test sees no others, or it could speak before the answer.
        var answered = 0
        var audio: [UInt8] = []
        var close: WebSocketClose?
        var responses = 0
        var updates = 0
    }

    private let plan: ScriptedModel.Plan
    private let loop: EventLoop
    private let state = Mutex(State())
    private var socket: WebSocket?
    private var timer: LoopTimer?

    init(plan: ScriptedModel.Plan, loop: EventLoop) { (self.plan, self.loop) = (plan, loop) }

    /// The caller's audio, all of it, in order.
    var audio: [UInt8] { state.withLock { $0.audio } }
    var close: WebSocketClose? { state.withLock { $0.close } }
    /// Everything but audio that the plan has answered.
    var messages: [Message] { state.withLock { Array($0.messages.prefix($0.answered)) } }
    func count(_ type: String) -> Int { messages.count { $0.type == type } }

    // MARK: What a test makes it say

    func send(_ text: String) { loop.submit { [self] in socket?.sendText(text) } }
    func sendBinary(_ bytes: [UInt8]) { loop.submit { [self] in socket?.sendBinary(bytes.span) } }

    /// Confirms the newest `session.update` as it was asked for.
    func confirm() {
        guard let update = state.withLock({ $0.messages }).last(where: { $0.type == "session.update" }) else { return }
        var text = update.text.replacing(
            #""type":"session.update""#, with: #""type":"session.updated""#, maxReplacements: 1)
        if let seconds = plan.expiresInSeconds {
            let expiry = Int(Date().timeIntervalSince1970) + seconds
            text = text.replacing(#""session":{"#, with: #""session":{"expires_at":\#(expiry),"#, maxReplacements: 1)
        }
        send(text)
    }

    /// One whole response; `completes` false leaves it open.
    func speak(_ audio: [UInt8], text: String = "Hm.", completes: Bool = true) {
        let number = state.withLock { state in
            state.responses += 1
            return state.responses
        }
        let ids = #""response_id":"resp_\#(number)","item_id":"item_\#(number)","output_index":0,"content_index":0"#
        send(#"{"type":"response.created","response":{"id":"resp_\#(number)","status":"in_progress"}}"#)
        send(#"{"type":"response.output_audio_transcript.delta",\#(ids),"delta":"\#(text)"}"#)
        for start in stride(from: 0, to: audio.count, by: 1_600) {
            let delta = Data(audio[start..<min(start + 1_600, audio.count)]).base64EncodedString()
            send(#"{"type":"response.output_audio.delta",\#(ids),"delta":"\#(delta)"}"#)
        }
        guard completes else { return }
        send(#"{"type":"response.output_audio.done",\#(ids)}"#)
        send(#"{"type":"response.output_audio_transcript.done",\#(ids),"transcript":"\#(text)"}"#)
        send(#"{"type":"response.done","response":{"id":"resp_\#(number)","status":"completed"}}"#)
    }

    /// The beginning of a response of its own; `goOn` says the rest.
    func begin(_ audio: [UInt8]) { speak(audio, completes: false) }

    /// One more delta of the last response.
    func more(_ audio: [UInt8]) {
        let delta = Data(audio).base64EncodedString()
        send(#"{"type":"response.output_audio.delta",\#(lastIDs),"delta":"\#(delta)"}"#)
    }

    private var lastIDs: String {
        let number = state.withLock { $0.responses }
        return #""response_id":"resp_\#(number)","item_id":"item_\#(number)","output_index":0,"content_index":0"#
    }

    /// More of the last response, to its end.
    func goOn(_ audio: [UInt8]) {
        more(audio)
        let (number, ids) = (state.withLock { $0.responses }, lastIDs)
        send(#"{"type":"response.output_audio.done",\#(ids)}"#)
        send(#"{"type":"response.done","response":{"id":"resp_\#(number)","status":"completed"}}"#)
    }

    // MARK: The bridge speaks

    func webSocketDidOpen(_ socket: WebSocket) {
        self.socket = socket
        send(#"{"type":"session.created","session":{"id":"sess_1"}}"#)
    }

    func webSocket(_ socket: WebSocket, didReceive message: Span<UInt8>, isText: Bool) {
        let text = unsafe message.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
        guard let object = try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any],
            let type = object["type"] as? String
        else {
            return state.withLock { state in
                state.messages.append(.init(type: "not JSON", text: text))
                state.answered = state.messages.count
            }
        }
        if type == "input_audio_buffer.append" {
            let audio = (object["audio"] as? String).flatMap { Data(base64Encoded: $0) } ?? Data()
            return state.withLock { $0.audio += audio }
        }
        state.withLock { $0.messages.append(.init(type: type, text: text)) }
        switch type {
        case "session.update": answerUpdate(object["event_id"] as? String ?? "")
        case "response.create": if let speech = plan.speech { speak(speech) }
        default: break
        }
        state.withLock { $0.answered = $0.messages.count }
    }

    private func answerUpdate(_ event: String) {
        let number = state.withLock { state in
            state.updates += 1
            return state.updates
        }
        switch plan.echo {
        case .atOnce where plan.confirmAfterMilliseconds > 0:
            timer = try? loop.makeTimer { [unowned self] _ in confirm() }
            timer?.schedule(at: EventLoop.now + UInt64(plan.confirmAfterMilliseconds) * 1_000_000)
        case .atOnce: confirm()
        case .never: break
        case .anotherFormat:
            guard let update = state.withLock({ $0.messages.last }) else { return }
            send(
                update.text.replacing("session.update", with: "session.updated", maxReplacements: 1)
                    .replacing("audio/pcmu", with: "audio/pcma"))
        case .refusing(let times) where number <= times:
            send(
                """
                {"type":"error","error":{"type":"invalid_request_error","code":"unknown_parameter",\
                "message":"no such field","param":"session.speed","event_id":"\(event)"}}
                """)
        case .refusing: confirm()
        }
    }

    func webSocketDidDrain(_ socket: WebSocket) {}

    func webSocketDidClose(_ socket: WebSocket, _ close: WebSocketClose) {
        self.socket = nil
        state.withLock { $0.close = close }
    }
}
