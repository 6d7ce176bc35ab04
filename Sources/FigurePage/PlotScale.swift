import Foundation

/// Where values lie on an axis, and which of them are written beside it.
package struct PlotScale: Sendable {
    package enum Kind: Sendable { case linear, logarithmic }

    let kind: Kind
    let low: Double
    let high: Double

    /// - Parameter values: all that is to be shown. Logarithmic scales leave out what is not positive.
    init(_ kind: Kind, covering values: [Double]) {
        self.kind = kind
        let usable = values.filter { $0.isFinite && (kind == .linear || $0 > 0) }
        let least = usable.min() ?? (kind == .linear ? 0 : 1)
        let most = usable.max() ?? (kind == .linear ? 1 : 10)
        switch kind {
        case .linear:
            let step = Self.step(for: max(most, 1e-9))
            (low, high) = (0, max(step, (most / step).rounded(.up) * step))
        case .logarithmic:
            let floor = pow(10, log10(least).rounded(.down))
            (low, high) = (floor, max(floor * 10, pow(10, log10(most).rounded(.up))))
        }
    }

    /// 0 at the low end, 1 at the high one; what lies outside stays at the edge.
    func position(_ value: Double) -> Double {
        let share =
            switch kind {
            case .linear: (value - low) / (high - low)
            case .logarithmic: value > 0 ? log10(value / low) / log10(high / low) : 0
            }
        return min(1, max(0, share))
    }

    var ticks: [Double] {
        switch kind {
        case .linear:
            let step = Self.step(for: high)
            return (0...Int((high / step).rounded())).map { Double($0) * step }
        case .logarithmic:
            let decades = Int(log10(high / low).rounded())
            return (0...decades).map { low * pow(10, Double($0)) }
        }
    }

    /// 1, 2 or 5 times a power of ten, so that four to ten of them reach `most`.
    private static func step(for most: Double) -> Double {
        let power = pow(10, log10(most).rounded(.down))
        let leading = most / power
        return leading < 2 ? power / 5 : leading < 5 ? power / 2 : power
    }
}
