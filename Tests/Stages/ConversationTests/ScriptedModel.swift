import Conversation

/// A model that keeps the Realtime protocol: one response at a time, audio faster than it plays, `done` after it.
struct ScriptedModel {
    enum Step {
        case event(ConversationEvent)
        case audio(response: WireID, item: WireID, samples: Int)
    }

    /// What the next response will be.
    struct Answer {
        var text = "This is a whole answer of a few plain words."
        var milliseconds = 2_000
        var delay: Int64 = 200
        var status = ResponseOutcome.Status.completed
        var errorCode = ""
        var usage = ModelUsage()
        var tools: [(call: WireID, name: String)] = []
        /// Never comes at all.
        var isLost = false
    }

    var delay: Int64 = 40
    /// Taken in order; then `usual`.
    var answers: [Answer] = []
    var usual = Answer()
    /// What `session.updated` says; nil: nothing comes.
    var echo: SessionEcho? = .good
    /// Refuses `session.update` this often, naming the event.
    var refusesConfigure = 0
    /// Closes instead of opening, this often.
    var refusesToOpen = 0
    var refusal = ModelClose.unreachable
    /// What becomes of opening it at one address of the chain, by the address's index; nil for one: it hangs.
    var brokenRoutes: [Int: ModelClose?] = [:]
    private(set) var routes: [Int] = []
    private(set) var isOpen = false
    private(set) var opens = 0
    private var steps: [(at: Int64, step: Step)] = []
    private var responses = 0
    private var items = 0
    private(set) var active: WireID?
    private var audioEnd: [WireID: Int64] = [:]
    private(set) var createsWhileActive = 0
    private(set) var beganByItself = false

    /// In order of time, and of scheduling within it.
    mutating func schedule(_ step: Step, at time: Int64) {
        var index = steps.count
        while index > 0, steps[index - 1].at > time { index -= 1 }
        steps.insert((time, step), at: index)
    }

    var nextAt: Int64? { steps.first?.at }

    mutating func next(at now: Int64) -> Step? {
        guard let due = steps.first?.at, due <= now else { return nil }
        let step = steps.removeFirst().step
        if case .event(.model(.responseDone(let outcome))) = step, outcome.response == active { active = nil }
        if case .event(.modelOpened) = step { isOpen = true }
        return step
    }

    mutating func open(_ route: ModelRoute = .preferred, at now: Int64) {
        opens += 1
        routes.append(route.index)
        if let broken = brokenRoutes[route.index] {
            if let broken { schedule(.event(.modelClosed(broken)), at: now + delay) }
            return
        }
        if refusesToOpen > 0 {
            refusesToOpen -= 1
            return schedule(.event(.modelClosed(refusal)), at: now + delay)
        }
        schedule(.event(.modelOpened), at: now + delay)
    }

    /// Our side closed it, or it dropped: nothing of it comes any more.
    mutating func close() {
        isOpen = false
        active = nil
        steps.removeAll { step in
            if case .event(.fallbackQueued) = step.step { false } else { true }
        }
    }

    mutating func receive(_ command: ModelCommand, at now: Int64) {
        switch command {
        case .configure:
            if refusesConfigure > 0 {
                refusesConfigure -= 1
                return say(.error(ModelError(code: "unknown_parameter", eventID: "configure-1")), at: now + delay)
            }
            if let echo { say(.sessionUpdated(echo), at: now + delay) }
        case .createResponse: answer(at: now)
        case .cancelResponse(let response):
            guard let active, response == nil || response == active else {
                return say(.error(ModelError(code: "response_cancel_not_active")), at: now + delay)
            }
            cancel(active, at: now)
        case .truncate(let item, let milliseconds):
            say(.truncated(item: item, audioEndMilliseconds: milliseconds), at: now + delay)
        case .deleteItem(let item): say(.deleted(item: item), at: now + delay)
        case .createText, .toolOutput, .commitInput, .clearInput: break
        }
    }

    /// No name of another session's is given again.
    mutating func continueNames(of other: ScriptedModel) {
        responses = max(responses, other.responses)
        items = max(items, other.items)
    }

    private mutating func say(_ event: ModelEvent, at time: Int64) { schedule(.event(.model(event)), at: time) }

    var decidesTurns: Bool { echo == .answersItself }

    /// What a server does with `create_response` and `interrupt_response` on.
    mutating func decideTurn(_ event: ConversationEvent, at now: Int64) {
        switch event {
        case .model(.speechStarted): if let active { cancel(active, reason: "turn_detected", at: now) }
        case .model(.committed): answerUnasked(at: now)
        default: break
        }
    }

    /// A response that nobody asked for (S44).
    mutating func answerUnasked(at now: Int64) {
        guard isOpen, active == nil else { return }
        answer(at: now)
        beganByItself = active != nil
    }

    private mutating func answer(at now: Int64) {
        guard active == nil else {
            if !beganByItself { createsWhileActive += 1 }
            return say(.error(ModelError(code: "conversation_already_has_active_response")), at: now + delay)
        }
        beganByItself = false
        let answer = answers.isEmpty ? usual : answers.removeFirst()
        if answer.isLost { return }
        responses += 1
        let response = WireID("resp_\(responses)")!
        active = response
        var time = now + delay
        say(.responseCreated(response: response), at: time)
        time += answer.delay
        if answer.milliseconds > 0, answer.status == .completed || answer.status == .incomplete {
            items += 1
            let item = WireID("item_a\(items)")!
            let words = answer.text.split(separator: " ", omittingEmptySubsequences: false)
            let chunks = max(1, answer.milliseconds / 200)
            var spoken = 0
            for chunk in 0..<chunks {
                let upTo = words.count * (chunk + 1) / chunks
                if upTo > spoken {
                    let text = words[spoken..<upTo].joined(separator: " ") + (upTo < words.count ? " " : "")
                    say(.outputTranscriptDelta(response: response, item: item, text: text), at: time)
                    spoken = upTo
                }
                schedule(.audio(response: response, item: item, samples: 1_600), at: time)
                time += 20  // Ten times faster than it plays.
            }
            say(.outputAudioDone(response: response, item: item), at: time)
            say(.outputTranscriptDone(response: response, item: item, text: answer.text), at: time)
        }
        for tool in answer.tools {
            let call = ToolCall(
                response: response, item: "item_tool", call: tool.call, name: tool.name, arguments: "{}")
            say(.toolCall(call), at: time)
        }
        say(
            .responseDone(
                ResponseOutcome(
                    response: response, status: answer.status, errorCode: answer.errorCode, usage: answer.usage)),
            at: time + 20)
    }

    /// Deltas of a cancelled response go on for a while, as they do at the provider (S32).
    private mutating func cancel(_ response: WireID, reason: String = "client_cancelled", at now: Int64) {
        steps.removeAll { step in
            if case .event(.model(.responseDone(let outcome))) = step.step { return outcome.response == response }
            if case .event(.model(.toolCall(let call))) = step.step { return call.response == response }
            return step.at > now + 500 && Self.isOf(response, step.step)
        }
        say(
            .responseDone(ResponseOutcome(response: response, status: .cancelled, reason: reason)),
            at: now + delay)
    }

    private static func isOf(_ response: WireID, _ step: Step) -> Bool {
        switch step {
        case .audio(let owner, _, _): owner == response
        case .event(.model(.outputTranscriptDelta(let owner, _, _))): owner == response
        case .event(.model(.outputTranscriptDone(let owner, _, _))): owner == response
        case .event(.model(.outputAudioDone(let owner, _))): owner == response
        default: false
        }
    }
}

extension SessionEcho {
    static let good = SessionEcho(
        inputFormat: "audio/pcmu", outputFormat: "audio/pcmu", turnDetection: "server_vad", createResponse: false,
        interruptResponse: false)
    static let answersItself = SessionEcho(
        inputFormat: "audio/pcmu", outputFormat: "audio/pcmu", turnDetection: "semantic_vad", createResponse: true,
        interruptResponse: true)
}

extension CallRig {
    /// Starts the call and runs until the greeting was heard.
    func startAndGreet() {
        give(.carrierStarted(stream: "MZ1"))
        run(until: 4_000)
    }

    /// The caller says something that both the local detector and the model hear whole.
    func speak(_ item: WireID, text: String? = nil, milliseconds: Int64 = 1_000) {
        give(.voice(.onset(startedMillisecondsAgo: 60)))
        run(for: 100)
        give(.speechStarted(item: item, audioStartMilliseconds: 0))
        run(for: 140)
        give(.voice(.sustained))
        run(for: max(20, milliseconds - 240))
        give(.voice(.offset(endedMillisecondsAgo: 200)))
        run(for: 300)
        give(.speechStopped(item: item, audioEndMilliseconds: 0))
        give(.committed(item: item, previous: nil))
        if let text { give(.inputTranscript(item: item, .final(text))) }
    }
}
