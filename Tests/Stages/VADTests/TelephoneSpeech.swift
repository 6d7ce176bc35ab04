import Foundation
import Synchronization

/// Recorded prompts of the Debian package asterisk-core-sounds-en-wav (8 kHz, CC-BY-SA), one second of silence before
/// each, and which frames of it hold speech.
struct TelephoneSpeech {
    static let folder = "/usr/share/asterisk/sounds/en_US_f_Allison"
    static let isInstalled = FileManager.default.fileExists(atPath: folder + "/demo-congrats.wav")
    static let prompts = [
        "agent-pass", "auth-thankyou", "call-fwd-no-ans", "cannot-complete-as-dialed", "conf-getpin", "demo-nogo",
        "demo-thanks", "followme/sorry", "hello-world", "im-sorry", "invalid", "one-moment-please", "pbx-invalid",
        "please-try-call-later", "queue-thankyou", "spy-agent", "vm-goodbye", "vm-intro", "you-entered", "is-in-use",
    ]

    var samples: [Int16] = []
    /// Per frame: certainly speech, certainly not, or neither.
    var truth: [Truth] = []
    /// Frames in which a prompt's first speech lies.
    var starts: [Int] = []
    enum Truth { case speech, silence, unsure }

    /// - Parameter gain: in dB, over the recordings as they are.
    init(gain: Double = 0) throws {
        for prompt in Self.prompts {
            let path = "\(Self.folder)/\(prompt).wav"
            guard FileManager.default.fileExists(atPath: path) else { continue }
            let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
            var speech = stride(from: 44, to: bytes.count - 1, by: 2).map { index in
                Int16(truncatingIfNeeded: Int(bytes[index]) | Int(bytes[index + 1]) << 8)
            }
            let factor = pow(10, gain / 20)
            speech = speech.map { Int16(max(-32768, min(32767, (Double($0) * factor).rounded()))) }
            samples += [Int16](repeating: 0, count: 50 * 160) + speech
            samples += [Int16](repeating: 0, count: (160 - samples.count % 160) % 160)
        }
        samples += [Int16](repeating: 0, count: 50 * 160)
        label()
    }

    /// Power of the frames that hold speech, relative to 1 LSB.
    var speechPower: Double {
        let powers = framePowers()
        let spoken = truth.indices.filter { truth[$0] == .speech }
        return spoken.reduce(0) { $0 + powers[$1] } / Double(spoken.count)
    }

    /// The same with seeded noise added, so many dB below the speech.
    func with(_ noise: Noise, signalToNoise: Double, seed: UInt64 = 7) -> TelephoneSpeech {
        // A minute of it, again and again: making noise takes longer than hearing it.
        let raw = noise.minute(seed: seed)
        let rawPower = raw.reduce(0) { $0 + $1 * $1 } / Double(raw.count)
        let factor = (speechPower / pow(10, signalToNoise / 10) / rawPower).squareRoot()
        var noisy = self
        for index in samples.indices {
            noisy.samples[index] = Int16(
                max(-32768, min(32767, (Double(samples[index]) + raw[index % raw.count] * factor).rounded())))
        }
        return noisy
    }

    private func framePowers() -> [Double] {
        stride(from: 0, to: samples.count, by: 160).map { (start: Int) -> Double in
            var sum = 0.0
            for sample in samples[start..<start + 160] { sum += Double(sample) * Double(sample) }
            return sum / 160
        }
    }

    /// Speech: within 20 dB of the loud frames. Silence: 35 dB below them, and so for 100 ms around.
    private mutating func label() {
        let powers = framePowers()
        let loud = powers.sorted()[powers.count * 9 / 10]
        truth = powers.indices.map { index in
            if powers[index] > loud / 100 { return .speech }
            let around = powers[max(0, index - 5)...min(powers.count - 1, index + 5)]
            return around.allSatisfy { $0 < loud / 3_000 } ? .silence : .unsure
        }
        var quiet = 0
        for (index, label) in truth.enumerated() {
            if label == .speech {
                if quiet >= 40 { starts.append(index) }
                quiet = 0
            } else {
                quiet += 1
            }
        }
    }
}

enum Noise: String, Sendable {
    /// All frequencies alike.
    case white
    /// Falling 6 dB per octave, as of a car or a fan.
    case brown
    /// 50 Hz and its harmonics at 100 and 150 Hz.
    case hum

    private static let minutes = Mutex<[String: [Double]]>([:])

    func minute(seed: UInt64) -> [Double] {
        Self.minutes.withLock { minutes in
            let key = "\(rawValue) \(seed)"
            if let known = minutes[key] { return known }
            let generator = generator(seed: seed)
            minutes[key] = (0..<60 * 8_000).map { _ in generator() }
            return minutes[key]!
        }
    }

    func generator(seed: UInt64) -> () -> Double {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        func uniform() -> Double {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return Double(Int64(bitPattern: state)) / Double(Int64.max)
        }
        func gaussian() -> Double { uniform() + uniform() + uniform() }
        var last = 0.0, time = 0
        switch self {
        case .white: return gaussian
        case .brown:
            return {
                last = 0.97 * last + gaussian()
                return last
            }
        case .hum:
            return {
                time += 1
                let phase = 2 * Double.pi * 50 * Double(time) / 8_000
                return sin(phase) + 0.5 * sin(2 * phase) + 0.3 * sin(3 * phase) + 0.01 * gaussian()
            }
        }
    }
}
