import AudioPipeline
public import VAD

/// A call's end at a recogniser: sound and boundaries of speech go into a ring of ten seconds, and nobody waits. What the
/// recogniser is too slow for is lost to it alone, in whole frames. Shard thread.
public final class RecognizerSeat {
    /// Frames that the ring holds.
    static let ringPieces = 512
    /// Frames follow each other without a seam; further off than a second, their clock is set anew.
    private static let slackSamples: Int64 = 8_000

    private var pieces: RecordWriter<CallSound>
    private let lane: RecognizerLane
    private var piece = CallSound(kind: .audio, position: 0, samples: .init(repeating: 0xFF))
    /// Where the sound so far ends, samples at 8 kHz on the call's clock.
    private var end: Int64 = -1
    private var onset: Int64 = 0
    /// A boundary that found the ring full goes before the next frame.
    private var waiting: (kind: CallSound.Kind, position: Int64)?
    /// Frames that found the ring full.
    public private(set) var lostFrames = 0

    init(_ pieces: consuming RecordWriter<CallSound>, lane: RecognizerLane) {
        self.pieces = pieces
        self.lane = lane
    }

    deinit { lane.leave() }

    /// One frame in mu-law.
    /// - Parameter now: where it ends, samples at 8 kHz on the call's clock.
    public func hear(_ frame: Span<UInt8>, at now: Int64) {
        let from = max(0, now - Int64(CallSound.frameSamples))
        if end < 0 || abs(end - from) > Self.slackSamples { end = from }
        sendWaiting()
        var room = piece.samples.mutableSpan
        room.copy(frame)
        (piece.kind, piece.position) = (.audio, end)
        if !pieces.push(piece) { lostFrames += 1 }
        end += Int64(CallSound.frameSamples)
    }

    /// Sound that never arrived.
    public func missed(samples: Int) { if end >= 0 { end += Int64(samples) } }

    /// The call's detector, for the frame that was heard last. A click is no boundary.
    public func edge(_ edge: SpeechEdge) {
        switch edge {
        case .onset(let milliseconds): onset = max(0, end - Int64(milliseconds) * 8)
        case .lapsed: break
        case .sustained: tell(.speechBegan, at: onset)
        case .offset(let milliseconds): tell(.speechEnded, at: max(0, end - Int64(milliseconds) * 8))
        }
    }

    /// The call is over: what was said last becomes final.
    public func leave() {
        sendWaiting()
        lane.leave()
    }

    private func tell(_ kind: CallSound.Kind, at position: Int64) {
        sendWaiting()
        if waiting == nil { waiting = (kind, position) } else if kind == .speechEnded { waiting = nil }
        sendWaiting()
    }

    private func sendWaiting() {
        guard let told = waiting else { return }
        (piece.kind, piece.position) = (told.kind, told.position)
        if pieces.push(piece) { waiting = nil }
    }
}
