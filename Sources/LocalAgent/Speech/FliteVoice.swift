import CFlite
import Glibc
import Resample
import Synchronization

/// Speaks English with flite's `cmu_us_slt`, offline.
///
/// - Output: linear PCM, mono; the voice itself is 16 kHz.
/// - Cost: some 20 ms of processor time per second of speech; one sentence at a time in the whole process, since flite
///   shares state between voices.
/// - Thread: any.
public final class FliteVoice: SpeechVoice {
    /// Longer texts are refused: they would hold up everybody else.
    public static let maximumTextBytes = 4_000

    private static let engine = Mutex(Engine())

    public init() {}

    /// A text at the voice's own speed.
    public static func render(_ text: String, sampleRateHz: Int) throws(SpeechVoiceError) -> [Int16] {
        try FliteVoice().render(text, sampleRateHz: sampleRateHz, speed: 1)
    }

    public func render(_ text: String, sampleRateHz: Int, speed: Double) throws(SpeechVoiceError) -> [Int16] {
        guard text.utf8.count <= Self.maximumTextBytes else {
            throw SpeechVoiceError("text of \(text.utf8.count) bytes: at most \(Self.maximumTextBytes) at once")
        }
        guard text.contains(where: { $0.isASCII && ($0.isLetter || $0.isNumber) }) else { return [] }
        // flite reads bytes: what is not ASCII would be spelled out or skipped in the middle of a word.
        let plain = String(text.map { $0.isASCII ? $0 : Self.plain($0) })
        let spoken = try Self.engine.withLock { engine throws(SpeechVoiceError) in try engine.speak(plain, speed: speed)
        }
        do {
            return try RateChange.convert(spoken.samples, from: spoken.rate, to: sampleRateHz)
        } catch {
            throw SpeechVoiceError(error.description)
        }
    }

    /// When each word of one plain ASCII sentence ends in its sound, and how long the sound is, in seconds: the truth that
    /// an estimate of heard text is measured against. A figure is several words.
    package static func wordEnds(of sentence: String) throws(SpeechVoiceError) -> (ends: [Double], length: Double) {
        guard sentence.utf8.count <= maximumTextBytes else { throw SpeechVoiceError("too long a text") }
        return try engine.withLock { engine throws(SpeechVoiceError) in try engine.wordEnds(of: sentence) }
    }

    private static func plain(_ character: Character) -> Character {
        switch character {
        case "\u{2018}", "\u{2019}": "'"
        case "\u{201C}", "\u{201D}": "\""
        case "\u{2013}", "\u{2014}": ","
        case "\u{2026}": "."
        default: " "
        }
    }

    /// The one registered voice. Made at first use, kept for the life of the process.
    private struct Engine: ~Copyable {
        @safe private struct Voice: @unchecked Sendable {
            // Sendable: reached only under the mutex around `Engine`.
            let handle: UnsafeMutablePointer<cst_voice>
        }
        private var voice: Voice?

        mutating func wordEnds(of text: String) throws(SpeechVoiceError) -> (ends: [Double], length: Double) {
            let voice = try opened(speed: 1)
            var ends = [Float](repeating: 0, count: text.utf8.count)
            var length: Float = 0
            let count = unsafe media_bridge_flite_word_ends(text, voice.handle, &ends, Int32(ends.count), &length)
            guard count >= 0 else { throw SpeechVoiceError("flite cannot say this text") }
            return (ends.prefix(Int(count)).map(Double.init), Double(length))
        }

        private mutating func opened(speed: Double) throws(SpeechVoiceError) -> Voice {
            if voice == nil {
                flite_init()
                guard let handle = unsafe register_cmu_us_slt(nil) else {
                    throw SpeechVoiceError("flite has no voice cmu_us_slt")
                }
                voice = unsafe Voice(handle: handle)
            }
            guard let voice else { throw SpeechVoiceError("flite has no voice cmu_us_slt") }
            unsafe media_bridge_flite_set_stretch(voice.handle, Float(1 / speed))
            return voice
        }

        mutating func speak(
            _ text: String, speed: Double
        ) throws(SpeechVoiceError) -> (samples: [Int16], rate: Int) {
            let voice = try opened(speed: speed)
            guard let wave = unsafe flite_text_to_wave(text, voice.handle) else {
                throw SpeechVoiceError("flite cannot say this text")
            }
            defer { unsafe delete_wave(wave) }
            let count = unsafe Int(wave.pointee.num_samples)
            let samples = unsafe [Int16](UnsafeBufferPointer(start: wave.pointee.samples, count: max(0, count)))
            return unsafe (samples, Int(wave.pointee.sample_rate))
        }
    }
}
