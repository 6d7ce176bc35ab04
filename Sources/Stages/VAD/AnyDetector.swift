public import AudioPipeline

/// A detector of any kind, behind one virtual call for each window. One thread at a time.
open class AnyDetector: @unchecked Sendable {  // Handed from who made it to who uses it; never shared.
    public let window: DetectorWindow
    public let latencyMilliseconds: Int
    public let cost: StageCost

    public init(window: DetectorWindow, latencyMilliseconds: Int, cost: StageCost) {
        (self.window, self.latencyMilliseconds, self.cost) = (window, latencyMilliseconds, cost)
    }

    /// - Parameter detector: what `VoiceActivityDetector` asks of it is now asked of the whole.
    public static func boxing<Detector: VoiceActivityDetector & ~Copyable>(
        _ detector: consuming Detector
    ) -> AnyDetector { DetectorBox(detector) }

    /// See `VoiceActivityDetector.analyze`.
    open func analyze(_ window: borrowing Span<Int16>) -> VoiceActivity {
        preconditionFailure("AnyDetector.analyze is for a subclass to answer")
    }

    /// See `VoiceActivityDetector.reset`.
    open func reset() { preconditionFailure("AnyDetector.reset is for a subclass to answer") }
}

/// A Swift detector as a class.
private final class DetectorBox<Detector: VoiceActivityDetector & ~Copyable>: AnyDetector, @unchecked Sendable {
    private var detector: Detector

    init(_ detector: consuming Detector) {
        let (window, latency, cost) = (detector.window, detector.latencyMilliseconds, detector.cost)
        self.detector = detector
        super.init(window: window, latencyMilliseconds: latency, cost: cost)
    }

    override func analyze(_ window: borrowing Span<Int16>) -> VoiceActivity { detector.analyze(window) }
    override func reset() { detector.reset() }
}
