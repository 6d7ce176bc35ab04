import Foundation
import TelephoneVAD
import Testing
import VAD

/// Recordings that training held back (`is_held_back` in speech.py), of a speaker that it knows: no measure of how good the
/// detector is, which Training/TelephoneVAD/RECORD.md gives, but that it hears speech at all.
@Suite(.enabled(if: HeldBackPrompt.areInstalled, "needs asterisk-core-sounds-en-wav"))
struct `Telephone detector on prompts` {
    @Test(arguments: ["agent-incorrect", "demo-thanks", "queue-youarenext", "vm-rec-unv"], [0.0, -14])
    func `hears the speech and not the silence around it`(name: String, gain: Double) throws {
        let prompt = try HeldBackPrompt(name, gain: gain)
        var detector = TelephoneDetector()
        var heard = (loud: 0, soft: 0)
        var expected = (loud: 0, soft: 0)
        for (frame, level) in zip(prompt.frames, prompt.levels) {
            let isSpeech = detector.analyze(frame.span).isSpeech
            if level > prompt.loudest - 20 {
                expected.loud += 1
                heard.loud += isSpeech ? 1 : 0
            } else if level < prompt.loudest - 60 {
                expected.soft += 1
                heard.soft += isSpeech ? 1 : 0
            }
        }
        #expect(expected.loud > 50 && expected.soft > 80)
        #expect(Double(heard.loud) > 0.9 * Double(expected.loud), "\(heard.loud) of \(expected.loud)")
        // A frame or two after each word: the network's window reaches back, and its decision has hysteresis.
        #expect(Double(heard.soft) < 0.1 * Double(expected.soft), "\(heard.soft) of \(expected.soft)")
    }
}

/// One prompt between two seconds of silence, in frames.
private struct HeldBackPrompt {
    static let folder = "/usr/share/asterisk/sounds/en_US_f_Allison"
    static let areInstalled = FileManager.default.fileExists(atPath: folder + "/queue-youarenext.wav")
    let frames: [[Int16]]
    /// In dB relative to one step of 16 bits.
    let levels: [Double]
    var loudest: Double { levels.max() ?? 0 }

    /// - Parameter gain: in dB.
    init(_ name: String, gain: Double) throws {
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(Self.folder)/\(name).wav")))
        let factor = pow(10, gain / 20), silence = [Int16](repeating: 0, count: 100 * 160)
        let speech = stride(from: 44, to: bytes.count - 1, by: 2).map { index in
            let sample = Int16(truncatingIfNeeded: Int(bytes[index]) | Int(bytes[index + 1]) << 8)
            return Int16((Double(sample) * factor).rounded())
        }
        let samples = silence + speech + silence
        frames = stride(from: 0, through: samples.count - 160, by: 160).map { Array(samples[$0..<$0 + 160]) }
        levels = frames.map { frame in
            10 * log10(frame.reduce(1e-3) { $0 + Double($1) * Double($1) } / 160)
        }
    }
}
