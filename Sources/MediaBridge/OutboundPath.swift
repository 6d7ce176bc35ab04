import AudioPipeline
import Conversation
import MulawCodec
import RealtimeBridge
import Resample

/// The model's audio on its way to the caller.
///
/// ```
/// model ─► append: (resample ─► encode) ─► playout, in the carrier's format ─► [outbound grid] next: one frame per 20 ms
/// ```
/// One owner, the call; shard thread only. Allocates in `init`, never after.
struct OutboundPath: ~Copyable {
    private var playout: PlayoutQueue
    private var pacer: Pacer
    /// How the model's audio comes; the carrier's own mu-law passes through untouched.
    private let modelFormat: ModelAudioFormat
    private var alaw = AlawDecoder()
    private var downsampler: PolyphaseResampler?
    private var encoder = MulawEncoder()

    // A stretch of the model's linear audio that is no whole frame yet, and where a sample was cut in two.
    private var linear = InlineArray<480, Int16>(repeating: 0)
    private var linearCount = 0
    private var halfSample: UInt8?
    private var narrow = InlineArray<160, Int16>(repeating: 0)
    private var coded = InlineArray<160, UInt8>(repeating: 0xFF)

    /// The frame that `next` took out last.
    private(set) var frame = InlineArray<160, UInt8>(repeating: 0xFF)
    /// The item that audio was last queued for, and what the model calls it.
    private(set) var current: (item: PlayoutItem, source: ModelAudio?)?
    /// Nothing is due until the next item begins.
    private(set) var isIdle = true

    /// - Returns: nil when the shard's pool cannot keep this call's reserve.
    init?(modelFormat: ModelAudioFormat, pacer: Pacer, pool: PlayoutPool) throws(ResampleError) {
        guard let playout = PlayoutQueue(pool: pool, format: .mulaw8k) else { return nil }
        self.playout = playout
        self.pacer = pacer
        self.modelFormat = modelFormat
        downsampler =
            modelFormat == .pcm24 ? try PolyphaseResampler(inputRateHz: 24_000, outputRateHz: 8_000) : nil
    }

    // MARK: In

    /// Queues one stretch of the model's audio, any length, as part of `item`.
    mutating func append(_ audio: Span<UInt8>, of source: ModelAudio, to item: PlayoutItem) -> QueuedAudio {
        if current?.item != item { begin(item, source) }
        let before = playout.counts.received
        switch modelFormat {
        case .pcmu: _ = playout.append(item, audio)
        case .pcma: transcode(audio, item)
        case .pcm24: take(audio, item)
        }
        return QueuedAudio(samples: Int(playout.counts.received - before), isFull: playout.isFull)
    }

    /// No more audio comes for the current item: its rest is padded with silence, never glued to the next (S02).
    mutating func endCurrent() -> QueuedAudio {
        guard let current else { return QueuedAudio(samples: 0, isFull: false) }
        let before = playout.counts.received
        if linearCount > 0 { convert(to: current.item) }
        playout.endItem(current.item)
        return QueuedAudio(samples: Int(playout.counts.received - before), isFull: playout.isFull)
    }

    /// A message of our own, already in the carrier's format.
    mutating func appendCoded(_ audio: Span<UInt8>, to item: PlayoutItem) -> QueuedAudio {
        if current?.item != item { begin(item, nil) }
        let taken = playout.append(item, audio)
        return QueuedAudio(samples: taken.acceptedBytes, isFull: taken.isFull)
    }

    private mutating func begin(_ item: PlayoutItem, _ source: ModelAudio?) {
        current = (item, source)
        linearCount = 0
        halfSample = nil
        downsampler?.reset()
    }

    private mutating func transcode(_ audio: Span<UInt8>, _ item: PlayoutItem) {
        var start = 0
        while start < audio.count {
            let count = min(audio.count - start, 160)
            var narrowFrame = narrow.mutableSpan
            _ = alaw.process(audio.extracting(start..<start + count), into: &narrowFrame)
            encode(count, item)
            start += count
        }
    }

    /// Linear samples, little-endian as the host is; a delta may end in the middle of one.
    private mutating func take(_ audio: Span<UInt8>, _ item: PlayoutItem) {
        var start = 0
        if let low = halfSample, audio.count > 0 {
            halfSample = nil
            linear[linearCount] = Int16(bitPattern: UInt16(low) | UInt16(audio[0]) << 8)
            linearCount += 1
            start = 1
            if linearCount == 480 { convert(to: item) }
        }
        while audio.count - start >= 2 {
            let samples = min((audio.count - start) / 2, 480 - linearCount)
            let offset = 2 * linearCount
            var room = linear.mutableSpan
            // The wire's byte order is the host's: little-endian.
            unsafe room.copy(audio.extracting(start..<start + 2 * samples).bytes, at: offset)
            linearCount += samples
            start += 2 * samples
            if linearCount == 480 { convert(to: item) }
        }
        if start < audio.count { halfSample = audio[start] }
    }

    private mutating func convert(to item: PlayoutItem) {
        var narrowFrame = narrow.mutableSpan
        let outcome = downsampler?.process(linear.span.extracting(first: linearCount), into: &narrowFrame)
        linearCount = 0
        if case .produced(let samples)? = outcome { encode(samples, item) }
    }

    private mutating func encode(_ samples: Int, _ item: PlayoutItem) {
        var codedFrame = coded.mutableSpan
        _ = encoder.process(narrow.span.extracting(first: samples), into: &codedFrame)
        _ = playout.append(item, coded.span.extracting(first: samples))
    }

    // MARK: Out

    /// How many frames may go out at this tick of the call's grid.
    mutating func framesDue(at tick: Int64) -> Int { pacer.framesDue(at: tick) }

    /// Takes the next due frame out of playout into `frame`.
    mutating func next(at tick: Int64) -> (pop: PlayoutPop, hole: PlayoutHole?) {
        var output = frame.mutableSpan
        let pop = playout.popFrame(into: &output)
        if case .empty = pop { isIdle = true } else { isIdle = false }
        return (pop, pacer.note(pop, at: tick))
    }

    // MARK: Interruption

    mutating func pause() { pacer.pause() }
    mutating func resume() { pacer.resume() }
    /// The carrier's socket has no room for what is due.
    mutating func blocked(at tick: Int64) { pacer.noteBlocked(at: tick) }
    mutating func carrierReplaced() { pacer.carrierReplaced() }

    /// Drops all that is queued.
    /// - Returns: bytes that will not be heard.
    mutating func clear() -> Int {
        pacer.clear()
        linearCount = 0
        halfSample = nil
        isIdle = true
        return playout.clear()
    }

    // MARK: Books

    var isFull: Bool { playout.isFull }
    /// Frames that share a message to the carrier.
    var batchFrames: Int { pacer.batchFrames }
    var counts: PlayoutCounts { playout.counts }
    var queuedBytes: Int { playout.queuedBytes }
}

/// What became of one stretch of audio.
struct QueuedAudio {
    /// Samples queued, at the carrier's rate.
    var samples: Int
    /// The model's socket is to be read no further for now (R2).
    var isFull: Bool
}
