public import Conversation
import MulawCodec
public import VAD

/// A voice detector that can be run over the audio of a journal.
public enum JournalDetector: Sendable {
    /// The energy detector alone.
    case energy
    /// What calls use: the energy detector, less what the agent's echo explains.
    case energyEcho
    /// One character a frame of the caller's, `S` for speech.
    case scripted(String)

    public static let names = ["energy", "energy-echo", "scripted"]

    /// - Returns: nil for a name that is not known.
    public init?(name: String, script: String = "") {
        switch name {
        case "energy": self = .energy
        case "energy-echo": self = .energyEcho
        case "scripted": self = .scripted(script)
        default: return nil
        }
    }
}

/// What a detector said, and when.
public struct HeardEdge: Sendable, Equatable {
    public var at: CallInstant
    public var edge: VoiceEdge
}

/// The edges that the call had beside those that another detector finds in the same audio.
public struct DetectorRun: Sendable {
    public private(set) var ofCall: [HeardEdge] = []
    public private(set) var ofDetector: [HeardEdge] = []
    /// Frames of the caller's that were heard.
    public private(set) var frames = 0
    /// Of them, those for which the detector answered no probability.
    public private(set) var unanswered = 0

    /// - Throws: when the journal holds no audio.
    public init(_ file: JournalFile, _ detector: JournalDetector) throws(JournalError) {
        try Self.demandAudio(file)
        switch detector {
        case .energy: run(file, LocalEars(EnergyDetector(), isEchoAware: false))
        case .energyEcho: run(file, LocalEars(EnergyDetector(), isEchoAware: true))
        case .scripted(let script): run(file, LocalEars(ScriptedDetector(script), isEchoAware: false))
        }
    }

    /// A detector as a tenant may name it: less what the agent's echo explains, and told of each gap.
    /// - Parameter detector: hears 20 ms frames at 8 kHz.
    /// - Throws: when the journal holds no audio.
    public init<Detector: VoiceActivityDetector & ~Copyable>(
        _ file: JournalFile, plugged detector: consuming Detector
    ) throws(JournalError) {
        try Self.demandAudio(file)
        run(file, LocalEars(detector, isEchoAware: true, isPlugged: true))
    }

    private static func demandAudio(_ file: JournalFile) throws(JournalError) {
        guard file.header.keepsAudio else {
            throw JournalError("the journal holds no audio; `journal: audio` keeps it")
        }
    }

    private mutating func run<Detector>(_ file: JournalFile, _ ears: consuming LocalEars<Detector>)
    where Detector: VoiceActivityDetector, Detector: ~Copyable {
        var records = JournalRecords(file)
        var streams = 0
        while let record = records.next() {
            switch record {
            case .callerAudio(let frame, let at):
                frames += 1
                if let edge = ears.hear(frame.span) { ofDetector.append(HeardEdge(at: at, edge: edge)) }
            case .agentAudio(let frame, _): ears.sent(frame.span)
            case .callerMissed(let frames, _): ears.lost(frames: frames)
            case .event(.voice(.echo), _, _): break
            case .event(.voice(let edge), let at, _): ofCall.append(HeardEdge(at: at, edge: edge))
            case .event(let event, _, let actions):
                if case .carrierStarted = event {
                    streams += 1
                    if streams > 1 { ears.restarted() }
                }
                if actions.contains(.clearPlayout) { ears.cleared() }
            case .admitted, .queued, .sent, .mark: break
            }
        }
        unanswered = ears.unanswered
    }

    /// Onsets of the call that the detector has too, within 100 ms.
    public var sharedOnsets: Int {
        let starts = ofDetector.filter(\.isOnset).map(\.at.nanoseconds)
        return ofCall.filter { edge in
            edge.isOnset && starts.contains { abs($0 - edge.at.nanoseconds) <= 100_000_000 }
        }.count
    }
}

extension HeardEdge {
    public var isOnset: Bool { if case .onset = edge { true } else { false } }
}

/// The local ears of a call, with any detector: as `InboundPath` has them.
private struct LocalEars<Detector: VoiceActivityDetector & ~Copyable>: ~Copyable {
    private var detector: Detector
    private var echo = EchoReference()
    private let isEchoAware: Bool
    /// The energy detector goes through gaps; a tenant's own forgets.
    private let isPlugged: Bool
    private(set) var unanswered = 0
    private var segmenter = SpeechSegmenter()
    private var decoder = MulawDecoder()

    init(_ detector: consuming Detector, isEchoAware: Bool, isPlugged: Bool = false) {
        self.detector = detector
        (self.isEchoAware, self.isPlugged) = (isEchoAware, isPlugged)
    }

    mutating func hear(_ frame: Span<UInt8>) -> VoiceEdge? {
        let samples = decoded(frame)
        let activity = detector.analyze(samples.span)
        if !activity.isInRange { unanswered += 1 }
        let isSpeech = activity.isSpeech
        let isEcho = isEchoAware && echo.judge(samples.span).isEcho && isSpeech
        switch segmenter.advance(isSpeech: isSpeech && !isEcho) {
        case .onset(let milliseconds): return .onset(startedMillisecondsAgo: milliseconds)
        case .sustained: return .sustained
        case .lapsed: return .lapsed
        case .offset(let milliseconds): return .offset(endedMillisecondsAgo: milliseconds)
        case nil: return nil
        }
    }

    mutating func sent(_ frame: Span<UInt8>) {
        guard isEchoAware else { return }
        let samples = decoded(frame)
        echo.sent(samples.span)
    }

    mutating func cleared() { echo.cleared() }
    mutating func lost(frames: Int) {
        echo.lost(frames: frames)
        if isPlugged { detector.reset() }
    }
    mutating func restarted() {
        echo.reset()
        if isPlugged { detector.reset() }
    }

    private mutating func decoded(_ frame: Span<UInt8>) -> [Int16] {
        var linear = [Int16](repeating: 0, count: frame.count)
        var samples = linear.mutableSpan
        _ = decoder.process(frame, into: &samples)
        return linear
    }
}
