public import Conversation

/// One call before it happens: what the caller does, how the model answers, what goes wrong, all drawn from one seed.
///
/// A plan is a list of small things, each of which can be left out: what is left still is a plan. That is how a failing
/// call is shrunk.
public struct CallPlan: Sendable {
    public var seed: UInt64
    public var policy = ConversationPolicy()
    /// In order; each waits for its cue.
    public var acts: [CallerAct] = []
    /// The model's n-th response; then `AnswerPlan.usual`.
    public var answers: [AnswerPlan] = []
    public var faults: [PlannedFault] = []
    public var timing = Timing()

    /// How far apart the parties are. Milliseconds.
    public struct Timing: Sendable {
        /// From us to the model and back.
        public var model: Int64 = 40
        /// From the end of playing to the mark's echo.
        public var mark: Int64 = 60
        /// From speech to the model's voice detection saying so.
        public var hearing: Int64 = 250
        /// From the commit to its transcript.
        public var transcript: Int64 = 300

        public init() {}
    }

    public init(seed: UInt64) { self.seed = seed }
}

/// One thing that the caller does.
public struct CallerAct: Sendable {
    public enum Cue: Sendable {
        /// Milliseconds after the act before.
        case after(Int64)
        /// Milliseconds into what the agent says next; after eight seconds in any case.
        case intoAgent(Int64)
        /// Milliseconds after the agent has finished speaking; after ten seconds in any case.
        case agentSilent(Int64)
    }

    public enum Deed: Sendable, Equatable {
        /// Milliseconds of speech.
        case speaks(Int64)
        /// Asks for nothing more: the model's next answer is a goodbye with `end_call`.
        case saysBye(Int64)
        /// Too short to be speech.
        case coughs(Int64)
        /// A short "mhmm" that both detectors hear.
        case backchannels
        case presses(UInt8)
        /// Too quiet for the local detector.
        case mumbles(Int64)
        case waits(Int64)
        case hangsUp
    }

    public var cue: Cue
    public var deed: Deed
}

/// What one response of the model will be.
public struct AnswerPlan: Sendable {
    public static let usual = AnswerPlan()

    public var text = "This is a whole answer of a few plain words."
    /// Of audio; 0 for none.
    public var milliseconds: Int64 = 2_000
    /// From `response.created` to its first audio.
    public var delay: Int64 = 200
    /// Of audio in one delta, and between two deltas.
    public var deltaMilliseconds: Int64 = 200
    public var deltaGap: Int64 = 20
    public var tools: Int = 0
    /// Calls `end_call` as well.
    public var endsCall = false

    public init() {}
}

/// A fault with its time and how much of it.
public struct PlannedFault: Sendable {
    public var fault: SimulatedFault
    /// Milliseconds.
    public var at: Int64
    /// Milliseconds or a count; the fault says which.
    public var amount: Int64

    public init(_ fault: SimulatedFault, at: Int64, amount: Int64 = 0) {
        (self.fault, self.at, self.amount) = (fault, at, amount)
    }
}

extension CallPlan {
    /// The plan that `seed` stands for.
    public static func drawn(seed: UInt64, from set: FaultSet) -> CallPlan {
        var random = SplitMix64(seed: seed)
        var plan = CallPlan(seed: seed)
        plan.drawPolicy(&random)
        plan.drawActs(&random)
        plan.drawAnswers(&random)
        plan.drawFaults(from: set, &random)
        plan.settleMarks()
        return plan
    }

    /// A carrier without marks is configured as one.
    mutating func settleMarks() {
        policy.carrierEchoesMarks = !faults.contains { $0.fault == .noMarks }
    }

    private mutating func drawPolicy(_ random: inout SplitMix64) {
        policy.fallbackText = "We are sorry, please call again."
        policy.greets = !random.oneIn(10)
        policy.allowInterruptions = !random.oneIn(12)
        policy.greetingProtectionMilliseconds = random.oneIn(4) ? 1_000 : 0
        policy.digitsInterrupt = !random.oneIn(3)
        policy.goodbyeIsInterruptible = !random.oneIn(4)
        policy.withdrawsUnheardAnswer = !random.oneIn(5)
        policy.modelSpeechAloneMilliseconds = random.oneIn(6) ? 600 : nil
        policy.toolFillerMilliseconds = random.oneIn(3) ? 1_000 : nil
        policy.silenceMilliseconds = random.one(of: [8_000, 12_000, 20_000])
        policy.maximumDurationMilliseconds = random.oneIn(12) ? 20_000 : 3_600_000
        policy.turns = random.oneIn(6) ? .model : .ours
        policy.silencePrompts = random.one(of: [1, 1, 0, 2])
        policy.routeMilliseconds = random.one(of: [1_500, 3_000])
        if random.oneIn(5) { policy.minimumWords = 2 }
        if random.oneIn(5) {
            policy.backchannels = SpokenPhrases(["mhmm", "yes"])
            policy.lateWords = random.oneIn(2) ? .resume : .interrupt
            policy.keepsBackchannels = random.oneIn(2)
        }
        if random.oneIn(8) { policy.protectedMessages = SpokenPhrases(["a whole answer"]) }
        if random.oneIn(8) { policy.answeringMachine = random.oneIn(2) ? .hangUp : .leaveMessage }
        policy.answeringMachineMessage = "Please call the tea house."
        if random.oneIn(10) { policy.maximumTokens = random.within(200...2_000) }
        if random.oneIn(8) { policy.renewalMilliseconds = random.within(5_000...25_000) }
        policy.modelRoutes = random.one(of: [1, 1, 2, 3])
        timing.model = random.one(of: [20, 40, 40, 120])
        timing.mark = random.one(of: [0, 60, 60, 300])
        timing.hearing = random.within(120...400)
        timing.transcript = random.within(100...600)
    }

    private mutating func drawActs(_ random: inout SplitMix64) {
        let count = 2 + random.below(9)
        for _ in 0..<count { acts.append(Self.drawnAct(&random)) }
        switch random.below(6) {
        case 0: break  // Says nothing more.
        case 1...3: acts.append(CallerAct(cue: .agentSilent(random.within(200...3_000)), deed: .hangsUp))
        case 4: acts.append(CallerAct(cue: .intoAgent(random.within(0...2_000)), deed: .hangsUp))
        default:
            acts.append(CallerAct(cue: .agentSilent(800), deed: .saysBye(random.within(400...1_200))))
            if random.oneIn(2) {  // "But wait."
                acts.append(CallerAct(cue: .intoAgent(random.within(100...1_500)), deed: .speaks(900)))
                acts.append(CallerAct(cue: .agentSilent(1_000), deed: .saysBye(600)))
            }
        }
    }

    private static func drawnAct(_ random: inout SplitMix64) -> CallerAct {
        let cue: CallerAct.Cue =
            switch random.below(5) {
            case 0: .after(random.within(300...4_000))
            case 1, 2: .intoAgent(random.within(0...2_500))
            default: .agentSilent(random.within(100...2_500))
            }
        let deed: CallerAct.Deed =
            switch random.below(20) {
            case 0..<11: .speaks(random.within(300...4_000))
            case 11..<14: .coughs(random.within(40...150))
            case 14: .backchannels
            case 15, 16: .presses(random.one(of: [0x31, 0x32, 0x23, 0x2a]))
            case 17: .mumbles(random.within(600...2_500))
            case 18: .waits(random.within(1_000...6_000))
            default: .waits(random.within(6_000...25_000))
            }
        return CallerAct(cue: cue, deed: deed)
    }

    private mutating func drawAnswers(_ random: inout SplitMix64) {
        for _ in 0..<12 {
            var answer = AnswerPlan()
            answer.milliseconds = random.one(of: [600, 1_500, 2_510, 4_000, 8_000])
            answer.delay = random.within(80...700)
            answer.deltaMilliseconds = random.one(of: [100, 200, 330])
            answer.deltaGap = random.one(of: [5, 15, 25])
            if random.oneIn(6) {
                answer.tools = 1 + random.below(3)
                if random.oneIn(2) { answer.milliseconds = 0 }
            }
            if random.oneIn(24) { answer.endsCall = true }
            if answer.endsCall, random.oneIn(2) { answer.milliseconds = 0 }
            answers.append(answer)
        }
    }

    private mutating func drawFaults(from set: FaultSet, _ random: inout SplitMix64) {
        guard !set.isEmpty else { return }
        let count = [0, 1, 1, 2, 2, 3, 4, 6][random.below(8)]
        for _ in 0..<count {
            let fault = random.one(of: set.faults)
            let at = random.oneIn(3) ? 0 : random.within(0...30_000)
            faults.append(PlannedFault(fault, at: at, amount: Self.amount(of: fault, &random)))
        }
        faults.sort { $0.at < $1.at }
    }

    private static func amount(of fault: SimulatedFault, _ random: inout SplitMix64) -> Int64 {
        switch fault {
        case .marksLost: random.one(of: [1, 2, 3])
        case .marksSlow: random.within(300...1_200)
        case .carrierLag: random.within(100...600)
        case .playbackStalls: random.within(60...800)
        case .connectRefused: random.one(of: [401, 403, 404])
        case .connectBusy, .connectUnreachable: random.one(of: [1, 1, 2, 3, 9])
        case .connectSlow: random.within(500...10_000)
        case .modelDrops, .sessionExpires: random.one(of: [0, 0, 1, 3, 9])
        case .sessionShort: random.within(8_000...40_000)
        case .echoSlow: random.within(500...9_000)
        case .responseSlow: random.within(1_000...12_000)
        case .responseStalls: random.within(60...3_000)
        case .speechStartLate: random.within(300...1_500)
        case .transcriptLate: random.within(600...4_000)
        case .toolSlow: random.within(1_500...7_500)
        case .storeStalls: random.within(50...5_000)
        case .storeFails: random.within(1...20)
        case .threadStalls: random.within(30...400)
        case .machineAnswers: random.one(of: [0, 1_500, 6_000])
        case .agentEchoes, .noise: random.within(200...1_500)
        case .responseEmpty, .responseFailed, .responseLost: random.one(of: [1, 1, 2])
        case .noMarks, .marksStale, .carrierRetries, .carrierStops, .carrierCloses, .carrierHalfOpen, .carrierStalls,
            .carrierBreaksProtocol, .speechChopped, .echoWrong, .echoMissing, .echoTwice, .fieldsRefused,
            .responseIncomplete, .responseRateLimited, .quotaExhausted, .responseCancelled, .deltasStale, .doneStale,
            .answersUnasked, .errorBenign, .errorUnknown, .speechUnheard, .speechStartRepeated, .transcriptFailed,
            .transcriptPartial, .transcriptMissing, .toolFails, .toolNever, .toolRepeated, .toolStray,
            .deadlineStray, .playoutFull, .operatorDrains, .operatorHangsUp:
            0
        }
    }
}
