import AudioPipeline
import LocalAgent
import MulawCodec
import Recording

/// What a tenant's callers hear when there is no model to speak: a WAV, or a text rendered once at start. Ready in the
/// carrier's format, so that no failure of anything else can silence it.
struct FallbackVoice: Sendable {
    /// mu-law at 8 kHz.
    let audio: [UInt8]

    /// - Throws: when the file is missing or is not 8 kHz mono.
    init(wav path: String) throws(RecordingError) {
        let file = try WAVFile(path: path)
        try file.require(channels: 1, sampleRateHz: 8_000, name: path)
        self.init(samples: file.samples)
    }

    /// English only: the renderer knows no other language. Others bring a WAV.
    init(text: String) throws {
        self.init(samples: try FliteVoice.render(text, sampleRateHz: 8_000))
    }

    init(samples: [Int16]) {
        var encoder = MulawEncoder()
        var audio = [UInt8](repeating: 0xFF, count: samples.count)
        var output = audio.mutableSpan
        _ = encoder.process(samples.span, into: &output)
        self.audio = audio
    }
}
