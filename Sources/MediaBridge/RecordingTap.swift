import AudioPipeline

/// One 20 ms piece of a call's sound on its way to the recorder, or a word about it.
struct RecordingPiece: BitwiseCopyable {
    enum Kind: UInt8, BitwiseCopyable {
        /// What the caller said, in mu-law.
        case caller
        /// What the agent said, in mu-law, at the place where the carrier will play it.
        case agent
        /// The carrier dropped what it had not played by `position`.
        case cleared
        /// The call is over.
        case end
    }
    var kind: Kind
    var count: UInt16
    /// Samples at 8 kHz since the call was set up.
    var position: Int64
    var samples: InlineArray<160, UInt8>
}

/// The shard's end of a call's recording: never waits; what the recorder is too slow for is skipped and counted.
/// Shard thread.
struct RecordingTap: ~Copyable {
    private var pieces: RecordWriter<RecordingPiece>
    private var piece = RecordingPiece(kind: .caller, count: 0, position: 0, samples: .init(repeating: 0xFF))
    private var callerEnd: Int64 = -1
    private var agentEnd: Int64 = 0

    /// The caller's frames follow each other without a seam; further off than this, their clock is set anew.
    private static let slackSamples: Int64 = 8_000

    init(_ pieces: consuming RecordWriter<RecordingPiece>) { self.pieces = pieces }

    var skipped: Int { pieces.refusedCount }

    mutating func caller(_ samples: Span<UInt8>, at now: Int64) {
        let heardFrom = max(0, now - Int64(samples.count))
        if callerEnd < 0 || abs(callerEnd - heardFrom) > Self.slackSamples { callerEnd = heardFrom }
        push(.caller, samples, at: callerEnd)
        callerEnd += Int64(samples.count)
    }

    /// Audio that never arrived: what follows moves back by as much (S12).
    mutating func callerGap(samples: Int) { if callerEnd >= 0 { callerEnd += Int64(samples) } }

    /// One frame went to the carrier at `now`; it plays when what was sent before it has been played.
    mutating func agent(_ samples: Span<UInt8>, at now: Int64) {
        agentEnd = max(agentEnd, now)
        push(.agent, samples, at: agentEnd)
        agentEnd += Int64(samples.count)
    }

    mutating func cleared(at now: Int64) {
        agentEnd = min(agentEnd, now)
        mark(.cleared, at: now)
    }

    mutating func end(at now: Int64) { mark(.end, at: now) }

    private mutating func mark(_ kind: RecordingPiece.Kind, at position: Int64) {
        (piece.kind, piece.count, piece.position) = (kind, 0, position)
        _ = pieces.push(piece)
    }

    private mutating func push(_ kind: RecordingPiece.Kind, _ samples: Span<UInt8>, at position: Int64) {
        let count = min(samples.count, 160)
        (piece.kind, piece.count, piece.position) = (kind, UInt16(count), position)
        for index in 0..<count { piece.samples[index] = samples[index] }
        _ = pieces.push(piece)
    }
}
