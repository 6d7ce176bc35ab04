/// Eight bands at once. The library's own `pointwiseMax`, `max`, `sum` and `clamped` go lane by lane.
extension SIMD8<Float> {
    @inline(__always) func louder(_ other: Self) -> Self { replacing(with: other, where: other .> self) }
    @inline(__always) func quieter(_ other: Self) -> Self { replacing(with: other, where: other .< self) }
    @inline(__always) func louder(_ other: Float) -> Self { louder(Self(repeating: other)) }

    @inline(__always) func limited(to range: ClosedRange<Float>) -> Self {
        louder(range.lowerBound).quieter(Self(repeating: range.upperBound))
    }

    /// Of all lanes, as a tree.
    @inline(__always) var total: Float {
        let four = lowHalf + highHalf
        let two = four.lowHalf + four.highHalf
        return two.x + two.y
    }

    @inline(__always) var loudest: Float {
        let four = lowHalf.replacing(with: highHalf, where: highHalf .> lowHalf)
        let two = four.lowHalf.replacing(with: four.highHalf, where: four.highHalf .> four.lowHalf)
        return two.x > two.y ? two.x : two.y
    }
}
