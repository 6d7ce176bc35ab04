import Conversation

/// What happened in one call, a line for each event: time, who, what, the state after it, what was done.
struct CallTrace {
    private(set) var lines: [String] = []

    mutating func event(
        _ event: ConversationEvent, at now: Int64, state: ConversationState, actions: [ConversationAction]
    ) {
        var line = "\(Self.time(now))  \(Self.plain(event))  -> \(state)"
        if !actions.isEmpty { line += "  [" + actions.map(Self.plain).joined(separator: ", ") + "]" }
        lines.append(line)
    }

    mutating func caller(_ deed: CallerAct.Deed, at now: Int64) {
        lines.append("\(Self.time(now))  # the caller \(deed)")
    }

    mutating func fault(_ planned: PlannedFault, at now: Int64) {
        lines.append("\(Self.time(now))  # fault \(planned.fault.rawValue) \(planned.amount)")
    }

    /// Without the names of the types that a value's cases belong to.
    private static func plain(_ value: some Any) -> String {
        var text = ""
        var word = ""
        for character in "\(value)" {
            if character.isLetter || character == "_" {
                word.append(character)
            } else if character == ".", word.first?.isUppercase == true {
                word = ""
            } else {
                text += word
                text.append(character)
                word = ""
            }
        }
        return text + word
    }

    static func seconds(_ milliseconds: Int64) -> String {
        String(time(milliseconds).drop { $0 == " " })
    }

    /// Seconds with three places.
    static func time(_ milliseconds: Int64) -> String {
        let digits = String(milliseconds % 1_000)
        let seconds = String(milliseconds / 1_000)
        return String(repeating: " ", count: max(0, 5 - seconds.count)) + seconds + "."
            + String(repeating: "0", count: 3 - digits.count) + digits
    }
}
