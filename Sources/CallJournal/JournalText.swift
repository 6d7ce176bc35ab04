public import Conversation

/// Values of the core as a person reads them.
public enum JournalText {
    public static func describe(_ event: ConversationEvent) -> String { plain("\(event)") }

    public static func describe(_ decision: CoreDecision) -> String {
        switch decision {
        case .action(let action): plain("\(action)")
        case .verdict(let verdict): plain("\(verdict)")
        case .mark(let mark): "mark g\(mark.generation).\(mark.item.ordinal).\(mark.samples)"
        }
    }

    public static func describe(_ record: JournalRecord) -> String {
        switch record {
        case .event(let event, _, _): describe(event)
        case .admitted(let response, let item, _, _): "audio of \(response) \(item)"
        case .queued(let item, let samples, _): "queued \(samples) samples of item \(item.ordinal)"
        case .sent(let item, let samples, _): "sent \(samples) samples of item \(item.ordinal)"
        case .mark(let itemEnded, _): itemEnded ? "a mark at the item's end?" : "a mark?"
        case .callerAudio(let frame, _): "\(frame.count) samples of the caller's"
        case .agentAudio(let frame, _): "\(frame.count) samples of the agent's"
        case .callerMissed(let frames, _): "\(frames) frames of the caller's never came"
        }
    }

    public static func describe(_ edge: VoiceEdge) -> String { plain("\(edge)") }

    /// Swift's own description without what says nothing: modules, types in front of cases, optionals, fields that are nil.
    /// What stands in quotation marks is somebody's words and stays as it is.
    private static func plain(_ text: String) -> String {
        var said: [String] = []
        var outside = ""
        var quoted: String?
        var isEscaped = false
        for character in text {
            if let words = quoted {
                quoted = words + String(character)
                if character == "\"", !isEscaped {
                    said.append(words + "\"")
                    quoted = nil
                }
                isEscaped = character == "\\" && !isEscaped
            } else if character == "\"" {
                quoted = "\""
                outside.append(placeholder)
            } else {
                outside.append(character)
            }
        }
        outside.replace(/CallInstant\(nanoseconds: (-?\d+)\)/) { seconds(Int64($0.1) ?? 0) }
        outside.replace(/PlayoutItem\(ordinal: (\d+)\)/) { "item \($0.1)" }
        while let optional = outside.firstMatch(of: /Optional\(([^()]*(?:\([^()]*\)[^()]*)*)\)/) {
            outside.replaceSubrange(optional.range, with: optional.1)
        }
        outside.replace(/(?:[A-Z]\w*\.)+(?=\w)/, with: "")
        outside.replace(/, \w+: nil(?=[,)])/, with: "")
        var rest = said[...]
        return outside.reduce(into: "") { whole, character in
            whole += character == placeholder ? rest.popFirst() ?? "" : String(character)
        }
    }

    /// Stands for words in quotation marks; not a character of any description.
    private static let placeholder: Character = "\u{E000}"

    /// `12.345 s` from nanoseconds.
    public static func seconds(_ nanoseconds: Int64) -> String {
        let milliseconds = (nanoseconds.magnitude + 500_000) / 1_000_000
        let fraction = String(1_000 + milliseconds % 1_000).dropFirst()
        return "\(nanoseconds < 0 ? "-" : "")\(milliseconds / 1_000).\(fraction) s"
    }
}
