import AudioPipeline
import MulawCodec

/// A sentence and its sound, ready for the wire.
struct SpokenSentence: Equatable, Sendable {
    var text: String
    /// In the session's output format.
    var audio: [UInt8]

    /// Linear samples of the format's rate, as the format writes them.
    static func encode(_ samples: [Int16], as format: AudioFormat) -> [UInt8] {
        switch format.encoding {
        case .mulaw: samples.map(MulawEncoder.encode)
        case .alaw: samples.map(AlawEncoder.encode)
        case .linear16: samples.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
        }
    }

    /// Linear samples out of received bytes; half a sample at the end is left out.
    static func decode(_ bytes: [UInt8], as format: AudioFormat) -> [Int16] {
        switch format.encoding {
        case .mulaw: return bytes.map(MulawDecoder.decode)
        case .alaw: return bytes.map(AlawDecoder.decode)
        case .linear16:
            return stride(from: 0, to: bytes.count - 1, by: 2).map {
                Int16(bitPattern: UInt16(bytes[$0]) | UInt16(bytes[$0 + 1]) << 8)
            }
        }
    }
}
