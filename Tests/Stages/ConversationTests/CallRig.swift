import CallJournal
@testable import Conversation

/// A call in virtual time: the conversation under test between a small model and a carrier that both keep their protocols.
///
/// Time moves in ticks of 20 ms. Everything either side does is checked against the rules as it happens (`RuleBook`).
final class CallRig {
    /// Only to be looked at from outside. No accessor lends its core: what an unoptimised `_read` yields is freed before it
    /// has been copied (found by AddressSanitizer, Swift 6.3.1).
    private(set) var conversation: JournalledConversation
    /// All that entered the conversation and left it, when asked for.
    let journal: MemoryJournal?
    private(set) var now: Int64 = 0
    /// All actions so far, with their times.
    private(set) var log: [(at: Int64, action: ConversationAction)] = []
    private(set) var rules: RuleBook
    var model = ScriptedModel()
    /// The second session, while there is one, and what its server is to be like.
    var standby: ScriptedModel?
    var nextStandby = ScriptedModel()
    var standbyOpens = 0
    var carrier = ScriptedCarrier()
    private var playout = PlayoutTwin()
    private var timers: [TimerID: Int64] = [:]
    /// Until when the carrier has something to play, were it to play all the time: we pace by it.
    private var pacedEnd: Int64 = 0
    private var actions = ActionList()
    /// Frames sent to the carrier, one character per tick for marbles.
    private(set) var sentMarbles = ""

    init(_ policy: ConversationPolicy = .init(), prompt: SessionPrompt = .test, keepsJournal: Bool = false) {
        if keepsJournal {
            let header = JournalHeader(
                call: "CA0", tenant: "tea", startedAtUnixMilliseconds: 0, keepsAudio: false, policy: policy,
                prompt: prompt)
            let journal = MemoryJournal(header)
            self.journal = journal
            conversation = journal.conversation()
        } else {
            journal = nil
            conversation = JournalledConversation(Conversation(policy: policy, prompt: prompt))
        }
        rules = RuleBook(policy: policy, prompt: prompt)
        carrier.echoesMarks = policy.carrierEchoesMarks
    }

    var state: ConversationState { conversation.core.state }
    var all: [ConversationAction] { log.map(\.action) }
    func happened(_ action: ConversationAction) -> Int { all.filter { $0 == action }.count }
    func noted(_ note: ConversationNote) -> Int { happened(.note(note)) }
    var sentCommands: [ModelCommand] {
        all.compactMap { if case .send(let command) = $0 { command } else { nil } }
    }
    var truncations: [Int64] {
        sentCommands.compactMap { if case .truncate(_, let milliseconds) = $0 { milliseconds } else { nil } }
    }
    var responseRequests: Int {
        sentCommands.filter { if case .createResponse = $0 { true } else { false } }.count
    }
    var hangUps: [HangUpReason] { all.compactMap { if case .hangUp(let reason) = $0 { reason } else { nil } } }
    /// The last fact for each turn, by index.
    var turns: [Turn] {
        var turns: [Int: Turn] = [:]
        for case .persist(.turn(let turn)) in all { turns[turn.index] = turn }
        return turns.values.sorted { $0.index < $1.index }
    }
    func time(of action: ConversationAction) -> Int64? { log.first { $0.action == action }?.at }

    // MARK: Events

    func give(_ event: ConversationEvent) {
        // One that comes up a tick early is taken, and is not there to come up again.
        if case .deadline(let timer) = event, let due = timers[timer], due <= now + 20 { timers[timer] = nil }
        rules.before(event, state: conversation.core.state)
        actions.removeAll()
        conversation.handle(event, at: CallInstant(milliseconds: now), into: &actions)
        var taken: [ConversationAction] = []
        for index in 0..<actions.count { taken.append(actions[index]) }
        if traces { print("TRACE \(now) \(event) -> \(conversation.core.state) \(taken)") }
        for action in taken {
            log.append((now, action))
            rules.saw(action, at: now, rig: self)
            execute(action)
        }
        rules.after(event, actions: taken, rig: self)
        if model.decidesTurns { model.decideTurn(event, at: now) }
    }

    func give(_ event: ModelEvent) { give(.model(event)) }

    private func execute(_ action: ConversationAction) {
        switch action {
        case .openModel(let route): model.open(route, at: now)
        case .openStandby(let route): openStandby(route)
        case .sendStandby(let command): standby?.receive(command, at: now)
        case .switchToStandby: switchToStandby()
        case .closeStandby: standby = nil
        case .routeFailed, .repeatUplink: break
        case .closeModel: model.close()
        case .send(let command): model.receive(command, at: now)
        case .pausePlayout: playout.isPaused = true
        case .resumePlayout: playout.isPaused = false
        case .clearPlayout:
            playout.clear()
            carrier.clear(at: now)
            pacedEnd = now
        case .playFallback(let item):
            conversation.queued(item, samples: 16_000, at: CallInstant(milliseconds: now))
            playout.append(item, samples: 16_000)
            playout.complete(item)
            model.schedule(.event(.fallbackQueued), at: now + 20)
        case .setDeadline(let timer, let at): timers[timer] = at.milliseconds
        case .clearDeadline(let timer): timers[timer] = nil
        case .hangUp: carrier.isUp = false
        case .runTool(let call):  // The executor reads the arguments; here the name says it all.
            guard let errand = CarrierErrand.ofTool(call.name) else { return }
            model.schedule(.event(.errandAsked(call: call.call, errand)), at: now)
        case .openUplink, .holdUplink, .errand, .persist, .note: break
        }
    }

    /// Leaps over ticks in which nothing can happen; marbles then have gaps.
    var skipsIdleTicks = false
    /// A stage of ours has died: nothing leaves playout.
    var isMute = false
    /// Prints every event with its actions.
    var traces = false
    /// `playoutStarted` is then given by hand.
    var withholdsPlayoutStarted = false
    var rowsUsed: RowSet { conversation.core.rowsUsed }
    /// An answer is owed for the caller's words or keys, and nothing stands in its way.
    var isDue: Bool {
        guard let owed = conversation.core.owed, conversation.core.active == nil else { return false }
        return owed.purpose >= .digits && !owed.waitsForCaller
    }
    var hasSession: Bool { conversation.core.link.stage == .ready }
    func isArmed(_ timer: TimerID) -> Bool { timers[timer] != nil }
    var armedTimers: Int { timers.count }
    /// Samples of an item that the caller truly heard.
    func truth(_ item: PlayoutItem) -> Int { carrier.heard[item] ?? 0 }
    /// Samples of a model item that went to the carrier.
    func sentSamples(of item: WireID) -> Int {
        var sum = 0
        for ordinal in 1...UInt32(max(1, playout.newest)) {
            let entry = conversation.core.ledger[PlayoutItem(ordinal: ordinal)]
            if let entry, entry.wireItem == item { sum += entry.sent }
        }
        return sum
    }
    /// Nothing is to come any more.
    func endJournal() { conversation.endJournal() }
    var isPlayoutEmpty: Bool { playout.isEmpty && carrier.isEmpty }

    /// Asks about one delta, as its arrival would.
    func admit(response: WireID, item: WireID) -> AudioVerdict {
        conversation.admit(response: response, item: item, at: CallInstant(milliseconds: now))
    }

    // MARK: Time

    /// Runs until `milliseconds` of the call's time.
    func run(until milliseconds: Int64) {
        while now < milliseconds {
            if skipsIdleTicks, isPlayoutEmpty, carrier.isQuiet {
                let next = min(
                    timers.values.min() ?? .max, model.nextAt ?? .max, standby?.nextAt ?? .max, milliseconds)
                now = max(now, (next - 20) / 20 * 20)
                if now >= milliseconds { return }
            }
            tick()
        }
    }
    func run(for milliseconds: Int64) { run(until: now + milliseconds) }

    private func tick() {
        now += 20
        journal?.drain()
        while let due = timers.filter({ $0.value <= now }).min(by: {
            ($0.value, $0.key.rawValue) < ($1.value, $1.key.rawValue)
        }) {
            timers[due.key] = nil
            give(.deadline(due.key))
        }
        while let step = model.next(at: now) { perform(step) }
        while let step = standby?.next(at: now) { performOnStandby(step) }
        for mark in carrier.play(at: now) where state != .ended { give(.carrierMark(mark)) }
        sendFrames()
    }

    private func perform(_ step: ScriptedModel.Step) {
        switch step {
        case .event(let event): give(event)
        case .audio(let response, let item, let samples):
            guard state != .ended else { return }
            let verdict = conversation.admit(response: response, item: item, at: CallInstant(milliseconds: now))
            rules.admitted(verdict, response: response, state: state)
            if case .play(let playoutItem) = verdict {
                conversation.queued(playoutItem, samples: samples, at: CallInstant(milliseconds: now))
                playout.append(playoutItem, samples: samples)
            }
        }
    }

    private func sendFrames() {
        guard carrier.isUp, !isMute else { return }
        var sent = 0
        while !playout.isPaused, pacedEnd - now < 160, let frame = playout.frame() {
            let instant = CallInstant(milliseconds: now)
            conversation.sent(frame.item, samples: 160, at: instant)
            carrier.receive(frame.item, samples: frame.samples, padded: 160)
            pacedEnd = max(pacedEnd, now) + 20
            rules.sent(frame.item)
            sent += 1
            if frame.isFirst, !withholdsPlayoutStarted { give(.playoutStarted(frame.item)) }
            let ended = playout.isEmpty && (conversation.core.ledger[frame.item]?.isComplete ?? false)
            if let mark = conversation.dueMark(itemEnded: ended || frame.isLast) { carrier.receive(mark) }
            if playout.isEmpty { give(.playoutEmpty(itemComplete: ended)) }
        }
        sentMarbles.append(sent > 0 ? "P" : ".")
    }
}

/// The queue between model and pacer.
private struct PlayoutTwin {
    var isPaused = false
    private var items: [(item: PlayoutItem, samples: Int, started: Bool)] = []
    private(set) var newest = 0

    var isEmpty: Bool { items.allSatisfy { $0.samples == 0 } }

    mutating func append(_ item: PlayoutItem, samples: Int) {
        newest = max(newest, Int(item.ordinal))
        if let index = items.firstIndex(where: { $0.item == item }) {
            items[index].samples += samples
        } else {
            items.append((item, samples, false))
        }
    }

    mutating func complete(_ item: PlayoutItem) {}

    mutating func frame() -> (item: PlayoutItem, samples: Int, isFirst: Bool, isLast: Bool)? {
        while let first = items.first, first.samples == 0, items.count > 1 { items.removeFirst() }
        guard let first = items.first, first.samples > 0 else { return nil }
        let samples = min(160, first.samples)
        items[0].samples -= samples
        items[0].started = true
        return (first.item, samples, !first.started, items[0].samples == 0 && items.count > 1)
    }

    mutating func clear() {
        items.removeAll()
        isPaused = false
    }
}

extension CarrierErrand {
    static func ofTool(_ name: String) -> CarrierErrand? {
        switch name {
        case "transfer_call": .transfer(to: "front desk")
        case "send_dtmf": .sendDigits("1w23#")
        default: nil
        }
    }
}

extension SessionPrompt {
    static let test = try! PromptBuilder().build(
        from: PromptSource(inbound: .init(instructions: "You sell tea.", greeting: "Hello, this is the tea house.")),
        direction: .inbound)
}
