import AudioPipeline
import CallJournal
import Conversation
import RealtimeBridge
import Telemetry
import Transport

/// One session with a model: its socket, read and written. A reconnect brings a new link. Shard thread only.
final class ModelLink: WebSocketHandler {
    private(set) var socket: WebSocket?
    private let shard: Shard
    /// Until it is over, or the call has given this session up.
    private var call: Call?
    /// Of commands; audio is written by the shard's.
    private var writer: OpenAIRealtimeWriter
    private var kinds = KindTally()
    /// Each code of an error is logged once per session.
    private var errors = KindTally()
    private(set) var isPaused = false

    init(_ call: Call, shard: Shard) {
        (self.call, self.shard) = (call, shard)
        writer = OpenAIRealtimeWriter(maximumAudioBytes: 0)
    }

    /// A session for a call whose stream has not come: configured as soon as it is open, and then silent.
    init(warmingUpWith prompt: SessionPrompt, options: ModelSessionOptions, shard: Shard) {
        self.shard = shard
        writer = OpenAIRealtimeWriter(maximumAudioBytes: 0)
        warmth = Warmth(prompt: prompt, options: options)
    }

    private struct Warmth {
        let prompt: SessionPrompt
        let options: ModelSessionOptions
        var isOpen = false
        var isRefused = false
        /// What is in force; the call checks it (R3).
        var echo: ModelEvent?
    }
    private var warmth: Warmth?

    /// It is being opened, or is open and was not refused.
    var isUsable: Bool { socket != nil && warmth?.isRefused != true }

    /// The stream has come: what happened so far happens to the call now.
    func adopt(by call: Call, at now: UInt64) {
        self.call = call
        if warmth?.isOpen == true { call.happen(.modelOpened, at: now) } else { warmth = nil }
    }

    /// Nobody is there to hear it yet.
    private func whileWarming(_ message: ModelMessage) {
        switch message {
        case .event(.sessionUpdated(let echo)): warmth?.echo = .sessionUpdated(echo)
        case .event(.error): warmth?.isRefused = true
        default: break
        }
    }

    /// - Throws: when the address can never work, which `config check` would have said.
    func connect(to endpoint: ModelEndpoint, options: WebSocketOptions) throws(TransportError) {
        socket = try WebSocket.connect(
            to: endpoint.url, headers: endpoint.headers, options: options, on: shard.loop, handler: self)
    }

    private enum Place { case inUse, standby }

    /// Nil for a link that its call has given up: whatever it still says changes nothing.
    private func place(in call: Call) -> Place? {
        if call.model === self { return .inUse }
        return call.standby === self ? .standby : nil
    }

    // MARK: The model speaks

    func webSocketDidOpen(_ socket: WebSocket) {
        if call == nil, let warmth {
            shard.counters.add(.modelConnects)
            self.warmth?.isOpen = true
            let update = writer.message(
                for: .configure(optionalFields: true), prompt: warmth.prompt, options: warmth.options)
            socket.sendText(update.span)
            return
        }
        guard let call, let place = place(in: call) else { return }
        shard.counters.add(.modelConnects)
        call.happen(place == .standby ? .standby(.opened) : .modelOpened, at: EventLoop.now)
    }

    func webSocket(_ socket: WebSocket, didReceive message: Span<UInt8>, isText: Bool) {
        if call == nil, warmth != nil { return whileWarming(shard.modelParser.parse(message, isText: isText)) }
        guard let call, let place = place(in: call) else { return }
        let now = EventLoop.now
        switch shard.modelParser.parse(message, isText: isText) {
        case .audio(let audio):
            guard place == .inUse else { return }  // Nothing was asked of a standby yet.
            switch call.conversation.admit(response: audio.response, item: audio.item, at: call.instant(now)) {
            case .play(let item): shard.modelParser.withAudio { call.play($0, of: audio, as: item, at: now) }
            case .drop: call.letGo(bytes: audio.byteCount)
            }
        case .event(let event):
            if case .error(let error) = event, errors.isNew(error.code) { shard.service.modelRefused(call, error) }
            let event = shard.service.withRemainingTime(event)
            if place == .standby { return call.happen(.standby(.model(event)), at: now) }
            // Read before the conversation reacts: what it sends may be parsed by nobody, but its answer may.
            let usage = shard.modelParser.transcriptionUsage
            call.modelSaid(event, at: now)
            if let usage { call.modelSaid(.transcriptionUsed(usage), at: now) }
        case .ignored(kind: "response.mcp_call.failed"): shard.service.toolRunner.counters.add(.remoteToolFailed)
        case .ignored(kind: "mcp_list_tools.failed"): shard.service.toolRunner.counters.add(.remoteListFailed)
        case .ignored: break
        case .unknown(let type):
            if kinds.isNew(type) { shard.counters.add(.modelUnknown) }
        case .malformed:
            shard.counters.add(.modelMalformed)
            shard.diagnose(.modelMalformed, call, at: now)
        }
    }

    func webSocketDidDrain(_ socket: WebSocket) {}

    func webSocketDidClose(_ socket: WebSocket, _ close: WebSocketClose) {
        self.socket = nil
        defer { call = nil }
        if call == nil, warmth != nil { return shard.warmClosed(self) }
        guard let call, let place = place(in: call) else { return }
        switch place {
        case .inUse: call.model = nil
        case .standby: call.standby = nil
        }
        shard.counters.add(.modelLost)
        shard.diagnose(.modelLost, call, at: EventLoop.now)
        shard.service.modelClosed(call, close)
        let cause: ModelClose =
            switch close.cause {
            case .upgradeRefused: .refused(httpStatus: close.httpStatus ?? 0)
            case .nameNotFound, .connectionRefused, .tlsFailed: .unreachable
            case .connectTimeout, .pingDeadline, .idleDeadline, .writeDeadline: .timedOut
            case .protocolViolation, .messageTooLarge: .protocolViolation
            default: .closed(code: Int(close.code ?? 1006))
            }
        call.happen(place == .standby ? .standby(.closed(cause)) : .modelClosed(cause), at: EventLoop.now)
    }

    // MARK: We speak

    /// Room for one more message of audio, so that nothing is taken out of a queue in vain.
    func hasRoom(for bytes: Int) -> Bool {
        guard let socket else { return false }
        return socket.queuedBytes + bytes * 2 < shard.modelQueueBytes
    }

    /// The caller's audio, in the model's format.
    func append(_ audio: Span<UInt8>) -> Bool {
        guard let socket else { return false }
        return shard.modelAudio.sendAudio(audio) { socket.sendText($0) }
    }

    func send(_ command: ModelCommand, prompt: SessionPrompt, options: ModelSessionOptions) -> Bool {
        guard let socket else { return false }
        if let warmth, case .configure = command {  // It was asked already; one session.update is enough.
            self.warmth = nil
            if let echo = warmth.echo { call?.happen(.model(shard.service.withRemainingTime(echo)), at: EventLoop.now) }
            return true
        }
        return socket.sendText(writer.message(for: command, prompt: prompt, options: options).span)
    }

    /// Playout is full (or has room again): the provider waits (R2).
    func pauseReading() {
        guard !isPaused, let socket else { return }
        isPaused = true
        shard.counters.add(.modelPaused)
        shard.diagnose(.modelPaused, call, at: EventLoop.now)
        socket.pauseReading()
    }

    func resumeReading() {
        guard isPaused, let socket else { return }
        isPaused = false
        socket.resumeReading()
    }

    func close() {
        call = nil
        socket?.close(code: 1000, reason: "")
    }
}
