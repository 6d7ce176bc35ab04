import AudioPipeline
import Glibc
import Resample
import SpeechToText

/// Recorded speech: the telephone prompts of Debian's `asterisk-core-sounds-en-wav` (8 kHz, linear), raised to 16 kHz.
enum Prompt {
    static let directory = "/usr/share/asterisk/sounds/en_US_f_Allison"

    /// - Parameter name: file name without `.wav`.
    static func samples16k(_ name: String) throws -> [Int16] {
        let bytes = try read("\(directory)/\(name).wav")
        let samples = stride(from: 44, to: bytes.count - 1, by: 2).map {
            Int16(bitPattern: UInt16(bytes[$0]) | UInt16(bytes[$0 + 1]) << 8)
        }
        var resampler = try PolyphaseResampler(inputRateHz: 8_000, outputRateHz: 16_000)
        var output: [Int16] = []
        var frame = [Int16](repeating: 0, count: 160)
        var raised = [Int16](repeating: 0, count: 320)
        for start in stride(from: 0, to: samples.count, by: 160) {
            for index in 0..<160 { frame[index] = start + index < samples.count ? samples[start + index] : 0 }
            var target = raised.mutableSpan
            guard case .produced(let count) = resampler.process(frame.span, into: &target) else { continue }
            output += raised[..<count]
        }
        return output
    }

    private static func read(_ path: String) throws -> [UInt8] {
        guard let file = unsafe fopen(path, "rb") else {
            throw RecognitionError(.engine, "\(path) is missing: Debian package asterisk-core-sounds-en-wav")
        }
        defer { unsafe _ = fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 4 << 20)
        let count = unsafe fread(&bytes, 1, bytes.count, file)
        return Array(bytes[..<count])
    }
}

extension SpeechRecognizer {
    func recognize(samples: [Int16]) throws -> Transcript { try recognize(samples.span) }
}
