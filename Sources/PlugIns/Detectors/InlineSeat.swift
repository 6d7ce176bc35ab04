import AudioPipeline
import VAD

/// A detector on the shard's own thread. What it costs is the call's to watch; what it answers is watched here.
final class InlineSeat: DetectorSeat {
    private let detector: AnyDetector
    private var windows: FrameWindows
    private var trust = DetectorTrust()
    private var isSpeech = false

    init(_ detector: AnyDetector) {
        self.detector = detector
        windows = FrameWindows(detector.window)
        super.init(runsHere: true)
    }

    override func hear(_ frame: borrowing Span<Int16>) -> Bool? {
        // Too dear once is too dear for the rest of the call.
        if fault == .dear { return nil }
        var (speech, wrong) = (isSpeech, 0)
        windows.add(frame) { window in
            let activity = detector.analyze(window)
            if activity.isInRange { speech = activity.isSpeech } else { wrong += 1 }
        }
        if wrong > 0 { trust.answeredWrongly(wrong) }
        isSpeech = speech
        fault = trust.frame(nil, standing: fault)
        return fault == nil ? speech : nil
    }

    override func restart() {
        windows.reset()
        detector.reset()
        isSpeech = false
    }
}
