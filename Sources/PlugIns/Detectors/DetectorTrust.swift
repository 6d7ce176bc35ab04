import VAD

/// When a detector is believed: at once at first, and after a fault again when a second of frames has gone well.
struct DetectorTrust {
    static let framesToReturn = 50
    /// Answers that were none, in `wrongFrames` frames, before a detector is wrong.
    static let wrongAnswers = 3, wrongFrames = 50

    private var well = 0
    private var wrong = 0
    private var sinceWrong = 0

    /// What `now` found for this frame becomes the fault that stands.
    /// - Parameter standing: the fault that stood.
    mutating func frame(_ now: DetectorFault?, standing: DetectorFault?) -> DetectorFault? {
        sinceWrong += 1
        if sinceWrong >= Self.wrongFrames { (wrong, sinceWrong) = (0, 0) }
        let now = now ?? (wrong >= Self.wrongAnswers ? .wrong : nil)
        if let now {
            well = 0
            return now
        }
        guard let standing else { return nil }
        // It has not failed, it has only just begun.
        if standing == .starting { return nil }
        well += 1
        guard well >= Self.framesToReturn else { return standing }
        well = 0
        return nil
    }

    mutating func answeredWrongly(_ answers: Int = 1) { wrong += answers }
}
