public import AudioPipeline
import COpus

/// Encodes one 20 ms frame of linear PCM into one Opus packet. Mono.
///
/// - Input: exactly `samplesPerFrame` samples. Output: one packet, at most `maximumPacketBytes`; room for that many is
///   asked for, and what was written is the outcome's count.
/// - Errors: a refusing library is `.dropped`; it does not happen with frames of the right length. Traps on others.
/// - Cost: 20 to 200 us by rate and complexity: a worker stage where many calls share a core.
/// - Source: RFC 6716, libopus 1.3.
@safe public struct OpusFrameEncoder: Stage, ~Copyable, @unchecked Sendable {
    // Sendable: the state belongs to this value alone, which cannot be copied.

    /// The largest packet of one 20 ms frame, RFC 6716 section 3.4.
    public static let maximumPacketBytes = 1_275

    public let sampleRateHz: Int
    public let samplesPerFrame: Int
    /// The codec's look-ahead, in samples of linear PCM: what comes out of the decoder lags by this much.
    public let latencySamples: Int

    private let state: OpaquePointer

    /// - Parameter sampleRateHz: 8,000, 12,000, 16,000, 24,000 or 48,000.
    public init(sampleRateHz: Int, settings: OpusVoiceSettings = .init()) throws(OpusError) {
        guard [8_000, 12_000, 16_000, 24_000, 48_000].contains(sampleRateHz) else {
            throw OpusError(
                .unsupportedFormat,
                "Opus sample rate \(sampleRateHz) Hz: 8000, 12000, 16000, 24000 or 48000 was expected")
        }
        var status: CInt = 0
        guard let state = unsafe opus_encoder_create(opus_int32(sampleRateHz), 1, OPUS_APPLICATION_VOIP, &status)
        else {
            throw OpusError(.library, "libopus made no encoder: status \(status)", libraryStatus: status)
        }
        var lookahead: opus_int32 = 0
        var refused: OpusError?
        for (name, request, value) in Self.controls(settings, sampleRateHz: sampleRateHz) where refused == nil {
            let status = unsafe media_bridge_opus_set(state, request, value)
            if status != OPUS_OK {
                refused = OpusError(
                    .setting, "Opus setting \(name) = \(value) was refused: status \(status)", libraryStatus: status)
            }
        }
        if let refused {
            unsafe opus_encoder_destroy(state)
            throw refused
        }
        unsafe _ = media_bridge_opus_get(state, OPUS_GET_LOOKAHEAD_REQUEST, &lookahead)
        unsafe self.state = state
        self.sampleRateHz = sampleRateHz
        samplesPerFrame = sampleRateHz / 50
        latencySamples = Int(lookahead)
    }

    deinit { unsafe opus_encoder_destroy(state) }

    public mutating func process(
        _ input: borrowing Span<Int16>, into output: inout MutableSpan<UInt8>
    ) -> StageOutcome {
        precondition(input.count == samplesPerFrame, "input.count: \(input.count)")
        precondition(output.count >= Self.maximumPacketBytes, "output.count: \(output.count)")
        let state = unsafe self.state
        let frame = CInt(samplesPerFrame)
        let count = unsafe input.withUnsafeBufferPointer { samples in
            unsafe output.withUnsafeMutableBufferPointer { packet in
                unsafe opus_encode(
                    state, samples.baseAddress!, frame, packet.baseAddress!, opus_int32(Self.maximumPacketBytes))
            }
        }
        return count > 0 ? .produced(samples: Int(count)) : .dropped
    }

    public mutating func reset() { unsafe _ = media_bridge_opus_encoder_reset(state) }

    private static func controls(
        _ settings: OpusVoiceSettings, sampleRateHz: Int
    ) -> [(String, CInt, opus_int32)] {
        let bits = settings.bitsPerSecond ?? (sampleRateHz <= 8_000 ? 16_000 : 24_000)
        return [
            ("bitsPerSecond", OPUS_SET_BITRATE_REQUEST, opus_int32(clamping: bits)),
            ("signal", OPUS_SET_SIGNAL_REQUEST, OPUS_SIGNAL_VOICE),
            ("complexity", OPUS_SET_COMPLEXITY_REQUEST, opus_int32(clamping: settings.complexity)),
            ("inbandFEC", OPUS_SET_INBAND_FEC_REQUEST, settings.usesInbandFEC ? 1 : 0),
            (
                "expectedLossPercent", OPUS_SET_PACKET_LOSS_PERC_REQUEST,
                opus_int32(clamping: settings.expectedLossPercent)
            ),
            ("DTX", OPUS_SET_DTX_REQUEST, settings.usesDTX ? 1 : 0),
            ("depth", OPUS_SET_LSB_DEPTH_REQUEST, 16),
        ]
    }
}
