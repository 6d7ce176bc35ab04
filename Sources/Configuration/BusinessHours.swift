public import Foundation

/// When a tenant is open, by the clocks on its walls, and what callers get at other times.
///
/// Everything here follows the local clock: where clocks are put forward, an opening inside the hour that is left out
/// begins with the next one; where they are put back, both passes of the hour that comes twice count.
public struct BusinessHours: Sendable, Equatable {
    public enum Weekday: String, Sendable, CaseIterable {
        case monday, tuesday, wednesday, thursday, friday, saturday, sunday
    }

    /// One opening: from a time of some days to another one.
    public struct Opening: Sendable, Equatable {
        public var days: Set<Weekday>
        /// Minutes after midnight, 0 ... 1,439.
        public var from: Int
        /// Minutes after midnight, 1 ... 1,440, itself not open. At or before `from`: of the day after.
        public var to: Int

        public init(days: Set<Weekday>, from: Int, to: Int) { (self.days, self.from, self.to) = (days, from, to) }

        var endsTheDayAfter: Bool { to <= from }
    }

    /// A day on which nothing opens: of one year, or of each.
    public struct ClosedDay: Sendable, Hashable {
        /// Nil: each year.
        public var year: Int?
        public var month: Int
        public var day: Int

        public init(year: Int? = nil, month: Int, day: Int) { (self.year, self.month, self.day) = (year, month, day) }
    }

    /// What a caller gets while it is closed. Calls that are up when it closes go on.
    public enum Outside: Sendable, Equatable {
        /// The agent answers, and is told more.
        /// - Parameters:
        ///   - instructions: added to the inbound ones; may be empty.
        ///   - greeting: instead of the inbound one; nil: that one.
        case agent(instructions: String, greeting: String?)
        /// The carrier speaks the words in the tenant's language, then hangs up, or dials a destination of `transfer`.
        case message(String, transfer: String?)
    }

    public var openings: [Opening]
    public var closedDays: Set<ClosedDay> = []
    public var outside: Outside

    public init(openings: [Opening], closedDays: Set<ClosedDay> = [], outside: Outside) {
        (self.openings, self.closedDays, self.outside) = (openings, closedDays, outside)
    }

    /// Whether it is open at an instant. An opening that runs past midnight belongs to the day it began on: that day's
    /// name, and whether that day is a closed one, decide.
    public func isOpen(at date: Date, in timeZone: TimeZone) -> Bool {
        let local = date.timeIntervalSince1970 + Double(timeZone.secondsFromGMT(for: date))
        let day = Int((local / 86_400).rounded(.down))
        let minute = Int(local.rounded(.down)) / 60 - day * 1_440
        return openings.contains { opening in
            if opens(opening, on: day), minute >= opening.from, opening.endsTheDayAfter || minute < opening.to {
                return true
            }
            return opening.endsTheDayAfter && minute < opening.to && opens(opening, on: day - 1)
        }
    }

    /// - Parameter day: days since 1 January 1970.
    private func opens(_ opening: Opening, on day: Int) -> Bool {
        guard opening.days.contains(Self.weekday(day)) else { return false }
        guard !closedDays.isEmpty else { return true }
        let (year, month, ordinal) = Self.civil(day)
        return !closedDays.contains(ClosedDay(year: year, month: month, day: ordinal))
            && !closedDays.contains(ClosedDay(month: month, day: ordinal))
    }

    /// 1 January 1970 was a Thursday.
    static func weekday(_ day: Int) -> Weekday { Weekday.allCases[((day + 3) % 7 + 7) % 7] }

    /// The Gregorian date of a day since 1 January 1970. Eras of 400 years that begin in March, so that the leap day
    /// comes last. Source: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days` (2013).
    static func civil(_ day: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = day + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let ofEra = shifted - era * 146_097
        let yearOfEra = (ofEra - ofEra / 1_460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * ofYear + 2) / 153
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, ofYear - (153 * marchMonth + 2) / 5 + 1)
    }
}
