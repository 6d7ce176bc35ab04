public import Foundation

/// Days where a tenant is.
public struct TenantCalendar: Sendable {
    private let timeZone: TimeZone
    private let style: Date.FormatStyle

    /// - Parameter timeZone: an IANA name; one that is unknown is UTC (a configuration with such a name is refused).
    public init(timeZone name: String) {
        timeZone = TimeZone(identifier: name) ?? .gmt
        style = Date.FormatStyle(
            locale: Locale(identifier: "en_GB"), calendar: Calendar(identifier: .gregorian), timeZone: timeZone
        ).weekday(.wide).day().month(.wide).year()
    }

    /// Tells days apart: goes up by one at each midnight, also when clocks are changed.
    public func day(_ date: Date) -> Int {
        Int(((date.timeIntervalSince1970 + Double(timeZone.secondsFromGMT(for: date))) / 86_400).rounded(.down))
    }

    /// `Sunday, 22 November 2026` or alike: the same day as a person there would say it.
    public func today(_ date: Date) -> String { style.format(date) }
}
