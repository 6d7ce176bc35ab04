import Foundation

/// How the agent's voice comes back on a caller's line.
public struct EchoPath: Sendable, Equatable, Codable {
    /// From its playing to its return, 200 ... 600.
    public var delayMilliseconds: Double
    /// -12 ... -30.
    public var decibels: Double
    public var lowHertz = 300.0
    public var highHertz = 3_400.0
    /// 0 ... 1: how far a small loudspeaker limits what is loud.
    public var distortion = 0.0
    /// The delay grows by so much in the middle of the agent's message.
    public var jumpMilliseconds = 0.0
}

/// A high-pass and a low-pass, second order each.
struct LineFilter {
    private var high: Biquad, low: Biquad

    init(lowHertz: Double, highHertz: Double) {
        high = Biquad(highPass: lowHertz)
        low = Biquad(lowPass: highHertz)
    }

    mutating func next(_ sample: Double) -> Double { low.next(high.next(sample)) }
}

/// Audio EQ Cookbook (R. Bristow-Johnson), Butterworth, 8 kHz.
struct Biquad {
    private var b = (0.0, 0.0, 0.0), a = (0.0, 0.0)
    private var z = (0.0, 0.0)

    init(lowPass hertz: Double) {
        let angle = 2 * Double.pi * hertz / 8_000
        let alpha = sin(angle) / 2.squareRoot()
        let scale = 1 / (1 + alpha)
        let edge = (1 - cos(angle)) * scale
        b = (edge / 2, edge, edge / 2)
        a = (-2 * cos(angle) * scale, (1 - alpha) * scale)
    }

    init(highPass hertz: Double) {
        let angle = 2 * Double.pi * hertz / 8_000
        let alpha = sin(angle) / 2.squareRoot()
        let scale = 1 / (1 + alpha)
        let edge = (1 + cos(angle)) * scale
        b = (edge / 2, -edge, edge / 2)
        a = (-2 * cos(angle) * scale, (1 - alpha) * scale)
    }

    mutating func next(_ sample: Double) -> Double {
        let out = b.0 * sample + z.0
        z = (b.1 * sample - a.0 * out + z.1, b.2 * sample - a.1 * out)
        return out
    }
}

/// The echo as a machine: 20 ms of what is played in, 20 ms of what returns out.
struct EchoingLine {
    private let path: EchoPath
    private var filter: LineFilter
    private var played = [Double](repeating: 0, count: 16_384)
    private var written = 0

    init(_ path: EchoPath) {
        self.path = path
        filter = LineFilter(lowHertz: path.lowHertz, highHertz: path.highHertz)
    }

    /// - Parameter jumped: the delay has grown.
    mutating func next(_ frame: [Double], jumped: Bool) -> [Double] {
        let factor = pow(10, path.decibels / 20)
        for sample in frame {
            var moved = filter.next(sample)
            if path.distortion > 0 {
                let limit = 32_768 * 0.35 / path.distortion
                moved = limit * tanh(moved / limit)
            }
            played[written & 16_383] = moved * factor
            written += 1
        }
        let milliseconds = path.delayMilliseconds + (jumped ? path.jumpMilliseconds : 0)
        let back = Int(milliseconds * 8)
        return frame.indices.map { index in
            let position = written - frame.count + index - back
            return position >= 0 ? played[position & 16_383] : 0
        }
    }
}
