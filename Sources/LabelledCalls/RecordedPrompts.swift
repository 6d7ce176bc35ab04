import Foundation

/// Recorded speech: the prompts of the Debian package asterisk-core-sounds-en-wav (8 kHz, mono, CC-BY-SA 3.0), each
/// without the silence at its ends.
public struct RecordedPrompts: Sendable {
    public static let folder = "/usr/share/asterisk/sounds/en_US_f_Allison"
    public static var isInstalled: Bool { FileManager.default.fileExists(atPath: folder + "/demo-congrats.wav") }

    /// Long ones, for the agent and for the babble.
    package let long: [[Double]]
    /// 1 ... 4 s, for the caller.
    package let short: [[Double]]

    /// - Parameter folder: WAV files of speech, 8 kHz, mono, 16 bits.
    /// - Throws: a folder that cannot be read, or a file of another format.
    public init(folder: String = Self.folder) throws {
        guard let files = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
            throw PromptFault(description: "\(folder) cannot be read")
        }
        let names = files.filter { $0.hasSuffix(".wav") }
        var (long, short) = ([[Double]](), [[Double]]())
        // Tones and the monkeys are no speech.
        for name in names.sorted() where !["beep", "2tone", "monkeys", "weasels"].contains(where: name.contains) {
            let samples = Self.trimmed(try Self.read("\(folder)/\(name)"))
            if samples.count > 9 * 8_000 { long.append(samples) }
            if (8_000...4 * 8_000).contains(samples.count) { short.append(samples) }
        }
        (self.long, self.short) = (long, short)
    }

    /// Enough of both.
    public var hasWords: Bool { !long.isEmpty && !short.isEmpty }

    private static func read(_ path: String) throws -> [Double] {
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        guard bytes.count > 46 else { return [] }
        // Format 1, one channel, 8,000 a second, 16 bits: the header of every such file is these 44 bytes.
        let format = [20: 1, 22: 1, 24: 0x40, 25: 0x1F, 26: 0, 34: 16]
        guard bytes.starts(with: Array("RIFF".utf8)), format.allSatisfy({ bytes[$0.key] == $0.value }),
            bytes[36..<40].elementsEqual("data".utf8)
        else { throw PromptFault(description: "\(path): WAV of 8 kHz, mono, 16 bits was expected") }
        return stride(from: 44, to: bytes.count - 1, by: 2).map { index in
            Double(Int16(truncatingIfNeeded: Int(bytes[index]) | Int(bytes[index + 1]) << 8))
        }
    }

    /// From the first to the last 5 ms within 30 dB of the loudest 5 ms: where a listener would say that it begins.
    private static func trimmed(_ samples: [Double]) -> [Double] {
        let powers = stride(from: 0, to: samples.count - 40, by: 40).map { (start: Int) -> Double in
            samples[start..<start + 40].reduce(0) { $0 + $1 * $1 }
        }
        let loudest = powers.max() ?? 0
        guard loudest > 0, let first = powers.firstIndex(where: { $0 > loudest / 1_000 }),
            let last = powers.lastIndex(where: { $0 > loudest / 1_000 })
        else { return [] }
        return Array(samples[first * 40..<min(samples.count, last * 40 + 40)])
    }
}

/// A file that is no recorded prompt.
public struct PromptFault: Error, CustomStringConvertible {
    public let description: String
}

/// Levels are of active speech: the mean power of the 20 ms frames within 20 dB of the loud ones, in dB below full scale.
package enum Level {
    package static func active(_ samples: [Double]) -> Double {
        let powers = stride(from: 0, to: samples.count - 159, by: 160).map { (start: Int) -> Double in
            samples[start..<start + 160].reduce(0) { $0 + $1 * $1 } / 160
        }
        guard !powers.isEmpty else { return -96 }
        let loud = powers.sorted()[powers.count * 9 / 10]
        let active = powers.filter { $0 >= loud / 100 }
        return 10 * log10(max(1e-6, active.reduce(0, +) / Double(active.count)) / (32_768 * 32_768))
    }

    package static func set(_ samples: [Double], to decibels: Double) -> [Double] {
        let factor = pow(10, (decibels - active(samples)) / 20)
        return samples.map { $0 * factor }
    }
}
