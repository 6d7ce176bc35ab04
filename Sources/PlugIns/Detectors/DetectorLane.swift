import AudioPipeline
import Synchronization
import VAD

/// What a call's seat and the worker that judges for it tell each other, beside the ring of frames.
///
/// The worker writes `answer`, the seat everything else.
final class DetectorLane: Sendable {
    /// Names the call to the detector.
    let number: UInt32
    private let answer = Atomic<UInt64>(LaneAnswer(absence: .starting).packed)
    /// Raised for each gap.
    private let restarts = Atomic<UInt32>(0)
    private let left = Atomic<Bool>(false)

    init(number: UInt32) { self.number = number }

    // MARK: Worker

    func publish(_ newest: LaneAnswer) { answer.store(newest.packed, ordering: .releasing) }
    var restartCount: UInt32 { restarts.load(ordering: .acquiring) }
    var hasLeft: Bool { left.load(ordering: .acquiring) }

    // MARK: Seat

    var newest: LaneAnswer { LaneAnswer(packed: answer.load(ordering: .acquiring)) }
    func restart() { restarts.store(restarts.load(ordering: .relaxed) &+ 1, ordering: .releasing) }
    func leave() { left.store(true, ordering: .releasing) }
}

/// The newest that a worker knows of one call, in one word.
struct LaneAnswer: Equatable {
    /// Frames of the call's, judged or let go; wraps.
    var frames: UInt32 = 0
    var isSpeech = false
    /// Answers that were none, modulo 256.
    var wrong: UInt8 = 0
    /// That nobody judges; nil: somebody does.
    var absence: DetectorFault?

    init(absence: DetectorFault? = nil) { self.absence = absence }

    init(packed: UInt64) {
        frames = UInt32(truncatingIfNeeded: packed)
        wrong = UInt8(truncatingIfNeeded: packed >> 32)
        isSpeech = packed >> 40 & 1 == 1
        absence =
            switch packed >> 41 & 3 {
            case 1: .starting
            case 2: .gone
            default: nil
            }
    }

    var packed: UInt64 {
        let absent: UInt64 =
            switch absence {
            case nil: 0
            case .starting: 1
            default: 2
            }
        return UInt64(frames) | UInt64(wrong) << 32 | (isSpeech ? 1 << 40 : 0) | absent << 41
    }
}
