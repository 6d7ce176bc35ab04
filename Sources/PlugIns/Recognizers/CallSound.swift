import AudioPipeline

/// 20 ms of a party's sound on its way to a recogniser, or a word about it.
struct CallSound: BitwiseCopyable {
    static let frameSamples = 160

    enum Kind: UInt8, BitwiseCopyable {
        /// Mu-law, from `position` on.
        case audio
        /// The call's detector is sure of speech that began at `position`.
        case speechBegan
        case speechEnded
    }
    var kind: Kind
    /// Samples at 8 kHz on the call's clock.
    var position: Int64
    var samples: InlineArray<160, UInt8>
}
