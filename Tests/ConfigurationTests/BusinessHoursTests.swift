import Configuration
import Conversation
import Foundation
import Testing

/// An instant, as `2026-03-29T02:30:00+01:00`.
private func at(_ text: String) throws -> Date { try Date(text, strategy: .iso8601) }

private func zone(_ name: String) throws -> TimeZone { try #require(TimeZone(identifier: name)) }

private let always = Set(BusinessHours.Weekday.allCases)

private func hours(_ from: Int, _ to: Int, _ days: Set<BusinessHours.Weekday> = always) -> BusinessHours {
    BusinessHours(openings: [.init(days: days, from: from, to: to)], outside: .message("Closed.", transfer: nil))
}

@Suite struct `Business hours` {
    @Test(arguments: [
        ("2026-11-23T08:59:59+02:00", false), ("2026-11-23T09:00:00+02:00", true),
        ("2026-11-23T16:59:59+02:00", true), ("2026-11-23T17:00:00+02:00", false),
        // The same instant, written by another clock.
        ("2026-11-23T07:00:00Z", true),
        // Friday is not among its days, Sunday is.
        ("2026-11-27T12:00:00+02:00", false), ("2026-11-29T12:00:00+02:00", true),
    ])
    func `from the first minute to the last, on its days, by the tenant's own clock`(
        instant: String, isOpen: Bool
    ) throws {
        let clinic = hours(540, 1_020, [.sunday, .monday, .tuesday, .wednesday, .thursday])
        #expect(try clinic.isOpen(at: at(instant), in: zone("Asia/Jerusalem")) == isOpen)
    }

    @Test(arguments: [
        // Berlin, 29 March 2026: after 01:59:59 comes 03:00.
        ("Europe/Berlin", "2026-03-29T08:59:59+02:00", false), ("Europe/Berlin", "2026-03-29T09:00:00+02:00", true),
        ("Europe/Berlin", "2026-03-28T09:00:00+01:00", true), ("Europe/Berlin", "2026-03-28T08:59:59+01:00", false),
        // 25 October 2026: 02:00 to 03:00 comes twice.
        ("Europe/Berlin", "2026-10-25T09:00:00+01:00", true), ("Europe/Berlin", "2026-10-25T08:59:59+01:00", false),
        ("Europe/Berlin", "2026-10-25T16:59:59+01:00", true), ("Europe/Berlin", "2026-10-25T17:00:00+01:00", false),
        // New York, 8 March and 1 November 2026.
        ("America/New_York", "2026-03-08T09:00:00-04:00", true),
        ("America/New_York", "2026-03-08T08:59:00-04:00", false),
        ("America/New_York", "2026-11-01T09:00:00-05:00", true),
        ("America/New_York", "2026-11-01T08:59:00-05:00", false),
        // Jerusalem, 27 March 2026 (a Friday).
        ("Asia/Jerusalem", "2026-03-27T09:00:00+03:00", true), ("Asia/Jerusalem", "2026-03-27T08:59:00+03:00", false),
        // A quarter of an hour is a time zone too.
        ("Asia/Kathmandu", "2026-05-01T09:00:00+05:45", true), ("Asia/Kathmandu", "2026-05-01T08:59:59+05:45", false),
    ])
    func `nine to five is nine to five on the days when clocks are changed`(
        name: String, instant: String, isOpen: Bool
    ) throws {
        #expect(try hours(540, 1_020).isOpen(at: at(instant), in: zone(name)) == isOpen)
    }

    @Test(arguments: [
        // 02:15 to 02:45 is left out in March, and what is open at 03:00 is open at once.
        (135, 165, "2026-03-29T01:59:59+01:00", false), (135, 165, "2026-03-29T03:00:00+02:00", false),
        (135, 240, "2026-03-29T03:00:00+02:00", true),
        // In October it comes twice, and both are open.
        (135, 165, "2026-10-25T02:30:00+02:00", true), (135, 165, "2026-10-25T02:50:00+02:00", false),
        (135, 165, "2026-10-25T02:30:00+01:00", true), (135, 165, "2026-10-25T02:50:00+01:00", false),
    ])
    func `an opening inside the changed hour follows the clock on the wall`(
        from: Int, to: Int, instant: String, isOpen: Bool
    ) throws {
        #expect(try hours(from, to).isOpen(at: at(instant), in: zone("Europe/Berlin")) == isOpen)
    }

    @Test func `every minute of two years agrees with the calendar, in zones with and without changes`() throws {
        let office = hours(540, 1_020, [.monday, .wednesday, .saturday])
        for name in ["Europe/Berlin", "America/New_York", "Asia/Jerusalem", "Australia/Lord_Howe", "UTC"] {
            let zone = try zone(name)
            var calendar = Calendar(identifier: .gregorian)
            calendar.timeZone = zone
            var wrong = 0
            // 2027-2028, a leap year among them, in steps that meet every minute of the hour.
            for minute in stride(from: 1_798_761_600 / 60, to: 1_861_920_000 / 60, by: 37) {
                let date = Date(timeIntervalSince1970: Double(minute) * 60)
                let parts = calendar.dateComponents([.weekday, .hour], from: date)
                let expected = [2, 4, 7].contains(parts.weekday) && (9..<17).contains(parts.hour ?? 0)
                if office.isOpen(at: date, in: zone) != expected { wrong += 1 }
            }
            #expect(wrong == 0, "\(name)")
        }
    }

    @Test(arguments: [
        ("2026-11-27T21:59:00Z", false), ("2026-11-27T22:00:00Z", true), ("2026-11-28T01:59:00Z", true),
        ("2026-11-28T02:00:00Z", false), ("2026-11-28T22:30:00Z", false),
    ])
    func `an opening past midnight belongs to the day it began on`(instant: String, isOpen: Bool) throws {
        #expect(try hours(1_320, 120, [.friday]).isOpen(at: at(instant), in: zone("UTC")) == isOpen)
    }

    @Test func `nothing opens on a closed day, of one year or of each, and what opened the evening before goes on`()
        throws
    {
        let utc = try zone("UTC")
        var bar = hours(1_200, 120)
        bar.closedDays = [.init(month: 12, day: 25), .init(year: 2027, month: 2, day: 28)]
        #expect(try bar.isOpen(at: at("2026-12-25T01:00:00Z"), in: utc))
        #expect(try !bar.isOpen(at: at("2026-12-25T21:00:00Z"), in: utc))
        #expect(try !bar.isOpen(at: at("2026-12-26T01:00:00Z"), in: utc))
        #expect(try bar.isOpen(at: at("2026-12-26T21:00:00Z"), in: utc))
        #expect(try !bar.isOpen(at: at("2031-12-25T21:00:00Z"), in: utc))
        #expect(try !bar.isOpen(at: at("2027-02-28T21:00:00Z"), in: utc))
        #expect(try bar.isOpen(at: at("2028-02-28T21:00:00Z"), in: utc))
        // Where it is the day after already.
        #expect(try bar.isOpen(at: at("2026-12-25T14:00:00Z"), in: zone("Pacific/Kiritimati")) == false)
    }

    @Test func `a whole day, and a tenant without hours`() throws {
        let tenant = try #require(try parse(smallest).tenants.first)
        #expect(!tenant.isClosed(at: .now))
        #expect(try hours(0, 1_440, [.monday]).isOpen(at: at("2026-11-23T23:59:59Z"), in: zone("UTC")))
        #expect(try !hours(0, 1_440, [.monday]).isOpen(at: at("2026-11-24T00:00:00Z"), in: zone("UTC")))
    }

    // MARK: In the file

    private static let written =
        smallest + """
                timeZone: Asia/Jerusalem
                hours:
                  open:
                    - { days: [sunday, monday], from: "09:00", to: "17:30" }
                    - { days: [thursday], from: "20:00", to: "24:00" }
                  closedOn: ["2026-09-12", "12-25"]
                  outside: { greeting: We are closed., instructions: Take a message. }

            """

    @Test func `hours are read, printed, and read again the same`() throws {
        let tenant = try #require(try parse(Self.written).tenants.first)
        #expect(
            tenant.hours
                == BusinessHours(
                    openings: [
                        .init(days: [.sunday, .monday], from: 540, to: 1_050),
                        .init(days: [.thursday], from: 1_200, to: 1_440),
                    ],
                    closedDays: [.init(year: 2026, month: 9, day: 12), .init(month: 12, day: 25)],
                    outside: .agent(instructions: "Take a message.", greeting: "We are closed.")))
        #expect(try tenant.isClosed(at: at("2026-11-23T17:30:00+02:00")))
        #expect(try !tenant.isClosed(at: at("2026-11-23T17:29:00+02:00")))
        let closed = try #require(tenant.promptSourceWhenClosed?.inbound)
        #expect(closed.instructions == "Be brief.\n\nTake a message." && closed.greeting == "We are closed.")
        let printed = try parse(parse(Self.written).effectiveYAML())
        #expect(printed.tenants.first?.hours == tenant.hours)
        // Texts stay texts for a script, whatever they look like, and no secret is among them.
        let json = try parse(Self.written).effectiveJSON()
        #expect(json.contains(#""from" : "09:00""#) && json.contains(#""+15005550001""#))
        #expect(json.contains(#""authToken" : "${TOKEN}""#) && !json.contains(token))
        #expect(json.contains(#""maximumCalls" : 200"#) && json.contains(#""verifySignatures" : true"#))
    }

    @Test(arguments: [
        ("from: \"09:00\"", "from: \"9:00\"", "x.yaml:13", "`9:00` does not fit"),
        ("to: \"17:30\"", "to: \"24:30\"", "x.yaml:13", "from 00:01 to 24:00"),
        ("sunday, monday", "sunday, mon", "x.yaml:13", "`mon` does not fit"),
        ("12-25", "13-25", "x.yaml:15", "`13-25` does not fit"),
        ("2026-09-12", "2027-02-29", "x.yaml:15", "`2027-02-29` does not fit"),
        ("greeting: We are closed.", "message: Closed.", "x.yaml:16", "no agent answers"),
        (
            "{ greeting: We are closed., instructions: Take a message. }", "{ message: Closed., transfer: desk }",
            "x.yaml:16", "`desk` does not fit"
        ),
        (
            "{ greeting: We are closed., instructions: Take a message. }", "{ transfer: desk }", "x.yaml:16",
            "`greeting` or `instructions`"
        ),
        ("  outside", "  outsied", "x.yaml:16", "did you mean `outside`?"),
    ])
    func `a slip is named with line and field`(text: String, slip: String, place: String, words: String) {
        do {
            _ = try parse(Self.written.replacing(text, with: slip))
            Issue.record("taken: \(slip)")
        } catch {
            #expect(error.problems.contains { "\($0)".contains(place) && "\($0)".contains(words) }, "\(error)")
        }
    }
}
