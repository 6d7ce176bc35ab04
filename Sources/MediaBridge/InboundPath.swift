import AudioPipeline
import MulawCodec
import RealtimeBridge
import Resample
import VAD

/// The caller's audio on its way to the model.
///
/// ```
/// carrier ─► arrived ─► arrivals ─► [inbound phase] hear: decode ─► VAD ─► history ─► forward: (resample) ─► model
///                                   sent, cleared ─► echo reference ┘
/// ```
/// The echo reference decides what counts as speech of the caller's; the audio that goes to the model is never touched.
/// One owner, the call; shard thread only. Allocates in `init`, never after.
struct InboundPath: ~Copyable {
    /// Samples at the carrier's rate, 8 kHz.
    static let frameSamples = 160
    private var arrivals = ArrivalQueue()
    private var history: UplinkHistory
    private var decoder = MulawDecoder()
    private var detector = EnergyDetector()
    /// The tenant's own detector, when it has one; the one above decides where it cannot.
    private(set) var seat: DetectorSeat?
    /// Only where it is listened to: 13 KB.
    private var echo: EchoReference?
    private(set) var hearing: Hearing
    private var segmenter: SpeechSegmenter
    /// How a frame is written for the model: the carrier's own mu-law passes through untouched.
    private let modelFormat: ModelAudioFormat
    private var alaw = AlawEncoder()
    private var upsampler: PolyphaseResampler?

    /// The frame that `hear` took in last.
    private(set) var wire = InlineArray<160, UInt8>(repeating: 0xFF)
    private var linear = InlineArray<160, Int16>(repeating: 0)
    private var outgoing = InlineArray<160, UInt8>(repeating: 0xFF)
    private var wide = InlineArray<480, Int16>(repeating: 0)

    /// Frames, with the reason of each that was let go (R1).
    private(set) var ledger = FrameLedger()
    /// Bytes of one frame in the model's format.
    private let modelFrameBytes: Int

    /// - Parameters:
    ///   - timing: how long speech and silence last before they count.
    ///   - isEchoAware: what the agent's own echo explains is no speech of the caller's (S31).
    ///   - seat: at the detector that the tenant names; nil: the level decides.
    ///   - pool: `UplinkHistory.pool(calls:)` of the shard.
    init(
        modelFormat: ModelAudioFormat, timing: SpeechTiming = .init(), isEchoAware: Bool = true,
        seat: DetectorSeat? = nil, pool: BlockPool
    ) throws(ResampleError) {
        self.modelFormat = modelFormat
        history = UplinkHistory(pool: pool)
        self.seat = seat
        segmenter = SpeechSegmenter(timing: timing)
        hearing = isEchoAware ? .echoAware : .energy
        echo = isEchoAware ? EchoReference() : nil
        modelFrameBytes = modelFormat.audioFormat.bytesPerFrame
        upsampler =
            modelFormat == .pcm24 ? try PolyphaseResampler(inputRateHz: 8_000, outputRateHz: 24_000) : nil
    }

    /// Carrier socket: one message's audio, any length.
    mutating func arrived(_ audio: Span<UInt8>) {
        ledger.receive(audio.count)
        if !arrivals.push(audio) { ledger.drop(.overrun, audio.count) }
    }

    /// Inbound phase: takes the next whole frame that has arrived through decoder and detector, and lays it by for the
    /// model. `wire` holds its code words until the next call.
    /// - Returns: nil when no whole frame is left.
    mutating func hear() -> HeardFrame? {
        var wireFrame = wire.mutableSpan
        guard arrivals.pop(into: &wireFrame) else { return nil }
        var linearFrame = linear.mutableSpan
        _ = decoder.process(wire.span, into: &linearFrame)
        // The level is always known: whoever falls back to it has its past.
        let isLoud = detector.analyze(linear.span).isSpeech
        let isSpeech = seat == nil ? isLoud : seat?.hear(linear.span) ?? isLoud
        let isEcho = hearing == .echoAware && echo?.judge(linear.span).isEcho == true && isSpeech
        let edge = segmenter.advance(isSpeech: isSpeech && !isEcho)
        if !history.keep(wire.span) { ledger.drop(.stale, Self.frameSamples) }
        return HeardFrame(edge: edge, isEcho: isEcho)
    }

    /// The dearest of the ears goes and what it fell back to decides alone, until the call is over.
    /// - Returns: false when there is nothing left to do without.
    mutating func demoteHearing() -> Bool {
        if let seat, seat.runsHere, seat.fault != .dear {
            seat.fault = .dear
            return true
        }
        guard let cheaper = hearing.cheaper else { return false }
        hearing = cheaper
        return true
    }

    // MARK: The far end

    /// A frame of the agent's went to the carrier, in its format.
    mutating func sent(_ frame: Span<UInt8>) {
        guard hearing == .echoAware else { return }
        var linearFrame = linear.mutableSpan
        _ = decoder.process(frame, into: &linearFrame)
        echo?.sent(linear.span)
    }

    /// The carrier was told to drop what it has not played.
    mutating func cleared() { echo?.cleared() }

    /// Frames of the caller's never came.
    mutating func lost(frames: Int) {
        echo?.lost(frames: frames)
        seat?.restart()
    }

    /// Another stream goes on where this one was: what it had to play is gone, and its line is another one.
    mutating func restarted() {
        echo?.reset()
        seat?.restart()
    }

    /// Frames laid by for the model.
    var waitingFrames: Int { history.waiting }

    /// Every 160 ms: the moment to say how much of what was forwarded may be wanted again.
    var mayForget: Bool { history.mayForget }

    /// Of what was forwarded, no more than the newest `milliseconds` may be wanted again; a second is kept in any case.
    mutating func forgetForwarded(olderThan milliseconds: Int64) {
        history.limitGone(to: Int(clamping: (milliseconds + 19) / 20))
    }

    /// The newest of what was forwarded goes once more, before what waits: the session that had it is gone. It is in the
    /// books already.
    mutating func repeatForwarded(milliseconds: Int64) {
        history.rewind(frames: Int(clamping: (milliseconds + 19) / 20))
    }

    /// Takes waiting frames, as many as fit, and hands them over as one message in the model's format.
    /// - Parameters:
    ///   - scratch: where the message is built; one for all calls of a shard.
    ///   - send: asked for room before; what it refuses all the same is lost, and counted here.
    /// - Returns: frames taken, those that go once more included.
    mutating func forward(using scratch: inout [UInt8], _ send: (Span<UInt8>) -> Bool) -> Int {
        var length = 0
        var (frames, fresh) = (0, 0)
        var message = scratch.mutableSpan
        while length + modelFrameBytes <= message.count {
            var frame = outgoing.mutableSpan
            guard let isFresh = history.take(into: &frame) else { break }
            if isFresh { fresh += 1 }
            length += write(into: &message, at: length)
            frames += 1
        }
        guard length > 0 else { return frames }
        if send(scratch.span.extracting(first: length)) {
            ledger.forward(fresh * Self.frameSamples)
        } else {
            ledger.drop(.overrun, fresh * Self.frameSamples)
        }
        return frames
    }

    /// `outgoing` in the model's format, at `offset` of `message`. Returns the bytes written.
    private mutating func write(into message: inout MutableSpan<UInt8>, at offset: Int) -> Int {
        switch modelFormat {
        case .pcmu: break
        case .pcma:
            var linearFrame = linear.mutableSpan
            _ = decoder.process(outgoing.span, into: &linearFrame)
            var codedFrame = outgoing.mutableSpan
            _ = alaw.process(linear.span, into: &codedFrame)
        case .pcm24: return resample(into: &message, at: offset)
        }
        message.copy(outgoing.span, at: offset)
        return Self.frameSamples
    }

    private mutating func resample(into message: inout MutableSpan<UInt8>, at offset: Int) -> Int {
        var linearFrame = linear.mutableSpan
        _ = decoder.process(outgoing.span, into: &linearFrame)
        var wideFrame = wide.mutableSpan
        guard case .produced(let samples)? = upsampler?.process(linear.span, into: &wideFrame) else { return 0 }
        // The wire's byte order is the host's: little-endian.
        let bytes = unsafe wide.span.extracting(first: samples).bytes
        message.copy(bytes, at: offset)
        return bytes.byteCount
    }

    /// The call is over: what has not gone out is let go by name, and the books must balance (R1).
    mutating func close() -> Int64 {
        seat?.leave()
        ledger.drop(.ended, arrivals.discard() + history.discard() * Self.frameSamples)
        return ledger.balance(queued: 0)
    }
}

/// What decides whether a frame is the caller's speech, the cheapest first. A detector that costs more has its case
/// after these, and names what it falls back to.
enum Hearing: UInt8, Sendable {
    /// The level alone.
    case energy
    /// And whether the agent's own voice explains it.
    case echoAware

    /// What is left when this one is too dear.
    var cheaper: Hearing? { Hearing(rawValue: rawValue &- 1) }
}

/// One frame went through the local ears.
struct HeardFrame {
    /// An edge of speech, when this frame brought one.
    var edge: SpeechEdge?
    /// It sounded like speech, and was the agent's own.
    var isEcho: Bool
}
