import AudioPipeline
public import Conversation
import MulawCodec
import RealtimeBridge
public import VAD

/// Who decides that the caller interrupts.
public enum Listening: String, Sendable, CaseIterable, Codable {
    /// We do, and know what we sent: the service's own way.
    case echoAware
    /// We do, without the reference.
    case echoBlind
    /// Nothing but the server's voice detection.
    case server
}

/// How a case ended. Times in milliseconds.
public struct CallVerdict: Sendable, Codable, Equatable {
    public var group: String
    public var seed: UInt64
    public var listening: Listening
    public var isInterruption: Bool
    /// See `CallRecipe.isFair`.
    public var isFair: Bool
    /// The agent was stopped though nobody interrupted, or before he did.
    public var isFalse = false
    /// Nobody stopped the agent within 1.5 s.
    public var isMissed = false
    /// Nobody spoke, and yet the agent was asked for an answer: it answers itself.
    public var answersItself = false
    /// Arrival of the frame in which the words begin, to our last frame of agent audio.
    public var lastFrameMilliseconds: Int?
    /// The same, until the carrier plays no agent audio any more.
    public var silenceMilliseconds: Int?
    /// Pauses that were taken back, and how long they were.
    public var pauses = 0
    public var pausedMilliseconds = 0
}

/// One labelled case through the real chain: mu-law, energy detector, echo reference, segmenter, conversation, pacer and
/// playout, against a small carrier and a small server, in virtual time of 20 ms.
///
/// The caller's frames arrive at multiples of 20 ms; our own frames leave 10 ms after them.
public struct RehearsedCall: ~Copyable {
    private static let missedAfter = 1_500
    private let call: LabelledCall
    private let listening: Listening

    private var conversation: Conversation
    private var actions = ActionList()
    private var timers: [TimerID: Int64] = [:]
    private var server: RehearsedServer
    private var carrier = RehearsedCarrier()
    private var line: EchoingLine?
    private var playout: PlayoutQueue
    private var pacer = Pacer()
    private var detector: EnergyDetector
    private var segmenter: SpeechSegmenter
    private var echoFrames = 0
    private var reference: EchoReference
    private var encoder = MulawEncoder()
    private var decoder = MulawDecoder()

    private var now = 0
    /// When our first frame of the agent's message left.
    private var beganAt: Int?
    private var lastSentAt = 0
    private var clearedAt: Int?
    private var pausedAt: Int?
    private var isDry = true
    private var isSent = false
    private var verdict: CallVerdict

    /// What may be tuned; the defaults are the service's.
    public struct Settings: Sendable {
        public var policy = ConversationPolicy()
        public var detector = EnergyDetector.Tuning()
        public var timing = SpeechTiming()
        public var reference = EchoReference.Tuning()
        public init() {}
    }

    public init(_ call: LabelledCall, listening: Listening, settings: Settings = .init()) {
        self.call = call
        self.listening = listening
        var policy = settings.policy
        policy.turns = listening == .server ? .model : .ours
        conversation = Conversation(policy: policy, prompt: Self.prompt)
        server = RehearsedServer(
            answersItself: listening == .server, delayMilliseconds: call.serverMilliseconds,
            messageSamples: call.agent.count)
        line = call.echo.map { EchoingLine($0) }
        guard let playout = PlayoutQueue(pool: PlayoutPool(chunkCount: 200), format: .mulaw8k) else {
            preconditionFailure("a pool of 40 s holds a reserve of 4 s")
        }
        self.playout = playout
        detector = EnergyDetector(tuning: settings.detector)
        segmenter = SpeechSegmenter(timing: settings.timing)
        reference = EchoReference(tuning: settings.reference)
        verdict = CallVerdict(
            group: call.group, seed: call.seed, listening: listening, isInterruption: call.interruptsAtSample != nil,
            isFair: call.isFair)
    }

    private static let prompt: SessionPrompt = {
        do {
            return try PromptBuilder().build(
                from: PromptSource(inbound: .init(instructions: "Speak.", greeting: "Hello.")), direction: .inbound)
        } catch { preconditionFailure("a prompt of two plain words: \(error)") }
    }()

    /// When the words' first frame arrives; nil: never, or not known yet.
    private var wordsArriveAt: Int? {
        guard let sample = call.interruptsAtSample, let beganAt else { return nil }
        return (beganAt / 20 + sample / 160 + 1) * 20
    }

    public consuming func run() -> CallVerdict {
        happen(.carrierStarted(stream: "MZ1"))
        let last = 3_000 + call.agent.count / 8 + 4_000
        while now < last, !isOver { tick() }
        settle()
        return verdict
    }

    private var isOver: Bool {
        if let clearedAt { return now >= clearedAt + 600 }
        if let words = wordsArriveAt { return now > words + Self.missedAfter }
        return isSent && now > lastSentAt + 3_000
    }

    private mutating func settle() {
        guard let words = wordsArriveAt else {
            verdict.isFalse = clearedAt != nil
            verdict.answersItself = clearedAt == nil && server.furtherAnswers > 0
            return
        }
        guard let clearedAt else {
            verdict.isMissed = true
            return
        }
        if clearedAt < words {
            verdict.isFalse = true
        } else {
            verdict.lastFrameMilliseconds = max(0, lastSentAt - words)
            verdict.silenceMilliseconds = max(0, carrier.lastPlayedAt - words)
        }
    }

    // MARK: Time

    private mutating func tick() {
        now += 20
        while let due = timers.filter({ $0.value <= Int64(now) }).min(by: { $0.value < $1.value }) {
            timers[due.key] = nil
            happen(.deadline(due.key))
        }
        let played = carrier.play(at: now)
        for mark in carrier.takeEchoedMarks() { happen(.carrierMark(mark)) }
        while let step = server.next(at: now) {
            switch step {
            case .event(let event):
                if case .model(.outputAudioDone) = event { playout.endItem(PlayoutItem(ordinal: 1)) }
                happen(event)
            case .audio(let start, let count): queue(start, count)
            }
        }
        hear(played)
        send()
    }

    private func instant(_ offset: Int = 0) -> CallInstant { CallInstant(milliseconds: Int64(now + offset)) }

    private mutating func happen(_ event: ConversationEvent) {
        actions.removeAll()
        conversation.handle(event, at: instant(), into: &actions)
        for index in 0..<actions.count { perform(actions[index]) }
    }

    private mutating func perform(_ action: ConversationAction) {
        switch action {
        case .openModel: server.open(at: now)
        case .send(let command): server.receive(command, at: now)
        case .pausePlayout:
            pacer.pause()
            pausedAt = now
        case .resumePlayout:
            pacer.resume()
            if let pausedAt {
                verdict.pauses += 1
                verdict.pausedMilliseconds += now - pausedAt
            }
            pausedAt = nil
        case .clearPlayout:
            pacer.clear()
            _ = playout.clear()
            reference.cleared()
            carrier.clear(at: now)
            if clearedAt == nil { clearedAt = now }
        case .setDeadline(let timer, let at): timers[timer] = at.milliseconds
        case .clearDeadline(let timer): timers[timer] = nil
        default: break
        }
    }

    // MARK: The agent

    private mutating func queue(_ start: Int, _ count: Int) {
        guard case .play(let item) = conversation.admit(response: "resp_1", item: "item_1", at: instant()) else {
            return
        }
        let linear = call.agent[start..<start + count].map { Self.clipped($0) }
        var coded = [UInt8](repeating: 0xFF, count: count)
        var output = coded.mutableSpan
        _ = encoder.process(linear.span, into: &output)
        _ = playout.append(item, coded.span)
        conversation.queued(item, samples: count, at: instant())
    }

    private mutating func send() {
        let tick = Int64(now / 20)
        var due = clearedAt == nil ? pacer.framesDue(at: tick) : 0
        while due > 0 {
            var coded = [UInt8](repeating: 0xFF, count: 160)
            var frame = coded.mutableSpan
            let pop = playout.popFrame(into: &frame)
            _ = pacer.note(pop, at: tick)
            guard case .frame(let sent) = pop else { return runDry(pop) }
            isDry = false
            var linear = [Int16](repeating: 0, count: 160)
            var output = linear.mutableSpan
            _ = decoder.process(coded.span, into: &output)
            reference.sent(linear.span)
            carrier.receive(linear.map(Double.init), at: now + 10)
            lastSentAt = now + 10
            if beganAt == nil { beganAt = now }
            conversation.sent(sent.item, samples: sent.audioBytes, at: instant(10))
            if let mark = conversation.dueMark(itemEnded: sent.isLast) { carrier.receive(mark, at: now + 10) }
            if sent.isFirst { happen(.playoutStarted(sent.item)) }
            if sent.isLast { isSent = true }
            due -= 1
        }
    }

    private mutating func runDry(_ pop: PlayoutPop) {
        if case .waiting = pop {} else { isSent = true }
        guard !isDry else { return }
        isDry = true
        happen(.playoutEmpty(itemComplete: isSent))
    }

    // MARK: The caller

    private mutating func hear(_ played: [Double]?) {
        var near = [Double](repeating: 0, count: 160)
        let start = (now - 20) * 8
        let silence = [Double](repeating: 0, count: 160)
        if line != nil, let beganAt {
            let jumped = now - beganAt > call.agent.count / 16
            near = line?.next(played ?? silence, jumped: jumped) ?? near
        }
        for index in near.indices where start + index < call.noise.count { near[index] += call.noise[start + index] }
        if let beganAt {
            let position = (now - 20 - beganAt / 20 * 20) * 8
            if let words = call.interruptsAtSample { Self.add(call.words, at: words - position, to: &near) }
            for sound in call.sounds { Self.add(sound.samples, at: sound.sample - position, to: &near) }
        }
        let linear = coded(near.map { Self.clipped($0) })
        server.hear(linear, at: now)
        guard listening != .server else { return }
        var isSpeech = detector.analyze(linear.span).isSpeech
        if listening == .echoAware, reference.judge(linear.span).isEcho, isSpeech {
            isSpeech = false
            echoFrames += 1
            if echoFrames % 5 == 0 { happen(.voice(.echo)) }
        }
        switch segmenter.advance(isSpeech: isSpeech) {
        case .onset(let ago): happen(.voice(.onset(startedMillisecondsAgo: ago)))
        case .sustained: happen(.voice(.sustained))
        case .lapsed: happen(.voice(.lapsed))
        case .offset(let ago): happen(.voice(.offset(endedMillisecondsAgo: ago)))
        case nil: break
        }
    }

    /// There and back through the telephone's code.
    private mutating func coded(_ samples: [Int16]) -> [Int16] {
        var words = [UInt8](repeating: 0xFF, count: samples.count)
        var output = words.mutableSpan
        _ = encoder.process(samples.span, into: &output)
        var linear = samples
        var back = linear.mutableSpan
        _ = decoder.process(words.span, into: &back)
        return linear
    }

    private static func add(_ samples: [Double], at offset: Int, to frame: inout [Double]) {
        guard offset < frame.count, offset + samples.count > 0 else { return }
        for index in max(0, offset)..<min(frame.count, offset + samples.count) {
            frame[index] += samples[index - offset]
        }
    }

    private static func clipped(_ sample: Double) -> Int16 { Int16(max(-32_768, min(32_767, sample.rounded()))) }
}
