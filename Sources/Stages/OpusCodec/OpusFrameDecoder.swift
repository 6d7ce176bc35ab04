public import AudioPipeline
import COpus

/// Decodes Opus packets of 20 ms into linear PCM. Mono; the rate need not be the encoder's.
///
/// - Input: one packet; an empty one stands for a packet that was lost. Output: always `samplesPerFrame` samples: a
///   lost packet, or one that is not 20 ms of Opus, is concealed from what came before, and counted.
/// - Errors: none from outside. Traps when `output` is shorter than a frame.
/// - Source: RFC 6716, libopus 1.3.
@safe public struct OpusFrameDecoder: Stage, ~Copyable, @unchecked Sendable {
    // Sendable: the state belongs to this value alone, which cannot be copied.

    public let sampleRateHz: Int
    public let samplesPerFrame: Int
    /// None: the delay of the codec is the encoder's look-ahead.
    public var latencySamples: Int { 0 }
    /// Frames made up because a packet was lost.
    public private(set) var concealedFrames: UInt64 = 0
    /// Packets that were not 20 ms of Opus; each also counts as concealed.
    public private(set) var damagedPackets: UInt64 = 0

    private let state: OpaquePointer

    /// - Parameter sampleRateHz: 8,000, 12,000, 16,000, 24,000 or 48,000.
    public init(sampleRateHz: Int) throws(OpusError) {
        guard [8_000, 12_000, 16_000, 24_000, 48_000].contains(sampleRateHz) else {
            throw OpusError(
                .unsupportedFormat,
                "Opus sample rate \(sampleRateHz) Hz: 8000, 12000, 16000, 24000 or 48000 was expected")
        }
        var status: CInt = 0
        guard let state = unsafe opus_decoder_create(opus_int32(sampleRateHz), 1, &status) else {
            throw OpusError(.library, "libopus made no decoder: status \(status)", libraryStatus: status)
        }
        unsafe self.state = state
        self.sampleRateHz = sampleRateHz
        samplesPerFrame = sampleRateHz / 50
    }

    deinit { unsafe opus_decoder_destroy(state) }

    public mutating func process(
        _ input: borrowing Span<UInt8>, into output: inout MutableSpan<Int16>
    ) -> StageOutcome {
        if !input.isEmpty {
            if isOneFrame(input), decode(input, into: &output, fec: false) {
                return .produced(samples: samplesPerFrame)
            }
            damagedPackets += 1
        }
        return conceal(into: &output)
    }

    /// The frame lost before `next`, from the copy that an encoder with in-band FEC put into it; concealed when there
    /// is none. `next` itself is to be decoded afterwards.
    public mutating func recover(
        from next: borrowing Span<UInt8>, into output: inout MutableSpan<Int16>
    ) -> StageOutcome {
        concealedFrames += 1
        if !next.isEmpty, isOneFrame(next), decode(next, into: &output, fec: true) {
            return .produced(samples: samplesPerFrame)
        }
        concealedFrames -= 1
        return conceal(into: &output)
    }

    public mutating func reset() { unsafe _ = media_bridge_opus_decoder_reset(state) }

    private mutating func conceal(into output: inout MutableSpan<Int16>) -> StageOutcome {
        precondition(output.count >= samplesPerFrame, "output.count: \(output.count)")
        concealedFrames += 1
        let state = unsafe self.state
        let frame = CInt(samplesPerFrame)
        let count = unsafe output.withUnsafeMutableBufferPointer {
            unsafe opus_decode(state, nil, 0, $0.baseAddress!, frame, 0)
        }
        return count == frame ? .produced(samples: samplesPerFrame) : .dropped
    }

    private func isOneFrame(_ packet: borrowing Span<UInt8>) -> Bool {
        let rate = opus_int32(sampleRateHz)
        let samples = unsafe packet.withUnsafeBufferPointer {
            unsafe opus_packet_get_nb_samples($0.baseAddress!, opus_int32(clamping: $0.count), rate)
        }
        return samples == samplesPerFrame
    }

    private func decode(
        _ packet: borrowing Span<UInt8>, into output: inout MutableSpan<Int16>, fec: Bool
    ) -> Bool {
        precondition(output.count >= samplesPerFrame, "output.count: \(output.count)")
        let state = unsafe self.state
        let frame = CInt(samplesPerFrame)
        let count = unsafe packet.withUnsafeBufferPointer { bytes in
            unsafe output.withUnsafeMutableBufferPointer { samples in
                unsafe opus_decode(
                    state, bytes.baseAddress, opus_int32(clamping: bytes.count), samples.baseAddress!, frame,
                    fec ? 1 : 0)
            }
        }
        return count == frame
    }
}
