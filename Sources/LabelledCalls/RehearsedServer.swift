import AudioPipeline
import Conversation
import VAD

/// The model's side of a rehearsed call: greets with the agent's message, ten times faster than it plays, and hears with a
/// voice detection of its own, as the offline agent's: the energy detector, speech after 100 ms of it, 500 ms of silence
/// at its end. Its events arrive after the case's delay.
struct RehearsedServer: ~Copyable {
    enum Step {
        case event(ConversationEvent)
        case audio(start: Int, count: Int)
    }

    private let answersItself: Bool
    private let delay: Int
    private var detector = EnergyDetector()
    private var segmenter: SpeechSegmenter
    private var steps: [(at: Int, step: Step)] = []
    private var items = 0
    private let messageSamples: Int
    private var hasAnswered = false
    /// Answers asked for after the message.
    private(set) var furtherAnswers = 0

    init(answersItself: Bool, delayMilliseconds: Double, messageSamples: Int) {
        self.answersItself = answersItself
        self.messageSamples = messageSamples
        delay = Int(delayMilliseconds)
        var timing = SpeechTiming()
        timing.sustainedMilliseconds = 100
        timing.hangoverMilliseconds = 500
        segmenter = SpeechSegmenter(timing: timing)
    }

    private mutating func plan(_ step: Step, at time: Int) {
        let index = steps.firstIndex { $0.at > time } ?? steps.count
        steps.insert((time, step), at: index)
    }

    mutating func next(at now: Int) -> Step? {
        guard let first = steps.first, first.at <= now else { return nil }
        return steps.removeFirst().step
    }

    mutating func open(at now: Int) { plan(.event(.modelOpened), at: now + 40) }

    mutating func receive(_ command: ModelCommand, at now: Int) {
        switch command {
        case .configure:
            let echo = SessionEcho(
                inputFormat: "audio/pcmu", outputFormat: "audio/pcmu", turnDetection: "server_vad",
                createResponse: answersItself, interruptResponse: answersItself)
            plan(.event(.model(.sessionUpdated(echo))), at: now + 40)
        case .createResponse: answer(at: now + 40)
        case .cancelResponse(let response):
            guard let response else { return }
            plan(.event(.model(.responseDone(ResponseOutcome(response: response, status: .cancelled)))), at: now + 40)
        default: break
        }
    }

    /// One message per case; what follows an interruption is not looked at.
    private mutating func answer(at time: Int) {
        guard !hasAnswered else {
            furtherAnswers += 1
            return
        }
        hasAnswered = true
        let (response, item): (WireID, WireID) = ("resp_1", "item_1")
        plan(.event(.model(.responseCreated(response: response))), at: time)
        var (start, now) = (0, time + 200)
        while start < messageSamples {
            let count = min(1_600, messageSamples - start)
            plan(.audio(start: start, count: count), at: now)
            (start, now) = (start + count, now + 20)
        }
        plan(.event(.model(.outputAudioDone(response: response, item: item))), at: now)
        plan(.event(.model(.responseDone(ResponseOutcome(response: response, status: .completed)))), at: now)
    }

    mutating func hear(_ frame: [Int16], at now: Int) {
        switch segmenter.advance(isSpeech: detector.analyze(frame.span).isSpeech) {
        case .sustained:
            items += 1
            let item = WireID("item_u\(items)")!
            plan(.event(.model(.speechStarted(item: item, audioStartMilliseconds: Int64(now)))), at: now + delay)
        case .offset:
            let item = WireID("item_u\(items)")!
            plan(.event(.model(.speechStopped(item: item, audioEndMilliseconds: Int64(now)))), at: now + delay)
            plan(.event(.model(.committed(item: item, previous: nil))), at: now + delay)
        case .onset, .lapsed, nil: break
        }
    }
}
