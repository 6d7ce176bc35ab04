import Foundation
import MulawCodec

/// The sounds of a run, coded once: what callers say, what the model says, and the click that goes round.
struct LoadSound {
    /// One frame of 20 ms each, mu-law in base64: noise far below any speech, of a second's length.
    let noise: [[UInt8]]
    /// Digital silence: what a probe's caller sends between clicks, and how the model knows one.
    let silence: [UInt8]
    /// 4 ms, loud, from the first sample of its frame on.
    let click: [UInt8]
    /// The model's speech-like sound, 2 s of it, by delta: mu-law, and linear at 24 kHz.
    let speechMulaw: [[UInt8]]
    let speechLinear: [[UInt8]]

    /// A code word of the click's: no other sound here is as loud.
    static func isLoud(_ code: UInt8) -> Bool { ~code & 0x70 >= 0x50 }

    init(deltaMilliseconds: Int) {
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15
        func noiseSample() -> Int16 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int16(truncatingIfNeeded: Int(state >> 59) - 16)
        }
        noise = (0..<50).map { _ in Self.text(Self.mulaw((0..<160).map { _ in noiseSample() })) }
        silence = Self.text([UInt8](repeating: 0xFF, count: 160))
        let pulse = (0..<160).map { $0 < 32 ? ($0 / 4 % 2 == 0 ? Int16(24_000) : -24_000) : 0 }
        click = Self.text(Self.mulaw(pulse))
        let deltas = max(1, 2_000 / deltaMilliseconds)
        speechMulaw = (0..<deltas).map { delta in
            Self.text(
                Self.mulaw(Self.speech(from: delta * deltaMilliseconds * 8, count: deltaMilliseconds * 8, rate: 8_000)))
        }
        speechLinear = (0..<deltas).map { delta in
            let samples = Self.speech(
                from: delta * deltaMilliseconds * 24, count: deltaMilliseconds * 24, rate: 24_000)
            return Self.text(samples.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] })
        }
    }

    /// Harmonics of 140 Hz under an envelope of four syllables a second; a whole number of both in 2 s.
    private static func speech(from start: Int, count: Int, rate: Int) -> [Int16] {
        (start..<start + count).map { index in
            let time = Double(index) / Double(rate)
            var sample = 0.0
            for harmonic in 1...12 {
                sample += sin(2 * .pi * 140 * Double(harmonic) * time) / Double(harmonic)
            }
            let envelope = 0.5 - 0.5 * cos(2 * .pi * 4 * time)
            return Int16(sample * envelope * 1_800)
        }
    }

    private static func mulaw(_ samples: [Int16]) -> [UInt8] {
        var encoder = MulawEncoder()
        var coded = [UInt8](repeating: 0xFF, count: samples.count)
        var room = coded.mutableSpan
        _ = encoder.process(samples.span, into: &room)
        return coded
    }

    static func text(_ bytes: [UInt8]) -> [UInt8] { Array(Data(bytes).base64EncodedString().utf8) }
}
