/// A call as a pure state machine: events in, actions out, no socket, no clock, no store.
///
/// Every change of `state` goes through one row of `ConversationTable`. The rest of what it knows lies in parts with one
/// owner each: the ledger (what was heard), the link (the model's session), the active response and the reply that is
/// owed, the caller's speech, the turns, the tools. Shard thread only.
public struct Conversation: ~Copyable {
    let policy: ConversationPolicy
    let prompt: SessionPrompt
    let defects: ConversationDefects

    public internal(set) var state = ConversationState.waiting
    public internal(set) var ledger: PlayoutLedger

    var link = ModelLink()
    var standby = Standby()
    var cost = CallUsage()
    /// The response that was asked for, or that the model began: at most one (R8).
    var active: ActiveResponse?
    /// The answer to ask for as soon as no response is active.
    var owed: OwedReply?
    var voice = LocalVoice()
    var speech = ModelSpeech()
    var interruption = Interruption()
    var turns = TurnLog()
    var tools = ToolLog()
    var errand: Errand?
    var operatorWords = OperatorWords()
    var digits = ""
    var ending: Ending?
    var machine = AnsweringMachine()
    /// What the ledger had sent when `playoutStalled` was set.
    var sentAtLastLook = 0

    /// The response that greets, once the model has named it.
    var greetingResponse: WireID?
    /// Something of the greeting is on its way to the caller: a fact that outlives the process (R4).
    public internal(set) var hasGreeted = false

    /// A call that is only listened to: its recogniser has said its last words.
    var isListeningOver = false

    // Counts in a row, without a word of the caller.
    var selfAnswers = 0
    var silencePrompts = 0

    /// What the agent's next turn answers, and since when.
    var answerClock: AnswerClock?
    var streamStartedAt = CallInstant.start
    var lastKeyAt = CallInstant.start
    var holesTold = 0
    var pace = SpeechPace()

    /// Deadline of each armed timer in nanoseconds, or `Int64.max`.
    var deadlines = InlineArray<32, Int64>(repeating: .max)
    var now = CallInstant.start

    /// Audio deltas refused because their response was not the active one.
    public internal(set) var staleAudioDeltas = 0
    private var staleAudioNoted = 0
    /// Which rows of the table this call has used: bit n is row n.
    var rowsUsed = RowSet()

    public init(policy: ConversationPolicy, prompt: SessionPrompt) {
        self.init(policy: policy, prompt: prompt, defects: [])
    }

    package init(policy: ConversationPolicy, prompt: SessionPrompt, defects: ConversationDefects) {
        (self.policy, self.prompt, self.defects) = (policy, prompt, defects)
        ledger = PlayoutLedger(samplesPerSecond: policy.carrierSampleRateHz, echoesMarks: policy.carrierEchoesMarks)
        ledger.defects = defects
        _ = ConversationTable.transitions.count  // Made here, not in the first event.
    }

    // MARK: Edges

    /// Shard thread. Everything that can happen comes through here; `actions` is appended to.
    public mutating func handle(
        _ event: borrowing ConversationEvent, at instant: CallInstant, into actions: inout ActionList
    ) {
        guard state != .ended else { return }  // R9
        now = max(now, instant)
        if state == .closing { whileClosing(copy event, &actions) } else { react(to: copy event, &actions) }
        settle(&actions)
        if staleAudioDeltas > staleAudioNoted {
            staleAudioNoted = staleAudioDeltas
            actions.append(.note(.staleAudioDropped))
        }
    }

    private mutating func react(to event: ConversationEvent, _ actions: inout ActionList) {
        switch event {
        case .carrierStarted: streamStarted(&actions)
        case .carrierMark(let mark): marked(mark, &actions)
        case .carrierDigit(let digit): pressed(digit, &actions)
        case .carrierStopped: if !streamLeft() { end(.callerHungUp, &actions) }
        case .carrierClosed(let close): carrierClosed(close, &actions)
        case .answeredBy(let party): answered(by: party, &actions)
        case .modelOpened: modelOpened(&actions)
        case .model(let event): modelSaid(event, &actions)
        case .modelClosed(let close): modelClosed(close, &actions)
        case .standby(let event): standbySaid(event, &actions)
        case .voice(let edge): heard(edge, &actions)
        case .playoutStarted(let item): playoutStarted(item, &actions)
        case .playoutEmpty: break  // The ledger knows; `settle` draws the conclusions.
        case .playoutHole(let item, let hole): holeEnded(item, hole, &actions)
        case .fallbackQueued: ledger.complete(response: nil)
        case .deadline(let timer): expired(timer, &actions)
        case .toolFinished(let call, let output): toolFinished(call, output, &actions)
        case .errandAsked(let call, let what): errandAsked(call, what, &actions)
        case .errandFinished(let outcome): errandFinished(outcome, &actions)
        case .recognizer(let event): recognized(event, &actions)
        case .command(.hangUp): end(.operatorAsked, &actions)
        case .command(.drain): announceEnd(.shutdown, &actions)
        case .command(.sayGoodbye): announceEnd(.operatorAsked, &actions)
        case .operatorSays(let words, let isVerbatim): operatorSaid(words, isVerbatim, &actions)
        case .transferAsked(let name): transferAsked(to: name, &actions)
        }
    }

    private mutating func modelSaid(_ event: ModelEvent, _ actions: inout ActionList) {
        switch event {
        case .sessionCreated, .itemAdded, .truncated, .deleted, .idleTimeout: break
        case .transcriptionUsed(let usage): spent(usage, &actions)
        case .sessionUpdated(let echo): sessionUpdated(echo, &actions)
        case .responseCreated(let response): responseCreated(response, &actions)
        case .speechStarted(let item, _): modelHeardSpeech(item, &actions)
        case .speechStopped(let item, _):
            speech.stopped(item, at: now)
            disarm(.silence, &actions)
        case .committed(let item, _): committed(item, &actions)
        case .inputTranscript(let item, let transcript): transcribed(item, transcript, &actions)
        case .outputTranscriptDelta(let response, let item, let text):
            spoke(text, response: response, item: item, &actions)
        case .outputTranscriptDone(_, let item, let text): spokeAll(text, item: item, &actions)
        case .outputAudioDone(let response, let item): ledger.complete(response: response, wireItem: item)
        case .toolCall(let call): toolCalled(call, &actions)
        case .responseDone(let outcome):
            responseDone(outcome, &actions)
            spent(outcome.usage, &actions)
        case .error(let error): modelFailed(error, &actions)
        }
    }

    mutating func expired(_ timer: TimerID, _ actions: inout ActionList) {
        guard disarmFired(timer) else { return actions.append(.note(.staleEventIgnored)) }
        switch timer {
        case .modelConfigure: configureUnanswered(&actions)
        case .modelGiveUp: giveUpModel(&actions)
        case .modelReconnect: retryModel(&actions)
        case .confirmInterruption: interruptionUndecided(&actions)
        case .hangUpAfterGoodbye: goodbyeOverdue(&actions)
        case .silence: silenceLasted(&actions)
        case .maximumDuration: announceEnd(.maximumDuration, &actions)
        case .responseStart: responseOverdue(&actions)
        case .toolTimeout: toolsOverdue(&actions)
        case .toolFiller: if !tools.pending.isEmpty { owe(.filler) }
        case .digitGap: digitsEntered(&actions)
        case .playoutHeard: break  // `settle` asks the ledger again.
        case .transcriptGrace: take(.released, &actions)
        case .errand: errandOverdue(&actions)
        case .words: wordsNeverCame(&actions)
        case .answeringMachine: announcementOver(&actions)
        case .playoutStalled: playoutLooked(&actions)
        case .modelRoute: routeOverdue(&actions)
        case .renewal: renewalDue(&actions)
        case .standby: standbyOverdue(&actions)
        case .standbySwitch: standby.isLate = true
        }
    }

    // MARK: Frames

    /// Shard thread, once per audio delta: is this audio still wanted, and as part of which item?
    public mutating func admit(response: WireID, item: WireID, at now: CallInstant) -> AudioVerdict {
        switch state {
        case .waiting, .connecting, .configuring, .fallback, .away, .closing, .ended: return .drop(.notPlaying)
        case .greeting, .listening, .thinking, .speaking, .interruptionPending, .goodbye, .reconnecting: break
        }
        let isWanted = active?.id == response && active?.cancelRequested == false
        guard isWanted || defects.contains(.playsStaleDeltas) else {
            staleAudioDeltas += 1
            return .drop(.staleResponse)
        }
        active?.hadAudio = true
        let known = ledger.newest
        let playout = ledger.item(response: response, wireItem: item, at: now)
        if known?.item != playout { turns.audioArrived(playout, wireItem: item) }
        return .play(playout)
    }

    /// Shard thread: `samples` (at the carrier's rate) of `item` were queued in playout.
    public mutating func queued(_ item: PlayoutItem, samples: Int, at now: CallInstant) {
        ledger.queued(item, samples: samples)
    }

    /// Shard thread: `samples` of `item` went to the carrier.
    public mutating func sent(_ item: PlayoutItem, samples: Int, at now: CallInstant) {
        ledger.sent(item, samples: samples, at: now)
    }

    /// Shard thread, after each sent frame: the mark to send now, if one is due (every 200 ms and at an item's end).
    public mutating func dueMark(itemEnded: Bool) -> PlaybackMark? { ledger.dueMark(itemEnded: itemEnded) }

    // MARK: Transitions

    /// Goes from the present state along the row for `trigger`: the only place where `state` is written.
    /// - Returns: false when the table has no such row; then nothing was done.
    @discardableResult
    mutating func take(_ trigger: ConversationTrigger, _ actions: inout ActionList) -> Bool {
        guard let index = ConversationTable.row(state, trigger) else { return false }
        let row = ConversationTable.transitions[index]
        rowsUsed.insert(index)
        state = row.next
        for effect in row.effects { perform(effect, &actions) }
        return true
    }

    func canTake(_ trigger: ConversationTrigger) -> Bool { ConversationTable.row(state, trigger) != nil }

    /// Draws the conclusions that follow from the whole picture rather than from one event.
    private mutating func settle(_ actions: inout ActionList) {
        if state != .closing {
            settlePlayout(&actions)
            endHeardTurns(&actions)
            if machine.stage != .none { settleMachine(&actions) }
            settleErrand(&actions)
            settleOperatorWords(&actions)
            askForOwedReply(&actions)
            settleFloor(&actions)
            settleStandby(&actions)
            settleSilence(&actions)
            watchPlayout(&actions)
        }
        if state == .closing, !awaitsTranscripts { take(.released, &actions) }
    }

    /// `listening`, `thinking` and `greeting` follow from what is active.
    private mutating func settleFloor(_ actions: inout ActionList) {
        let due =
            active != nil || !tools.pending.isEmpty || owed != nil || speech.awaitsOwnAnswer || errand != nil
        switch state {
        case .listening where due && owed?.waitsForCaller != true: take(.answerDue, &actions)
        case .thinking where !due && ledger.unheard(at: now) == 0: take(.nothingToSay, &actions)
        case .greeting where active == nil && !turns.hasOpenAgentTurn && ledger.unheard(at: now) == 0:
            take(.nothingToSay, &actions)
        default: break
        }
    }

    // MARK: Timers

    mutating func arm(_ timer: TimerID, at deadline: CallInstant, _ actions: inout ActionList) {
        guard deadlines[Int(timer.rawValue)] != deadline.nanoseconds else { return }
        deadlines[Int(timer.rawValue)] = deadline.nanoseconds
        actions.append(.setDeadline(timer, at: deadline))
    }

    mutating func arm(_ timer: TimerID, inMilliseconds milliseconds: Int64, _ actions: inout ActionList) {
        arm(timer, at: now.advanced(byMilliseconds: milliseconds), &actions)
    }

    mutating func disarm(_ timer: TimerID, _ actions: inout ActionList) {
        guard isArmed(timer) else { return }
        deadlines[Int(timer.rawValue)] = .max
        actions.append(.clearDeadline(timer))
    }

    func isArmed(_ timer: TimerID) -> Bool { deadlines[Int(timer.rawValue)] != .max }

    /// A deadline that is not armed, or not due yet, is an echo of one that was moved or cleared.
    /// One that comes up to a tick early is due: timers of a shard run with its ticks.
    private mutating func disarmFired(_ timer: TimerID) -> Bool {
        guard isArmed(timer), deadlines[Int(timer.rawValue)] <= now.nanoseconds + 20_000_000 else { return false }
        now = max(now, CallInstant(nanoseconds: deadlines[Int(timer.rawValue)]))
        deadlines[Int(timer.rawValue)] = .max
        return true
    }
}

/// A set of small numbers, 0 ... 127.
struct RowSet: Equatable, Sendable {
    private var words = SIMD2<UInt64>(repeating: 0)
    mutating func insert(_ row: Int) { words[row >> 6] |= 1 << UInt64(row & 63) }
    func contains(_ row: Int) -> Bool { words[row >> 6] >> UInt64(row & 63) & 1 == 1 }
    mutating func formUnion(_ other: RowSet) { words |= other.words }
    var bits: (UInt64, UInt64) { (words[0], words[1]) }
}
