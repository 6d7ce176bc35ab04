import CPolyphase

/// One output phase of a `PolyphaseFilter` in integers: its taps in pairs, as `polyphase_filter` wants them.
struct QuantizedPhase {
    /// Binary places of the coefficients: as many as 16 bits hold and no sum of products leaves 32 bits.
    let shift: Int
    private(set) var pairs: [polyphase_pair] = []

    /// - Parameters:
    ///   - taps: add up to one.
    ///   - history: groups before the current one in each plane.
    ///   - step: planes. Sample `ahead` after the oldest group's first lies in plane `ahead % step`.
    ///   - stride: from one plane to the next.
    init(_ taps: [(behind: Int, coefficient: Float)], history: Int, step: Int, stride: Int) {
        let magnitude = taps.reduce(0.0) { $0 + Double($1.coefficient.magnitude) }
        let largest = taps.map { Double($0.coefficient.magnitude) }.max() ?? 1
        shift = (1...15).last { places in
            let one = Double(1 << places)
            // Half a step for each coefficient, and half a unit of the result, stay below 2^31 too.
            return largest * one < 32_767 && magnitude * one + Double(taps.count) < 65_535
        }!
        let one = 1 << shift
        var coefficients = taps.map { Int(($0.coefficient * Float(one)).rounded()) }
        // A constant comes out as it went in, in every phase alike.
        if let middle = coefficients.indices.max(by: { coefficients[$0].magnitude < coefficients[$1].magnitude }) {
            coefficients[middle] += one - coefficients.reduce(0, +)
        }
        var planes = [[Int: Int]](repeating: [:], count: step)
        for (tap, coefficient) in zip(taps, coefficients) {
            let ahead = history * step - tap.behind
            planes[ahead % step][ahead / step] = coefficient
        }
        for (plane, places) in planes.enumerated() {
            guard let first = places.keys.min(), let last = places.keys.max() else { continue }
            for place in Swift.stride(from: first, through: last, by: 2) {
                pairs.append(
                    polyphase_pair(
                        offset: Int32(plane * stride + place), first: Int16(places[place] ?? 0),
                        second: Int16(places[place + 1] ?? 0)))
            }
        }
    }
}
