import Configuration
import Conversation
import Foundation
import TurnStore

/// One prompt as a person reads it: what a call would be told now, or what calls of a hash were told.
struct PromptSheet: Encodable {
    struct Layer: Encodable {
        var part: String
        var bytes: Int
        var maximumBytes: Int?
        var text: String

        init(_ part: String, _ text: String) {
            (self.part, self.text, bytes) = (part, text, text.utf8.count)
            maximumBytes = PromptPart(rawValue: part)?.maximumBytes
        }
    }

    var tenant: String
    var direction: String
    var channel: String
    var language: String
    var voice: String
    var hash: String
    /// Of all that the tenant wrote; nil for a stored one.
    var revision: String?
    /// Nil for one that is not stored.
    var firstUsedAtUnixMilliseconds: Int64?
    var layers: [Layer]
    var greeting: String
    var vocabulary: [String]
    var tools: [StoredPrompt.Tool]

    init(_ stored: StoredPrompt) {
        (tenant, direction, channel) = (stored.tenant, stored.direction, stored.channel)
        (language, voice, hash) = (stored.language, stored.voice, stored.hash)
        firstUsedAtUnixMilliseconds = stored.firstUsedAtUnixMilliseconds
        layers = stored.layers.map { Layer($0.part, $0.text) }
        (greeting, vocabulary, tools) = (stored.greeting, stored.vocabulary, stored.tools)
    }

    /// What a call that begins now would be told, by the way every call takes.
    /// - Throws: `PromptError`.
    init(
        _ tenant: Tenant, direction: CallDirection, channel: PromptChannel, language: String?, isClosed: Bool = false
    ) throws(PromptError) {
        let source = isClosed ? tenant.promptSourceWhenClosed ?? tenant.promptSource : tenant.promptSource
        let edition = PromptEdition(tenant: tenant.id, source: source)
        let (calendar, now) = (TenantCalendar(timeZone: tenant.timeZone), Date())
        let prompt = try PromptCache(capacity: 1).prompt(
            of: edition, direction: direction, channel: channel, language: language, day: calendar.day(now),
            today: { calendar.today(now) })
        self.init(StoredPrompt(prompt, tenant: tenant.id, at: 0))
        firstUsedAtUnixMilliseconds = nil
        let digits = String(edition.revision, radix: 16)
        revision = String(repeating: "0", count: 16 - digits.count) + digits
        layers = prompt.layers.map { Layer($0.part.rawValue, $0.text) }
    }

    /// Each part and its lines, in their order; for what is compared.
    var parts: [(name: String, lines: [String])] {
        func lines(_ text: String) -> [String] {
            text.isEmpty ? [] : text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        }
        let layers = PromptPart.allCases.prefix { $0 != .day }.map { part in
            (part.rawValue, lines(self.layers.first { $0.part == part.rawValue }?.text ?? ""))
        }
        return [
            (
                "call",
                ["tenant \(tenant)", "\(direction), channel \(channel)", "language \(language)", "voice \(voice)"]
            )
        ]
            + layers + [
                ("greeting", lines(greeting)), ("vocabulary", vocabulary),
                (
                    "tools",
                    tools.flatMap { ["\($0.name): \($0.description)", "    \($0.parameters)"] + Self.filler($0) }
                ),
            ]
    }

    private static func filler(_ tool: StoredPrompt.Tool) -> [String] { tool.filler.map { ["    says: \($0)"] } ?? [] }

    var text: String {
        var lines = [
            "tenant \(tenant)   \(direction)   channel \(channel)   language \(language)   voice \(voice)",
            "hash \(hash)" + (revision.map { "   revision \($0)" } ?? "")
                + (firstUsedAtUnixMilliseconds.map { "   first used \(localTime($0))" } ?? ""),
        ]
        func head(_ name: String, _ bytes: Int, _ limit: Int?, _ remark: String = "") {
            lines += ["", "== \(name): \(bytes)\(limit.map { " of \($0)" } ?? "") bytes\(remark)"]
        }
        for layer in layers {
            let isDay = layer.part == PromptPart.day.rawValue
            head(layer.part, layer.bytes, layer.maximumBytes, isDay ? ", not in the hash" : "")
            lines.append(layer.text)
        }
        head("greeting", greeting.utf8.count, PromptPart.greeting.maximumBytes, ", said word for word")
        if !greeting.isEmpty { lines.append(greeting) }
        let words = vocabulary.joined(separator: ", ")
        head("vocabulary", words.utf8.count, PromptPart.vocabulary.maximumBytes, ", for speech-to-text")
        if !words.isEmpty { lines.append(words) }
        lines += ["", "== tools: \(tools.count)"] + tools.map { "\($0.name): \($0.description)" }
        return lines.joined(separator: "\n")
    }
}

/// What is in one list of lines and not in another.
struct LineDifference: Encodable {
    enum Mark: String { case kept = "  ", removed = "- ", added = "+ " }
    var part: String
    var removed: [String]
    var added: [String]
    /// Both lists as one, each line with its mark.
    private(set) var lines: [(mark: Mark, text: String)] = []

    private enum CodingKeys: CodingKey { case part, removed, added }

    init(_ part: String, from old: [String], to new: [String]) {
        self.part = part
        let difference = new.difference(from: old)
        (removed, added) = ([], [])
        var (gone, come) = (Set<Int>(), Set<Int>())
        for change in difference {
            switch change {
            case .remove(let offset, let text, _):
                gone.insert(offset)
                removed.append(text)
            case .insert(let offset, let text, _):
                come.insert(offset)
                added.append(text)
            }
        }
        removed = old.indices.filter(gone.contains).map { old[$0] }
        var next = 0
        for index in old.indices {
            while next < new.count, come.contains(next) {
                if gone.contains(index) { break }
                lines.append((.added, new[next]))
                next += 1
            }
            if gone.contains(index) {
                lines.append((.removed, old[index]))
            } else {
                lines.append((.kept, old[index]))
                next += 1
            }
        }
        while next < new.count {
            lines.append((.added, new[next]))
            next += 1
        }
    }

    var isEmpty: Bool { removed.isEmpty && added.isEmpty }

    /// With two lines around each change.
    var text: String {
        let changed = lines.indices.filter { lines[$0].mark != .kept }
        var shown: [String] = []
        var last = -1
        for index in lines.indices where changed.contains(where: { abs($0 - index) <= 2 }) {
            if index > last + 1 { shown.append("  ...") }
            shown.append(lines[index].mark.rawValue + lines[index].text)
            last = index
        }
        if last < lines.count - 1 { shown.append("  ...") }
        return shown.joined(separator: "\n")
    }
}
