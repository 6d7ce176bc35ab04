extension BusinessHours {
    /// What `<Say>` takes is 4,096 characters; nobody listens to half of that.
    static let maximumMessageCharacters = 2_000

    /// - Parameters:
    ///   - fields: `hours` of a tenant.
    ///   - transfers: names of the tenant's transfer destinations.
    /// - Returns: nil when the section is left out: always open.
    init?(reading fields: FieldReader, transfers: [String]) {
        guard fields.isPresent else { return nil }
        if !fields.has("open") { fields.report("open", "is missing; a list of `days`, `from` and `to` was expected") }
        let openings = fields.list("open").map(Self.opening)
        var closedDays = Set<ClosedDay>()
        for (text, mark) in fields.strings("closedOn") {
            if let day = ClosedDay(text) {
                closedDays.insert(day)
            } else {
                fields.document.report(
                    mark, fields.field("closedOn"),
                    "`\(text)` does not fit; a day as \"2026-09-12\", or \"12-25\" of each year, was expected")
            }
        }
        self.init(
            openings: openings, closedDays: closedDays,
            outside: Self.outside(fields.fields("outside"), parent: fields, transfers))
        fields.finish()
    }

    private static func opening(_ fields: FieldReader) -> Opening {
        defer { fields.finish() }
        var days = Set<Weekday>()
        if !fields.has("days") { fields.report("days", "is missing; a list such as [monday, tuesday] was expected") }
        for (text, mark) in fields.strings("days") {
            if let day = Weekday(rawValue: text) {
                days.insert(day)
            } else {
                let names = Weekday.allCases.map(\.rawValue).joined(separator: ", ")
                fields.document.report(mark, fields.field("days"), "`\(text)` does not fit; of \(names) was expected")
            }
        }
        return Opening(days: days, from: minutes("from", fields, 0...1_439), to: minutes("to", fields, 1...1_440))
    }

    private static func minutes(_ key: String, _ fields: FieldReader, _ range: ClosedRange<Int>) -> Int {
        guard let text = fields.optionalString(key) else {
            if !fields.has(key) { fields.report(key, "is missing; a time as \"09:00\" was expected") }
            return range.lowerBound
        }
        guard let minutes = minutes(text), range.contains(minutes) else {
            fields.report(
                key,
                "`\(text)` does not fit; a time from \(clock(range.lowerBound)) to \(clock(range.upperBound)) was "
                    + "expected, as \"09:00\"")
            return range.lowerBound
        }
        return minutes
    }

    /// `HH:MM`, of 24 hours; `24:00` is the end of the day.
    private static func minutes(_ text: String) -> Int? {
        let parts = digits(text, separator: ":", lengths: [2, 2])
        guard let parts, parts[1] < 60, parts[0] * 60 + parts[1] <= 1_440 else { return nil }
        return parts[0] * 60 + parts[1]
    }

    static func clock(_ minutes: Int) -> String {
        let text = { (number: Int) in number < 10 ? "0\(number)" : "\(number)" }
        return "\(text(minutes / 60)):\(text(minutes % 60))"
    }

    fileprivate static func digits(_ text: String, separator: Character, lengths: [Int]) -> [Int]? {
        let parts = text.split(separator: separator, omittingEmptySubsequences: false)
        guard parts.map(\.utf8.count) == lengths,
            parts.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } })
        else { return nil }
        return parts.compactMap { Int($0) }
    }

    private static func outside(_ fields: FieldReader, parent: FieldReader, _ transfers: [String]) -> Outside {
        defer { fields.finish() }
        let message = fields.optionalString("message", literally: true)
        let transfer = fields.optionalString("transfer", literally: true)
        let instructions = fields.optionalString("instructions", literally: true)
        let greeting = fields.optionalString("greeting", literally: true)
        if !fields.isPresent {
            parent.report("outside", "is missing; `greeting` or `instructions`, or `message` was expected")
        } else if fields.has("message") {
            for key in ["instructions", "greeting"] where fields.has(key) {
                fields.report(key, "no agent answers where a `message` is spoken: leave one of them out")
            }
        } else if !fields.has("instructions"), !fields.has("greeting") {
            parent.report("outside", "`greeting` or `instructions`, or `message` was expected")
        }
        if let message, message.count > maximumMessageCharacters {
            fields.report("message", "\(message.count) characters; at most \(maximumMessageCharacters) fit")
        }
        if let transfer {
            if !fields.has("message") {
                fields.report("transfer", "needs `message`: an agent transfers by itself")
            } else if !transfers.contains(transfer) {
                let names = transfers.isEmpty ? "and there is none" : "of: \(transfers.joined(separator: ", "))"
                fields.report(
                    "transfer", "`\(transfer)` does not fit; a destination of `transfer` was expected, \(names)")
            }
        }
        if let message { return .message(message, transfer: transfer) }
        return .agent(instructions: instructions ?? "", greeting: greeting)
    }

    // MARK: Back into a file

    func write(into fields: YAMLFields) {
        fields.list("open", openings) { fields, opening in
            fields.texts("days", Weekday.allCases.filter(opening.days.contains).map(\.rawValue))
            fields.text("from", Self.clock(opening.from))
            fields.text("to", Self.clock(opening.to))
        }
        fields.texts("closedOn", closedDays.map(\.text).sorted())
        fields.fields("outside") {
            switch outside {
            case .agent(let instructions, let greeting):
                if !instructions.isEmpty || greeting == nil { $0.text("instructions", instructions) }
                $0.text("greeting", greeting)
            case .message(let words, let transfer):
                $0.text("message", words)
                $0.text("transfer", transfer)
            }
        }
    }
}

extension BusinessHours.ClosedDay {
    /// `2026-09-12`, or `12-25` of each year; nil for a day that no calendar has.
    init?(_ text: String) {
        if let parts = BusinessHours.digits(text, separator: "-", lengths: [4, 2, 2]) {
            self.init(year: parts[0], month: parts[1], day: parts[2])
        } else if let parts = BusinessHours.digits(text, separator: "-", lengths: [2, 2]) {
            self.init(month: parts[0], day: parts[1])
        } else {
            return nil
        }
        let isLeap = year.map { $0 % 4 == 0 && ($0 % 100 != 0 || $0 % 400 == 0) } ?? true
        let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard (1...12).contains(month), (1...lengths[month - 1]).contains(day) else { return nil }
    }

    var text: String {
        let two = { (number: Int) in number < 10 ? "0\(number)" : "\(number)" }
        let ofYear = "\(two(month))-\(two(day))"
        return year.map { String(repeating: "0", count: 4 - "\($0)".count) + "\($0)-\(ofYear)" } ?? ofYear
    }
}
