import Foundation

/// When an event that could not be delivered is tried again. Pure: the same event and attempt wait the same time, and
/// events do not come back all at once.
public struct EventRetry: Sendable, Equatable {
    public var firstMilliseconds: Int64 = 2_000
    /// No wait of our own is longer.
    public var longestMilliseconds: Int64 = 3_600_000
    /// A receiver may ask for so much.
    public var longestAskedMilliseconds: Int64 = 86_400_000
    /// Share of a wait that jitter takes away, at most.
    public var jitter = 0.5
    public var seed: UInt64 = 0

    public init() {}

    /// Milliseconds until the next attempt: twice the wait before, less up to `jitter` of it; never less than asked for.
    /// - Parameters:
    ///   - attempts: made and failed, this one included; above 0.
    ///   - asked: what `Retry-After` said, in milliseconds.
    public func wait(event: Int64, attempts: Int, asked: Int64? = nil) -> Int64 {
        let doublings = min(max(0, attempts - 1), 40)
        let whole = min(
            longestMilliseconds, firstMilliseconds.multipliedReportingOverflow(by: 1 << doublings).partialValue)
        let bound = whole > 0 ? whole : longestMilliseconds
        let less = Double(bound) * jitter * Self.unit(seed &+ UInt64(bitPattern: event) &* 0x1_0001 &+ UInt64(attempts))
        return max(1, bound - Int64(less), min(asked ?? 0, longestAskedMilliseconds))
    }

    /// `Retry-After` in milliseconds: seconds, or a date (RFC 9110, section 10.2.3). Nil when it is neither.
    public static func asked(_ header: String?, at now: Int64) -> Int64? {
        guard let text = header?.trimmingCharacters(in: .whitespaces), !text.isEmpty else { return nil }
        if text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            return Int64(text).map { $0 > 10_000_000 ? 10_000_000_000 : $0 * 1_000 }
        }
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.timeZone = .gmt
        format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        return format.date(from: text).map { max(0, Int64($0.timeIntervalSince1970 * 1_000) - now) }
    }

    /// 0 ..< 1 from a number, evenly (SplitMix64; Steele, Lea and Flood, 2014).
    private static func unit(_ seed: UInt64) -> Double {
        var value = seed &+ 0x9E37_79B9_7F4A_7C15
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return Double((value ^ value >> 31) >> 11) / Double(1 << 53)
    }
}
