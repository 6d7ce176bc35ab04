/// A moment on the call's own monotonic clock: nanoseconds since the call was set up.
public struct CallInstant: Comparable, Hashable, Sendable, BitwiseCopyable {
    public var nanoseconds: Int64

    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }
    public init(milliseconds: Int64) { nanoseconds = milliseconds * 1_000_000 }

    public static let start = CallInstant(nanoseconds: 0)

    /// Whole milliseconds since the call was set up, rounded down.
    public var milliseconds: Int64 { nanoseconds / 1_000_000 }

    public func advanced(byMilliseconds milliseconds: Int64) -> CallInstant {
        CallInstant(nanoseconds: nanoseconds + milliseconds * 1_000_000)
    }

    public func advanced(by nanoseconds: Int64) -> CallInstant {
        CallInstant(nanoseconds: self.nanoseconds + nanoseconds)
    }

    /// Milliseconds from `earlier` to here; negative when `earlier` is later.
    public func milliseconds(since earlier: CallInstant) -> Int64 { (nanoseconds - earlier.nanoseconds) / 1_000_000 }

    public static func < (left: CallInstant, right: CallInstant) -> Bool { left.nanoseconds < right.nanoseconds }
}
