import Configuration
import Foundation
import Testing

@Suite struct `Tenant calendar` {
    private func date(_ text: String) throws -> Date { try Date(text, strategy: .iso8601) }

    @Test(arguments: [
        ("Asia/Jerusalem", "2026-11-21T21:59:59Z", "Saturday"), ("Asia/Jerusalem", "2026-11-21T22:00:00Z", "Sunday"),
        ("America/New_York", "2026-11-22T04:59:59Z", "Saturday"),
        ("America/New_York", "2026-11-22T05:00:00Z", "Sunday"),
        ("UTC", "2026-11-22T00:00:00Z", "Sunday"), ("Asia/Kathmandu", "2026-11-21T18:15:00Z", "Sunday"),
    ])
    func `today is where the tenant is`(zone: String, instant: String, weekday: String) throws {
        let today = TenantCalendar(timeZone: zone).today(try date(instant))
        #expect(today.hasPrefix(weekday) && today.contains("November 2026"), "\(today)")
    }

    /// Both changes of the clock in the year, every quarter of an hour around them, and a year of hours.
    @Test(arguments: ["Asia/Jerusalem", "America/New_York", "Australia/Lord_Howe", "UTC", "Pacific/Apia"])
    func `the day's number changes exactly when its name does`(zone: String) throws {
        let calendar = TenantCalendar(timeZone: zone)
        let start = try date("2026-01-01T00:00:00Z")
        var last = (number: calendar.day(start), name: calendar.today(start))
        var changes = 0
        for quarter in 1...(365 * 96) where quarter % 4 == 0 || quarter % 96 < 8 {
            let instant = start.addingTimeInterval(Double(quarter) * 900)
            let number = calendar.day(instant)
            guard number != last.number || quarter % 96 == 0 else { continue }
            let name = calendar.today(instant)
            #expect((number != last.number) == (name != last.name))
            if number != last.number {
                #expect(number == last.number + 1)
                changes += 1
            }
            last = (number, name)
        }
        #expect(changes == 365)
    }
}
