import CallJournal
@testable import Conversation

/// The rules of design.md that one call can break, checked after every event. `broken` must stay empty.
struct RuleBook {
    private let policy: ConversationPolicy
    private let prompt: SessionPrompt
    private(set) var broken: [String] = []

    private var isConfirmed = false
    private var isStandbyConfirmed = false
    private var greetings = 0
    private var hangUps = 0
    private var endings = 0
    private var cancelled: Set<WireID> = []
    private var runs: [WireID: Int] = [:]
    private var outputs: [WireID: Int] = [:]
    private var callerTexts: Set<String> = []
    private var agentTexts: Set<String> = []
    private var clearedUpTo: UInt32 = 0
    private var newestItem: UInt32 = 0
    private var stateBefore = ConversationState.waiting

    init(policy: ConversationPolicy, prompt: SessionPrompt) { (self.policy, self.prompt) = (policy, prompt) }

    private mutating func check(_ holds: Bool, _ rule: String) { if !holds, broken.count < 3 { broken.append(rule) } }

    mutating func before(_ event: ConversationEvent, state: ConversationState) {
        stateBefore = state
        if case .model(.sessionUpdated(let echo)) = event, echo == .good || echo == .answersItself {
            isConfirmed = true
        }
        if case .modelClosed = event { isConfirmed = false }
        if case .standby(.model(.sessionUpdated(let echo))) = event, echo == .good || echo == .answersItself {
            isStandbyConfirmed = true
        }
    }

    mutating func saw(_ action: ConversationAction, at now: Int64, rig: CallRig) {
        switch action {
        case .openUplink where policy.mode == .agent:
            check(isConfirmed, "R3 uplink opened before a valid session.updated")
        case .openModel: isConfirmed = false
        case .openStandby: isStandbyConfirmed = false
        case .switchToStandby:
            check(isStandbyConfirmed, "R3 switched before a valid session.updated")
            isConfirmed = isStandbyConfirmed
        case .sendStandby(.configure): break
        case .sendStandby(let command):
            check(isStandbyConfirmed, "R3 \(command) before a valid session.updated of the standby")
            if case .createText(let role, let text) = command {
                said(text, as: role, rig: rig)
            } else {
                check(false, "the standby was sent \(command)")
            }
        case .clearPlayout: clearedUpTo = newestItem
        case .hangUp(let reason):
            hangUps += 1
            check(hangUps == 1, "R5 hung up \(hangUps) times")
            if reason == .agentSaidGoodbye { check(rig.isPlayoutEmpty, "R5 hung up over the goodbye") }
        case .persist(.ended):
            endings += 1
            check(endings == 1, "R9 ended \(endings) times")
        case .persist(.turn(let turn)):
            if turn.speaker == .caller { callerTexts.insert(turn.text) } else { agentTexts.insert(turn.text) }
            check(turn.endedAt.map { $0 >= turn.startedAt } ?? true, "turn \(turn.index) ends before it starts")
        case .runTool(let call):
            runs[call.call, default: 0] += 1
            check(runs[call.call] == 1, "R8 tool \(call.call) ran \(runs[call.call]!) times")
        case .send(let command): saw(command, rig: rig)
        default: break
        }
    }

    private mutating func saw(_ command: ModelCommand, rig: CallRig) {
        if case .configure = command {} else { check(isConfirmed, "R3 \(command) before a valid session.updated") }
        switch command {
        case .createResponse(let instructions):
            // A response that the model began by itself, unknown to us yet, is no fault of ours.
            let isKnown = rig.model.active != nil && !rig.model.beganByItself
            check(!isKnown, "R8 a response was asked for while one is active")
            if let instructions, instructions.contains(prompt.greeting) {
                greetings += 1
                check(greetings == 1, "R4 greeted \(greetings) times")
            }
        case .cancelResponse(let response):
            if let response { cancelled.insert(response) }
        case .truncate(let item, let milliseconds):
            let sent = Int64(rig.sentSamples(of: item)) / 8
            check(milliseconds > 0, "R7 truncated at 0")
            check(milliseconds <= sent, "R7 truncated at \(milliseconds) of \(sent) ms sent")
        case .toolOutput(let call, _):
            outputs[call, default: 0] += 1
            check(outputs[call] == 1, "R8 tool \(call) got \(outputs[call]!) outputs")
        case .createText(let role, let text): said(text, as: role, rig: rig)
        default: break
        }
    }

    private mutating func said(_ text: String, as role: ItemRole, rig: CallRig) {
        switch role {
        case .user: check(callerTexts.contains(text), "R10 not the caller's words: \(text)")
        case .assistant:
            check(agentTexts.contains(text) || rig.isBeingSaid(text), "R10 not the agent's words: \(text)")
        default: break
        }
    }

    mutating func after(_ event: ConversationEvent, actions: [ConversationAction], rig: CallRig) {
        if stateBefore == .ended, !actions.isEmpty { broken.append("R9 \(event) after the end did \(actions)") }
        if rig.state == .ended {
            check(rig.armedTimers == 0, "R9 \(rig.armedTimers) timers outlive the call")
            check(hangUps == 1, "R5 ended with \(hangUps) hang-ups")
        }
        switch rig.state {
        case .greeting, .listening, .thinking, .speaking:
            if policy.mode == .agent, !rig.hasSession { broken.append("\(rig.state) without a session") }
            if rig.isDue, rig.state != .speaking { broken.append("R8 an answer is due and not asked for") }
        default: break
        }
        let (received, sent, discarded, queued) = rig.totals
        if received != sent + discarded + queued {
            broken.append("R1 \(received) != \(sent) + \(discarded) + \(queued)")
        }
        check(rig.model.createsWhileActive == 0, "R8 two responses at once")
    }

    mutating func admitted(_ verdict: AudioVerdict, response: WireID, state: ConversationState) {
        switch verdict {
        case .play(let item):
            newestItem = max(newestItem, item.ordinal)
            check(!cancelled.contains(response), "R6 audio of the cancelled \(response) was admitted")
        case .drop: break
        }
    }

    mutating func sent(_ item: PlayoutItem) {
        check(item.ordinal > clearedUpTo, "R6 item \(item.ordinal) was sent after the clear")
    }
}

extension CallRig {
    func isBeingSaid(_ text: String) -> Bool { conversation.core.turns.speeches.contains { $0.text == text } }
    var totals: (Int, Int, Int, Int) {
        (
            conversation.core.ledger.received, conversation.core.ledger.sent, conversation.core.ledger.discarded,
            conversation.core.ledger.queued
        )
    }
}
