import Conversation

/// The rules of the design that one call can break, and the truth that they are judged by. `broken` must stay empty.
///
/// R2, R6 and R7 are judged by what the carrier, the queue and the model know, not by what the conversation believes.
struct RuleBook {
    /// Without a sound of either side for this long, beyond the silence that policy allows, the air is dead.
    static let deadAirMilliseconds: Int64 = 60_000
    /// An action list that is fuller than this is close to its end (R14).
    static let mostActions = 48

    private let policy: ConversationPolicy
    private let greeting: String
    private(set) var broken: [String] = []
    /// How often a rule was asked after.
    private(set) var checks = 0

    private var isConfirmed = false
    private var isStandbyConfirmed = false
    private var greetings = 0
    private(set) var hangUps: [HangUpReason] = []
    private var endings = 0
    private var cancelled = NumberSet()
    private var ranTools = NumberSet()
    private var answeredTools = NumberSet()
    private var clearedUpTo: UInt32 = 0
    private var newestItem: UInt32 = 0
    private var stateBefore = ConversationState.waiting
    private var lastSign: Int64 = 0
    private var isOver = false

    init(policy: ConversationPolicy, greeting: String) { (self.policy, self.greeting) = (policy, greeting) }

    @inline(__always)
    private mutating func check(_ holds: Bool, _ rule: @autoclosure () -> String) {
        checks += 1
        if !holds { fail(rule()) }
    }

    @inline(never)
    mutating func fail(_ rule: String) { if broken.count < 3 { broken.append(rule) } }

    /// Something was to be heard from either side until `instant`.
    mutating func sign(until instant: Int64) { lastSign = max(lastSign, instant) }

    // MARK: Around one event

    /// - Parameter isAccepted: the event is a `session.updated` that says what was ordered.
    mutating func before(_ event: borrowing ConversationEvent, isAccepted: Bool, state: ConversationState) {
        stateBefore = state
        switch event {
        case .model(.sessionUpdated): if isAccepted { isConfirmed = true }
        case .standby(.model(.sessionUpdated)): if isAccepted { isStandbyConfirmed = true }
        case .modelClosed: isConfirmed = false
        case .standby(.closed): isStandbyConfirmed = false
        default: break
        }
    }

    mutating func saw(
        _ action: borrowing ConversationAction, at now: Int64, _ conversation: borrowing Conversation,
        _ carrier: borrowing SimulatedCarrier,
        _ model: borrowing SimulatedModel, queuedBytes: Int
    ) {
        switch action {
        case .openUplink: check(isConfirmed, "R3 the uplink was opened before a valid session.updated")
        case .openModel: isConfirmed = false
        case .openStandby: isStandbyConfirmed = false
        case .switchToStandby:
            check(isStandbyConfirmed, "R3 switched to a session that was not confirmed")
            (isConfirmed, isStandbyConfirmed) = (isStandbyConfirmed, false)
        case .clearPlayout: clearedUpTo = newestItem
        case .hangUp(let reason):
            hangUps.append(reason)
            let times = hangUps.count
            check(times == 1, "R5 hung up \(times) times")
            hungUp(reason, at: now, carrier, queuedBytes: queuedBytes)
        case .persist(.ended):
            endings += 1
            let times = endings
            check(times == 1, "R9 ended \(times) times")
        case .persist(.turn(let turn)): stored(turn)
        case .runTool(let call):
            let number = WireNames.number(of: call.call)
            check(!ranTools.contains(number), "R8 the tool call \(call.call) ran twice")
            ranTools.insert(number)
        case .send(let command): sent(command, at: now, conversation, carrier, model)
        case .sendStandby(let command):
            switch command {
            case .configure: break
            case .createResponse: fail("R8 a response was asked of the standby")
            default: check(isStandbyConfirmed, "R3 the standby was told something before a valid session.updated")
            }
        default: break
        }
    }

    private mutating func hungUp(
        _ reason: HangUpReason, at now: Int64, _ carrier: borrowing SimulatedCarrier, queuedBytes: Int
    ) {
        switch reason {
        case .agentSaidGoodbye, .silence, .maximumDuration, .modelUnavailable, .shutdown, .costLimit:
            // Later than its grace, a carrier's play-out is beyond what anyone can know.
            guard carrier.lag + carrier.stalled + carrier.echoDelay < policy.markGraceMilliseconds - 100 else { return }
            // Less than a frame waits for the end of an item, which a response that died never gets.
            check(queuedBytes < 160, "R5 hung up (\(reason)) with \(queuedBytes / 8) ms still to be sent")
            let left = carrier.playEnd - now
            check(left <= 20, "R5 hung up (\(reason)) with \(left) ms of the last words still to be heard")
        case .callerHungUp, .carrierStalled, .carrierLost, .operatorAsked, .protocolViolation, .answeringMachine,
            .transferred, .playoutFailed:
            break
        }
    }

    private mutating func stored(_ turn: Turn) {
        check(turn.endedAt.map { $0 >= turn.startedAt } ?? true, "turn \(turn.index) ends before it starts")
    }

    private mutating func sent(
        _ command: ModelCommand, at now: Int64, _ conversation: borrowing Conversation,
        _ carrier: borrowing SimulatedCarrier,
        _ model: borrowing SimulatedModel
    ) {
        if case .configure = command {} else { check(isConfirmed, "R3 \(command) before a valid session.updated") }
        switch command {
        case .createResponse(let instructions):
            // A response that the model began by itself, unknown to us yet, is no fault of ours.
            check(model.active?.beganByItself ?? true, "R8 a response was asked for while one is active")
            if let instructions, !greeting.isEmpty, instructions.hasSuffix(greeting) {
                greetings += 1
                let times = greetings
                check(times == 1, "R4 greeted \(times) times")
            }
        case .cancelResponse(let response):
            if let response { cancelled.insert(WireNames.number(of: response)) }
        case .truncate(let item, let milliseconds):
            truncated(item, at: milliseconds, now: now, conversation, carrier)
        case .toolOutput(let call, _):
            let number = WireNames.number(of: call)
            check(!answeredTools.contains(number), "R8 the tool call \(call) got two outputs")
            answeredTools.insert(number)
        case .createText(.user, let text):
            check(text == "Mhmm." || text.hasPrefix("words"), "R10 sent as the caller's words: \(text)")
        case .createText(.assistant, let text):
            let isSaid = AnswerPlan.usual.text.hasPrefix(text) || text == policy.fallbackText
            check(isSaid, "R10 sent as the agent's words: \(text)")
        default: break
        }
    }

    private mutating func truncated(
        _ item: WireID, at milliseconds: Int64, now: Int64, _ conversation: borrowing Conversation,
        _ carrier: borrowing SimulatedCarrier
    ) {
        var (sent, heard) = (0, 0)
        for ordinal in conversation.rememberedOrdinals {
            let playout = PlayoutItem(ordinal: ordinal)
            guard let entry = conversation.ledger[playout], entry.wireItem == item else { continue }
            sent += entry.sent
            heard += carrier.heard(playout, at: now)
        }
        check(milliseconds > 0, "R7 \(item) truncated at 0")
        check(milliseconds <= Int64(sent / 8), "R7 \(item) truncated at \(milliseconds) of \(sent / 8) ms sent")
        let most = Int64(heard / 8) + tolerance(carrier)
        check(milliseconds <= most, "R7 \(item) truncated at \(milliseconds) ms, the caller heard \(heard / 8)")
    }

    /// How far the ledger may be ahead of the carrier, in milliseconds: what no mark has told yet.
    private func tolerance(_ carrier: borrowing SimulatedCarrier) -> Int64 { 100 + carrier.lag + carrier.stalled }

    mutating func after(
        actions: Int, _ conversation: borrowing Conversation, timers: Int, model: borrowing SimulatedModel
    ) {
        if stateBefore == .ended { check(actions == 0, "R9 an event after the end led to \(actions) actions") }
        check(actions <= Self.mostActions, "R14 one event led to \(actions) actions")
        check(conversation.isWithinBounds, "R14 a queue of the conversation is beyond its bound")
        let state = conversation.state
        switch state {
        case .greeting, .listening, .thinking, .speaking:
            check(conversation.hasSession, "\(state) without a session")
            if conversation.isAnswerDue { check(state == .speaking, "R8 an answer is due and not asked for") }
        case .ended:
            check(timers == 0, "R9 \(timers) timers outlive the call")
            let times = hangUps.count
            check(times == 1, "R5 ended with \(times) hang-ups")
        default: break
        }
        check(model.createsWhileActive == 0, "R8 two responses at once")
    }

    /// R1: the two books of playout, and each by itself.
    mutating func books(_ conversation: borrowing Conversation, received: Int, played: Int, queued: Int) {
        let (r, s, d, q) = (
            conversation.ledger.received, conversation.ledger.sent, conversation.ledger.discarded,
            conversation.ledger.queued
        )
        check(r == s + d + q, "R1 the ledger leaks: received \(r), sent \(s), discarded \(d), queued \(q)")
        check(
            r == received && s == played && q == queued,
            "R1 ledger and queue differ: received \(r) \(received), sent \(s) \(played), queued \(q) \(queued)")
    }

    /// The carrier's mark came back: what is believed heard must be so.
    mutating func marked(
        _ item: PlayoutItem, at now: Int64, _ conversation: borrowing Conversation,
        _ carrier: borrowing SimulatedCarrier
    ) {
        let believed = conversation.ledger.heard(item, at: CallInstant(milliseconds: now))
        let truth = carrier.heard(item, at: now) + Int(tolerance(carrier)) * 8
        check(
            believed <= truth,
            "R7 item \(item.ordinal) is believed heard to \(believed / 8) ms, at most \(truth / 8) were")
    }

    // MARK: Frames

    mutating func admitted(_ item: PlayoutItem, response: Int32) {
        newestItem = max(newestItem, item.ordinal)
        check(!cancelled.contains(response), "R6 audio of the cancelled resp_\(response) was admitted")
    }

    mutating func queued(_ samples: Int, of expected: Int) {
        check(samples == expected, "R2 \(expected - samples) samples of the model's audio were not taken")
    }

    mutating func sent(_ item: PlayoutItem, isRight: Bool) {
        check(item.ordinal > clearedUpTo, "R6 item \(item.ordinal) was sent after the clear")
        check(isRight, "R6 a frame of item \(item.ordinal) does not go on where the one before it ended")
    }

    // MARK: Time

    mutating func passed(to now: Int64, state: ConversationState) {
        guard state != .ended, state != .waiting, !isOver else { return }
        let bound = Self.deadAirMilliseconds + policy.silenceMilliseconds
        if now - lastSign > bound {
            isOver = true
            fail("no sound of either side for \((now - lastSign) / 1_000) s in \(state)")
        }
        checks += 1
    }
}

/// A set of small numbers.
struct NumberSet {
    private var words: [UInt64] = [0, 0, 0, 0]
    mutating func insert(_ number: Int32) {
        guard number >= 0 else { return }
        let word = Int(number >> 6)
        while words.count <= word { words.append(0) }
        words[word] |= 1 << UInt64(number & 63)
    }
    func contains(_ number: Int32) -> Bool {
        number >= 0 && Int(number >> 6) < words.count && words[Int(number >> 6)] >> UInt64(number & 63) & 1 == 1
    }
}
