import AudioPipeline
import VAD

/// A call's seat at a detector that runs elsewhere: frames go into a ring, the newest answer is looked at, and one that
/// lies too far back counts as none.
final class LaneSeat: DetectorSeat {
    /// 320 ms; what does not fit is not judged.
    static let ringFrames = 16

    private let lane: DetectorLane
    private var frames: PCMFrameWriter
    private let timeoutFrames: Int
    private var trust = DetectorTrust()
    private var pushed: UInt32 = 0
    private var wrong: UInt8 = 0

    /// - Parameter timeoutMilliseconds: how far an answer may lie behind, beyond the detector's own window.
    init(_ lane: DetectorLane, frames: consuming PCMFrameWriter, timeoutMilliseconds: Int) {
        self.lane = lane
        self.frames = frames
        timeoutFrames = max(1, timeoutMilliseconds / 20)
        super.init(runsHere: false, fault: .starting)
    }

    override func hear(_ frame: borrowing Span<Int16>) -> Bool? {
        let newest = lane.newest
        let isFull = !frames.push(frame)
        if !isFull { pushed &+= 1 }
        if newest.wrong != wrong {
            trust.answeredWrongly(Int(newest.wrong &- wrong))
            wrong = newest.wrong
        }
        let behind = Int(Int32(truncatingIfNeeded: pushed &- newest.frames))
        let now: DetectorFault? =
            if let absence = newest.absence { absence } else if isFull || behind > timeoutFrames { .late } else { nil }
        // A detector that is starting is given its time before it is late.
        fault = trust.frame(now == .starting && behind > timeoutFrames ? .late : now, standing: fault)
        return fault == nil ? newest.isSpeech : nil
    }

    override func restart() { lane.restart() }
    override func leave() { lane.leave() }
}
