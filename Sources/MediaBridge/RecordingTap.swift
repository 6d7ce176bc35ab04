import AudioPipeline
import Synchronization

/// One 20 ms piece of a call's sound on its way to the recorder, or a word about it.
struct RecordingPiece: BitwiseCopyable {
    enum Kind: UInt8, BitwiseCopyable {
        /// What the caller said, in mu-law.
        case caller
        /// What the agent said, in mu-law, at the place where the carrier will play it.
        case agent
        /// The carrier dropped what it had not played by `position`.
        case cleared
        /// What the agent said from `position` on is heard `shift` samples later than it was laid.
        case moved
    }
    var kind: Kind
    var count: UInt16
    /// Samples at 8 kHz since the call was set up.
    var position: Int64
    var shift: Int64 = 0
    var samples: InlineArray<160, UInt8>
}

/// Where a recorded call ended, in samples at 8 kHz; nil while it goes on. Written once by the shard, read by the recorder.
final class RecordingEnding: Sendable {
    private let position = Atomic<Int64>(-1)

    /// Releasing: every piece pushed before is there for whoever sees the end.
    func set(_ samples: Int64) { position.store(max(0, samples), ordering: .releasing) }

    var value: Int64? {
        let value = position.load(ordering: .acquiring)
        return value < 0 ? nil : value
    }
}

/// The shard's end of a call's recording: never waits; what the recorder is too slow for is skipped and counted.
/// Shard thread.
struct RecordingTap: ~Copyable {
    private var pieces: RecordWriter<RecordingPiece>
    /// Where the call ended; told beside the ring, which may be full.
    private let ending: RecordingEnding
    /// A clear that found the ring full goes before the next piece.
    private var pendingClear: Int64?
    private var piece = RecordingPiece(kind: .caller, count: 0, position: 0, samples: .init(repeating: 0xFF))
    private var callerEnd: Int64 = -1
    private var agentEnd: Int64 = 0
    /// Where the agent's present stretch of sound begins, and how much later than sent the carrier is known to play.
    private var spurtStart: Int64 = 0
    private var delay: Int64 = 0
    private var isSpurtPlaced = false

    /// A carrier's delay is followed in steps of a frame; a proven hole lies within the marks that prove it.
    private static let stepSamples: Int64 = 160
    private static let provingSamples: Int64 = 4_800

    /// The caller's frames follow each other without a seam; further off than this, their clock is set anew.
    private static let slackSamples: Int64 = 8_000

    init(_ pieces: consuming RecordWriter<RecordingPiece>, ending: RecordingEnding) {
        self.pieces = pieces
        self.ending = ending
    }

    var skipped: Int { pieces.refusedCount }

    mutating func caller(_ samples: Span<UInt8>, at now: Int64) {
        let heardFrom = max(0, now - Int64(samples.count))
        if callerEnd < 0 || abs(callerEnd - heardFrom) > Self.slackSamples { callerEnd = heardFrom }
        push(.caller, samples, at: callerEnd)
        callerEnd += Int64(samples.count)
    }

    /// Audio that never arrived: what follows moves back by as much (S12).
    mutating func callerGap(samples: Int) { if callerEnd >= 0 { callerEnd += Int64(samples) } }

    /// One frame went to the carrier at `now`; it plays when what was sent before it has been played, and as much later
    /// as marks have told.
    mutating func agent(_ samples: Span<UInt8>, at now: Int64) {
        if agentEnd < now + delay { (agentEnd, spurtStart, isSpurtPlaced) = (now + delay, now + delay, false) }
        push(.agent, samples, at: agentEnd)
        agentEnd += Int64(samples.count)
    }

    /// Marks say that the carrier plays `late` samples after sending: what was laid is moved to where it was heard.
    mutating func carrierPlays(late: Int64, at now: Int64) {
        let shift = late - delay
        guard agentEnd > now - Self.provingSamples, abs(shift) >= Self.stepSamples else {
            if agentEnd > now { isSpurtPlaced = true }
            return
        }
        // Later all at once, once the place was known: the carrier's buffer ran dry, not long ago.
        let isHole = isSpurtPlaced && shift > 0
        let first = isHole ? max(spurtStart, now - Self.provingSamples) : spurtStart
        (piece.kind, piece.count, piece.position, piece.shift) = (.moved, 0, first, shift)
        guard pieces.push(piece) else { return }
        (delay, isSpurtPlaced) = (late, true)
        agentEnd += shift
        if !isHole { spurtStart += shift }
    }

    mutating func cleared(at now: Int64) {
        agentEnd = min(agentEnd, now)
        pendingClear = min(pendingClear ?? now, now)
        sendPendingClear()
    }

    mutating func end(at now: Int64) {
        sendPendingClear()
        ending.set(now)
    }

    private mutating func sendPendingClear() {
        guard let position = pendingClear else { return }
        (piece.kind, piece.count, piece.position) = (.cleared, 0, position)
        if pieces.push(piece) { pendingClear = nil }
    }

    private mutating func push(_ kind: RecordingPiece.Kind, _ samples: Span<UInt8>, at position: Int64) {
        sendPendingClear()
        let count = min(samples.count, 160)
        (piece.kind, piece.count, piece.position) = (kind, UInt16(count), position)
        for index in 0..<count { piece.samples[index] = samples[index] }
        _ = pieces.push(piece)
    }
}
