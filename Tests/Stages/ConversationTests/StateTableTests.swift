@testable import Conversation
import Foundation
import Testing

@Suite struct `State table` {
    /// The row as docs/CALL_STATE_MACHINE.md writes it.
    static func line(_ row: ConversationTransition) -> String {
        let effects = row.effects.isEmpty ? "nothing" : row.effects.map { "`\($0)`" }.joined(separator: ", ")
        return "| `\(row.state)` | `\(row.trigger)` | \(effects) | `\(row.next)` |"
    }

    private func document() throws -> String {
        var folder = URL(fileURLWithPath: #filePath)
        for _ in 0..<4 { folder.deleteLastPathComponent() }
        return try String(contentsOf: folder.appendingPathComponent("docs/CALL_STATE_MACHINE.md"), encoding: .utf8)
    }

    @Test func `the document shows the rows that drive the machine, all of them, in order`() throws {
        let lines = try document().split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let heading = try #require(lines.firstIndex(of: "## The table"))
        let rows = lines[heading...].dropFirst(4).prefix { !$0.isEmpty }
        #expect(Array(rows) == ConversationTable.transitions.map(Self.line))
    }

    @Test func `the document shows the standby's rows, all of them, in order`() throws {
        let lines = try document().split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let heading = try #require(lines.firstIndex(of: "| stage | event | next |"))
        let rows = lines[heading...].dropFirst(2).prefix { !$0.isEmpty }
        #expect(
            Array(rows) == StandbyTable.transitions.map { "| `\($0.stage)` | `\($0.trigger)` | `\($0.next)` |" })
    }

    @Test func `the document names every state, trigger and effect`() throws {
        let text = try document()
        for state in ConversationState.allCases {
            #expect(text.contains("`\(state)`"))
            #expect(text.contains("| \(state) | "), "described")
        }
        for trigger in ConversationTrigger.allCases { #expect(text.contains("`\(trigger)`")) }
        for effect in ConversationEffect.allCases { #expect(text.contains("`\(effect)`")) }
    }

    /// Where a state leads, and by what: a line of the overview.
    static func overview(_ state: ConversationState) -> String {
        var ways: [(next: ConversationState, triggers: [String])] = []
        for row in ConversationTable.transitions where row.state == state {
            if let index = ways.firstIndex(where: { $0.next == row.next }) {
                ways[index].triggers.append("\(row.trigger)")
            } else {
                ways.append((row.next, ["\(row.trigger)"]))
            }
        }
        let text = ways.map {
            "**\($0.next == state ? "stays" : "\($0.next)")** \($0.triggers.joined(separator: ", "))"
        }
        return "| \(state) | \(text.joined(separator: "; ")) |"
    }

    @Test func `the document's overview says where each state leads`() throws {
        let lines = try document().split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let heading = try #require(lines.firstIndex(of: "## At a glance"))
        let table = try #require(lines[heading...].firstIndex { $0.hasPrefix("| --- |") })
        let rows = Array(lines[(table + 1)...].prefix { !$0.isEmpty })
        #expect(rows == ConversationState.allCases.filter { $0 != .ended }.map(Self.overview))
    }

    @Test func `no state has two rows for one trigger`() {
        let rows = ConversationTable.transitions
        for (index, row) in rows.enumerated() { #expect(ConversationTable.row(row.state, row.trigger) == index) }
        #expect(rows.count <= 128, "RowSet holds as many")
    }

    @Test func `every state but the last has a way out by the carrier's end, and the last has none`() {
        for state in ConversationState.allCases {
            switch state {
            case .ended: #expect(!ConversationTable.transitions.contains { $0.state == .ended })
            case .closing: #expect(ConversationTable.row(.closing, .released) != nil)
            default: #expect(ConversationTable.row(state, .callEnded) != nil, "\(state)")
            }
        }
    }

    @Test func `R5 only rows into closing hang up`() {
        for row in ConversationTable.transitions {
            #expect(row.effects.contains(.hangUp) == (row.next == .closing), "\(row.state) \(row.trigger)")
        }
    }
}
