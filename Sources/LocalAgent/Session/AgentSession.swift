import AudioPipeline
import SpeechToText

/// One session of the Realtime protocol, server side, as a state machine: messages, results of work and the clock in,
/// effects out. It owns no socket, thread or clock.
///
/// - Bounded: 60 s of buffered input, 500 conversation items, five responses at a time, 240 s of speech per response.
final class AgentSession {
    struct Settings {
        var model = "local"
        var kind = SessionConfiguration.Kind.realtime
        /// Audio is sent this many times faster than it plays.
        var paceFactor = 5.0
        /// Length of one audio delta.
        var deltaMilliseconds = 200
        var startUnixSeconds = 0
        var seed: UInt64 = 0
        var maximumSeconds = 3_600
        /// There is such a model.
        var isKnownModel = true
        /// The client asked for the retired beta protocol.
        var asksForBeta = false
    }

    let settings: Settings
    var ids: IDSource
    let id: String
    let conversationID: String
    var configuration: SessionConfiguration
    var input: InputAudio
    /// Item of the speech under way.
    var speakingItem: (id: String, startMilliseconds: Int)?
    /// In order; the oldest go when there are too many.
    var items: [ConversationItem] = []
    var responses: [ActiveResponse] = []
    var hasSpoken = false
    /// Transcriptions under way: their items, and where in the audio they lie.
    var transcriptions: [Int: (item: String, startMilliseconds: Int, endMilliseconds: Int)] = [:]
    var lastWork = 0
    /// When a caller who says nothing is asked.
    var idleDeadline: UInt64?
    let expiry: UInt64
    var isClosed = false
    /// Nanoseconds, as of the event being handled.
    var now: UInt64
    private var effects: [AgentEffect] = []

    static let maximumItems = 500
    static let maximumAppendBytes = 15 << 20

    init(_ settings: Settings, at now: UInt64) {
        self.settings = settings
        self.now = now
        ids = IDSource(seed: settings.seed)
        id = ids.next("sess_")
        conversationID = ids.next("conv_")
        configuration = SessionConfiguration(kind: settings.kind, model: settings.model)
        input = InputAudio(
            format: configuration.inputFormat.audioFormat, detection: configuration.turnDetection, after: 0)
        expiry = now + UInt64(settings.maximumSeconds) * 1_000_000_000
    }

    /// What is to be done since the last time.
    func takeEffects() -> [AgentEffect] {
        defer { effects.removeAll(keepingCapacity: true) }
        return effects
    }

    /// When `tick` wants to be called next.
    var deadline: UInt64? {
        guard !isClosed else { return nil }
        return (responses.compactMap(\.due) + [idleDeadline, expiry].compactMap { $0 }).min()
    }

    /// The socket is open.
    func open() {
        if settings.asksForBeta {
            refuse(
                ClientFault(
                    "beta_api_shape_disabled",
                    "The beta shape of the Realtime API is not served; leave out the header OpenAI-Beta."), event: nil)
            close(code: 4000, reason: "beta_api_shape_disabled")
            return
        }
        guard settings.isKnownModel else {
            refuse(
                ClientFault(
                    "model_not_found", "The model `\(settings.model)` does not exist or you do not have access to it."),
                event: nil)
            return close(code: 4000, reason: "model_not_found")
        }
        send("session.created", ["session": sessionJSON])
        observe(.sessionOpened(model: settings.model))
    }

    /// One text message from the client.
    func receive(_ message: [UInt8], at time: UInt64) {
        guard !isClosed else { return }
        now = time
        let event: JSONValue
        do {
            event = try JSONReader.read(message)
        } catch {
            return refuse(
                ClientFault("invalid_json", "The message is no JSON: \(error.message), at byte \(error.position)."),
                event: nil)
        }
        let name = event["event_id"]?.string
        do throws(ClientFault) {
            try handle(ClientFields(event, path: ""))
        } catch {
            refuse(error, event: name)
        }
    }

    func receiveBinary(at time: UInt64) {
        guard !isClosed else { return }
        now = time
        refuse(ClientFault("invalid_message", "Binary messages are not part of the protocol."), event: nil)
    }

    /// A deadline has passed, or may have.
    func tick(at time: UInt64) {
        guard !isClosed else { return }
        now = time
        if now >= expiry {
            refuse(
                ClientFault(
                    "session_expired",
                    "Your session hit the maximum duration of \(maximumDuration)."), event: nil)
            close(code: 1001, reason: "session_expired")
            return
        }
        if let idle = idleDeadline, now >= idle {
            idleDeadline = nil
            callerIsIdle()
        }
        pumpAll()
    }

    private var maximumDuration: String {
        let seconds = settings.maximumSeconds
        return seconds % 60 == 0 ? "\(seconds / 60) minutes" : "\(seconds) seconds"
    }

    private func handle(_ event: ClientFields) throws(ClientFault) {
        _ = try event.string("event_id", maximumLength: 512)
        let type = try event.required("type")
        switch type {
        case "session.update": try updateSession(event)
        case "input_audio_buffer.append": try appendAudio(event)
        case "input_audio_buffer.commit": try commitAudio(event)
        case "input_audio_buffer.clear": try clearAudio(event)
        case "conversation.item.create": try createItem(event)
        case "conversation.item.retrieve": try retrieveItem(event)
        case "conversation.item.delete": try deleteItem(event)
        case "conversation.item.truncate": try truncateItem(event)
        case "response.create": try createResponse(event)
        case "response.cancel": try cancelResponse(event)
        default:
            throw .value(
                "type", type,
                supported: [
                    "session.update", "input_audio_buffer.append", "input_audio_buffer.commit",
                    "input_audio_buffer.clear", "conversation.item.create", "conversation.item.retrieve",
                    "conversation.item.delete", "conversation.item.truncate", "response.create", "response.cancel",
                ])
        }
    }

    private func updateSession(_ event: ClientFields) throws(ClientFault) {
        try event.allow("type", "event_id", "session")
        guard let fields = try event.fields("session") else { throw .missing("session") }
        var changed = configuration
        try changed.apply(fields)
        if hasSpoken, changed.voice != configuration.voice {
            throw ClientFault(
                "cannot_update_voice", "Cannot update a conversation's voice if assistant audio is present.",
                param: "session.audio.output.voice")
        }
        let hearsAnew =
            changed.inputFormat != configuration.inputFormat || changed.turnDetection != configuration.turnDetection
        configuration = changed
        if hearsAnew {
            speakingItem = nil
            input = InputAudio(
                format: changed.inputFormat.audioFormat, detection: changed.turnDetection, after: input.milliseconds)
        }
        if changed.turnDetection?.idleTimeoutMilliseconds == nil { idleDeadline = nil }
        send("session.updated", ["session": sessionJSON])
    }

    private var sessionJSON: JSONValue {
        configuration.json(id: id, expiresAt: settings.startUnixSeconds + settings.maximumSeconds)
    }

    // What every part of a session uses.

    func send(_ type: String, _ members: [String: JSONValue] = [:]) {
        var members = members
        members["type"] = .string(type)
        members["event_id"] = .string(ids.next("event_"))
        effects.append(.send(JSONValue.object(members).text))
    }

    func perform(_ effect: AgentEffect) { effects.append(effect) }
    func observe(_ kind: LocalAgentEvent.Kind) { effects.append(.observe(kind)) }

    func nextWork() -> Int {
        lastWork += 1
        return lastWork
    }

    /// - Parameter event: the client's own id for what went wrong.
    func refuse(_ fault: ClientFault, event: String?) {
        send(
            "error",
            [
                "error": [
                    "type": .string(fault.type), "code": JSONValue(optional: fault.code),
                    "message": .string(fault.message), "param": JSONValue(optional: fault.param),
                    "event_id": JSONValue(optional: event),
                ]
            ])
        observe(.refused(code: fault.code ?? "", message: fault.message))
    }

    func close(code: UInt16, reason: String) {
        isClosed = true
        for case .generating(let work) in responses.map(\.stage) { effects.append(.cancelWork(id: work)) }
        responses.removeAll()
        effects.append(.close(code: code, reason: reason))
    }
}
