public import AudioPipeline
import CLinux
public import Configuration
public import VAD

/// Detectors by any door for audio that is there already: checks, comparisons, replays. As fast as they answer; nothing
/// stands in for one that fails.
public enum OfflineDetectors {
    /// One stage, for one thread. `factory` is all that most need.
    public struct Stage {
        /// One detector for one call.
        public let make: DetectorEntry.Factory
        /// It judges in this process.
        public let runsHere: Bool
        /// Memory of its process, in bytes; nil where it has none of its own, or none that can be seen.
        public let residentBytes: () -> Int?

        public init(
            make: @escaping DetectorEntry.Factory, runsHere: Bool, residentBytes: @escaping () -> Int? = { nil }
        ) {
            (self.make, self.runsHere, self.residentBytes) = (make, runsHere, residentBytes)
        }
    }

    /// What makes detectors of one stage, all for one thread. A program or server is started here and ends with the last of
    /// them; one that fails, or is silent for two seconds, answers probabilities that are no numbers from then on.
    /// - Throws: an unknown engine, an option that does not fit, a library that is none, a program without a first line.
    public static func factory(
        _ settings: PlugInSettings, host: [String] = StageHost.command
    ) throws(StageFault) -> DetectorEntry.Factory { try stage(settings, host: host).make }

    /// - Parameter trustsLibraries: loads a library that is `inline` without its record.
    /// - Throws: as `factory`.
    public static func stage(
        _ settings: PlugInSettings, host: [String] = StageHost.command, trustsLibraries: Bool = false
    ) throws(StageFault) -> Stage {
        func here(_ make: @escaping DetectorEntry.Factory) -> Stage {
            Stage(make: make, runsHere: true)
        }
        switch settings.door {
        case .engine(let engine):
            guard let entry = Stages.detectors[engine] else { throw PluggedDetector.unknown(engine) }
            return here(try entry.prepare(StageOptions(settings.options)))
        case .library(let path, isInline: true):
            let record = trustsLibraries ? nil : settings.record
            let library = try SharedObject(inline: path, record: record, options: settings.options)
            return here(try library.factory(settings.options))
        case .library(let path, isInline: false):
            return try remote(ChildLink(host + [path] + settings.hostArguments), settings)
        case .program(let command): return try remote(ChildLink(command), settings)
        case .server(let url): return try remote(SocketLink(url), settings)
        }
    }

    private static func remote(
        _ link: any StageLink, _ settings: PlugInSettings
    ) throws(StageFault) -> Stage {
        let session = try LinkSession(link, startSeconds: settings.startSeconds)
        return Stage(make: { LinkDetector(session) }, runsHere: false, residentBytes: { session.residentBytes })
    }
}

extension PlugInSettings {
    /// Options as `media-bridge stage-host` takes them.
    var hostArguments: [String] {
        options.sorted { $0.key < $1.key }.flatMap { ["--option", "\($0.key)=\($0.value)"] }
    }
}

/// A detector over 20 ms frames at 8 kHz, whatever its own rate and window. One thread.
public final class FrameDetector: VoiceActivityDetector {
    public var window: DetectorWindow { .telephoneFrame }
    public var latencyMilliseconds: Int { detector.latencyMilliseconds }
    public var cost: StageCost { detector.cost }
    private let detector: AnyDetector
    private var windows: FrameWindows
    private var newest = VoiceActivity(probability: 0, isSpeech: false)

    public init(_ detector: AnyDetector) {
        self.detector = detector
        windows = FrameWindows(detector.window)
    }

    /// - Parameter frame: 160 samples.
    /// - Returns: what it thinks of the last whole window; silence before the first.
    public func analyze(_ frame: borrowing Span<Int16>) -> VoiceActivity {
        var newest = newest
        windows.add(frame) { newest = detector.analyze($0) }
        self.newest = newest
        return newest
    }

    public func reset() {
        windows.reset()
        detector.reset()
        newest = VoiceActivity(probability: 0, isSpeech: false)
    }
}

/// A link that is asked and waited for, window by window. One thread.
private final class LinkSession: @unchecked Sendable {  // One thread's, with all detectors made from it.
    static let silentNanoseconds: UInt64 = 2_000_000_000

    private let link: any StageLink
    let window: DetectorWindow
    private var calls: UInt32 = 0
    private var hasFailed = false
    private var answers: [StageAnswer?] = []

    init(_ link: any StageLink, startSeconds: Int) throws(StageFault) {
        self.link = link
        try link.open()
        let deadline = media_bridge_monotonic_nanoseconds() + UInt64(startSeconds) * 1_000_000_000
        var first: StageAnswer??
        while first == nil {
            var lines: [StageAnswer?] = []
            let isThere = link.lines { lines.append(StageAnswer($0)) }
            first = lines.first
            guard first == nil else { break }
            guard isThere, media_bridge_monotonic_nanoseconds() < deadline else {
                let words = link.lastWords
                link.close()
                throw StageFault(
                    "no first line in \(startSeconds) s" + (words.isEmpty ? "" : "; its last words: \(words)"))
            }
            link.wait(milliseconds: 20)
        }
        guard let first = first ?? nil else {
            link.close()
            throw StageFault("its first line is no JSON object")
        }
        window = try first.introduction()
    }

    deinit { link.close() }

    var residentBytes: Int? { link.residentBytes }

    func begin() -> UInt32 {
        calls &+= 1
        send(.begin, calls)
        return calls
    }

    func send(_ message: StageMessage, _ call: UInt32) {
        var out: [UInt8] = []
        out.append(message, call: call, bytes: 0)
        if !link.send(out) { hasFailed = true }
    }

    func ask(_ window: borrowing Span<Int16>, of call: UInt32) -> VoiceActivity {
        let none = VoiceActivity(probability: .nan, isSpeech: false)
        guard !hasFailed else { return none }
        var out: [UInt8] = []
        out.append(.audio, call: call, bytes: window.count * 2)
        out.append(samples: window)
        hasFailed = !link.send(out)
        let deadline = media_bridge_monotonic_nanoseconds() + Self.silentNanoseconds
        while !hasFailed, media_bridge_monotonic_nanoseconds() < deadline {
            let isThere = link.lines { answers.append(StageAnswer($0)) }
            while !answers.isEmpty {
                guard let answer = answers.removeFirst(), answer.call == call else { continue }
                return answer.activity ?? none
            }
            if !isThere { break }
            link.wait(milliseconds: 20)
            if link.backlog > 0, !link.send([]) { break }
        }
        hasFailed = true
        return none
    }
}

/// One call of a `LinkSession`.
private final class LinkDetector: AnyDetector, @unchecked Sendable {
    private let session: LinkSession
    private let call: UInt32

    init(_ session: LinkSession) {
        self.session = session
        call = session.begin()
        super.init(window: session.window, latencyMilliseconds: 0, cost: .worker)
    }

    deinit { session.send(.end, call) }

    override func analyze(_ window: borrowing Span<Int16>) -> VoiceActivity { session.ask(window, of: call) }
    override func reset() { session.send(.reset, call) }
}
