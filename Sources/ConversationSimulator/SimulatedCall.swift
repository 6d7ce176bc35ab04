import Conversation
import RealtimeBridge

/// One call in virtual time: the conversation between a caller, a carrier, a model, tools and a store, all of a plan.
///
/// Time leaps from one thing that happens to the next: a frame that is due, a timer, a mark that comes back, whatever
/// is on the agenda. After every event the rules are checked. Milliseconds throughout.
struct SimulatedCall: ~Copyable {
    /// Every call ends sooner than this, or a rule is broken.
    static let longest: Int64 = 4_500_000

    let plan: CallPlan
    var conversation: Conversation
    var model: SimulatedModel
    var carrier = SimulatedCarrier()
    var caller: SimulatedCaller
    var tools = SimulatedTools()
    var store = SimulatedStore()
    var playout: SimulatedPlayout
    var rules: RuleBook
    var agenda = Agenda()
    var trace: CallTrace?

    private(set) var now: Int64 = 0
    var isUplinkOpen = false
    /// When our thread wakes again.
    var stalledUntil: Int64 = 0
    /// The next tick of the outbound grid, or `Int64.max` while nothing can go out.
    var nextFrameAt = Int64.max
    private var lastFrameAt: Int64 = 0
    var isDry = true
    /// The item that audio was last queued for, and its response.
    var current: (item: PlayoutItem, response: Int32)?
    private(set) var admitted = 0
    private var framesOfItem: (ordinal: UInt32, sent: Int) = (0, 0)
    private var deadlines = InlineArray<32, Int64>(repeating: .max)
    private var nextDeadline = Int64.max
    private(set) var armedTimers = 0
    private var actions = ActionList()
    var events = 0
    var carrierClose = CarrierClose.peer
    var struck: [SimulatedFault] = []
    var repeatsTool = false
    var saysMhmm = false

    init(
        _ plan: CallPlan, pool: PlayoutPool, prompt: SessionPrompt, defects: ConversationDefects = [],
        traced: Bool = false
    ) {
        self.plan = plan
        conversation = Conversation(policy: plan.policy, prompt: prompt, defects: defects)
        model = SimulatedModel(plan)
        caller = SimulatedCaller(plan.acts)
        let isNarrow = plan.faults.contains { $0.fault == .playoutFull }
        guard let playout = SimulatedPlayout(pool: pool, quotaMilliseconds: isNarrow ? 3_000 : 240_000) else {
            preconditionFailure("The pool of \(pool.chunkCount) chunks has no room for one call.")
        }
        self.playout = playout
        rules = RuleBook(policy: plan.policy, greeting: prompt.greeting)
        carrier.echoesMarks = plan.policy.carrierEchoesMarks
        carrier.echoDelay = plan.timing.mark
        trace = traced ? CallTrace() : nil
    }

    // MARK: The whole call

    /// From the stream's start until all that was on its way has arrived at a call that is over.
    mutating func play() {
        for index in plan.faults.indices { agenda.add(.strike(Int32(index)), at: plan.faults[index].at) }
        while nextStep <= 0 { step() }  // What is wrong from the start.
        give(.carrierStarted(stream: "MZ1"))
        caller.awaitCue(at: now, &agenda)
        while conversation.state != .ended, now < Self.longest, rules.broken.isEmpty { step() }
        guard rules.broken.isEmpty else { return }
        guard conversation.state == .ended else { return rules.fail("the call never ends (R9)") }
        endedAt = now
        let end = now + 3_000
        while nextStep <= end { step() }
        for timer in TimerID.allCases { give(.deadline(timer)) }
        if !store.isBalanced { rules.fail("R14 the store's books do not balance") }
    }

    private(set) var endedAt: Int64 = 0

    private var nextStep: Int64 {
        min(min(agenda.nextAt, carrier.nextEchoAt), min(nextFrameAt, tickOfDeadline))
    }

    /// Timers run with the shard's ticks.
    private var tickOfDeadline: Int64 { nextDeadline == .max ? .max : (nextDeadline + 19) / 20 * 20 }

    /// The next thing that happens, and nothing else.
    mutating func step() {
        let next = nextStep
        guard next != .max else { return now = Self.longest }
        now = max(now, max(next, stalledUntil))
        if tickOfDeadline == next {
            fireDeadline()
        } else if carrier.nextEchoAt == next {
            let mark = carrier.popEcho()
            give(.carrierMark(mark))
            rules.marked(mark.item, at: now, conversation, carrier)
            checkBooks()
        } else if agenda.nextAt == next {
            happen(agenda.pop())
        } else {
            sendDue()
        }
        rules.passed(to: now, state: conversation.state)
    }

    // MARK: Events

    mutating func give(_ event: ConversationEvent) {
        events += 1
        rules.before(event, isAccepted: accepted(event), state: conversation.state)
        actions.removeAll()
        conversation.handle(event, at: CallInstant(milliseconds: now), into: &actions)
        let count = actions.count
        if trace != nil { traceEvent(event, count) }
        var index = 0
        while index < count {
            let action = actions[index]
            rules.saw(action, at: now, conversation, carrier, model, queuedBytes: playout.queuedBytes)
            execute(action)
            index += 1
        }
        rules.after(actions: count, conversation, timers: armedTimers, model: model)
    }

    private func accepted(_ event: borrowing ConversationEvent) -> Bool {
        switch event {
        case .model(.sessionUpdated(let echo)), .standby(.model(.sessionUpdated(let echo))):
            conversation.wouldAccept(echo)
        default: false
        }
    }

    private mutating func traceEvent(_ event: ConversationEvent, _ count: Int) {
        var taken: [ConversationAction] = []
        for index in 0..<count { taken.append(actions[index]) }
        trace?.event(event, at: now, state: conversation.state, actions: taken)
    }

    private mutating func execute(_ action: ConversationAction) {
        switch action {
        case .openModel:
            isUplinkOpen = false
            model.open(asStandby: false, at: now, &agenda)
        case .closeModel:
            model.close()
            isUplinkOpen = false
        case .send(let command):
            if let session = model.primary?.number { model.receive(command, session: session, at: now, &agenda) }
        case .openStandby: model.open(asStandby: true, at: now, &agenda)
        case .sendStandby(let command):
            if let session = model.standby?.number { model.receive(command, session: session, at: now, &agenda) }
        case .switchToStandby:
            model.switchToStandby()
            hearAgain()
        case .closeStandby: model.closeStandby()
        case .openUplink:
            isUplinkOpen = true
            hearAgain()
        case .holdUplink: isUplinkOpen = false
        case .pausePlayout:
            playout.pause()
            nextFrameAt = .max
        case .resumePlayout:
            playout.resume()
            beginSending()
        case .clearPlayout:
            playout.clear()
            carrier.clear(at: now)
            nextFrameAt = .max
            current = nil
            isDry = true
            caller.agentFinishes(at: now, &agenda)
        case .playFallback(let item):
            queue(item, response: -1, samples: 16_000)
            playout.endItem(item)
            current = nil
            agenda.add(.fallbackQueued, at: now)
        case .setDeadline(let timer, let at): setDeadline(timer, at.nanoseconds / 1_000_000)
        case .clearDeadline(let timer): setDeadline(timer, .max)
        case .runTool:
            let (after, output) = tools.run()
            toolOutput = output
            if let after { agenda.add(.toolFinished(toolNumber(of: action)), at: now + after) }
        case .persist: store.tell(at: now)
        case .hangUp:
            carrier.isUp = false
            nextFrameAt = .max
            agenda.add(.carrierNoticed, at: now + 60)
        case .errand: agenda.add(.errandRefused, at: now + 500)
        case .repeatUplink, .routeFailed, .note: break
        }
    }

    private var toolOutput = "{}"
    private func toolNumber(of action: ConversationAction) -> Int32 {
        if case .runTool(let call) = action { WireNames.number(of: call.call) } else { 0 }
    }
    var lastToolOutput: String { toolOutput }

    // MARK: Timers

    private mutating func setDeadline(_ timer: TimerID, _ at: Int64) {
        let index = Int(timer.rawValue)
        armedTimers += (at == .max ? 0 : 1) - (deadlines[index] == .max ? 0 : 1)
        deadlines[index] = at
        nextDeadline = .max
        for index in deadlines.indices { nextDeadline = min(nextDeadline, deadlines[index]) }
    }

    private mutating func fireDeadline() {
        for timer in TimerID.allCases where deadlines[Int(timer.rawValue)] == nextDeadline {
            setDeadline(timer, .max)
            return give(.deadline(timer))
        }
    }

    // MARK: Audio

    /// Audio of the model: is it wanted, and then into the queue.
    mutating func play(_ samples: Int, of response: SimulatedModel.Response) {
        guard conversation.state != .ended else { return }
        let verdict = conversation.admit(
            response: WireNames.response(response.number), item: WireNames.agentItem(response.item),
            at: CallInstant(milliseconds: now))
        guard case .play(let item) = verdict else { return }
        rules.admitted(item, response: response.number)
        queue(item, response: response.number, samples: samples)
    }

    private mutating func queue(_ item: PlayoutItem, response: Int32, samples: Int) {
        current = (item, response)
        let taken = playout.append(item, samples: samples)
        rules.queued(taken, of: samples)
        admitted += taken
        conversation.queued(item, samples: taken, at: CallInstant(milliseconds: now))
        beginSending()
    }

    /// What is queued goes out on the grid that its talk spurt began.
    mutating func beginSending() {
        guard nextFrameAt == .max, playout.queuedBytes > 0, !playout.isPaused, carrier.isUp else { return }
        // A spurt that only waited for the model goes on in its own phase.
        nextFrameAt = lastFrameAt + 20 > now ? lastFrameAt + 20 : now
    }

    /// The model has nothing more to say in this item: its rest may go out.
    mutating func endItem(of response: Int32) {
        guard let current, current.response == response else { return }
        playout.endItem(current.item)
        self.current = nil
        beginSending()
    }

    private mutating func sendDue() {
        lastFrameAt = now
        nextFrameAt = now + 20
        let tick = now / 20
        var due = playout.framesDue(at: tick)
        while due > 0, carrier.isUp, !playout.isPaused {
            let (pop, hole) = playout.next(at: tick)
            switch pop {
            case .frame(let frame):
                sendFrame(frame)
                due -= 1
                if let hole { give(.playoutHole(frame.item, hole)) }
            case .ended: if let mark = conversation.dueMark(itemEnded: true) { carrier.receive(mark, at: now) }
            case .waiting: return runDry(itemComplete: false)
            case .empty: return runDry(itemComplete: true)
            }
        }
    }

    private mutating func runDry(itemComplete: Bool) {
        if playout.queuedBytes == 0 || !itemComplete { nextFrameAt = .max }
        caller.agentFinishes(at: max(now, carrier.playEnd), &agenda)
        guard !isDry else { return }
        isDry = true
        give(.playoutEmpty(itemComplete: itemComplete))
        checkBooks()
    }

    private mutating func checkBooks() {
        rules.books(
            conversation, received: admitted, played: Int(playout.counts.played), queued: playout.queuedBytes)
    }

    private mutating func sendFrame(_ frame: PlayoutFrame) {
        isDry = false
        if framesOfItem.ordinal != frame.item.ordinal { framesOfItem = (frame.item.ordinal, 0) }
        let isRight = playout.isRight(frame.item, from: framesOfItem.sent, audioBytes: frame.audioBytes)
        rules.sent(frame.item, isRight: isRight)
        framesOfItem.sent += frame.audioBytes
        conversation.sent(frame.item, samples: frame.audioBytes, at: CallInstant(milliseconds: now))
        carrier.receive(frame.item, samples: frame.audioBytes, at: now)
        rules.sign(until: carrier.playEnd)
        if let mark = conversation.dueMark(itemEnded: frame.isLast) { carrier.receive(mark, at: now) }
        if frame.isFirst {
            caller.agentBegan(at: now, &agenda)
            give(.playoutStarted(frame.item))
        }
    }
}
