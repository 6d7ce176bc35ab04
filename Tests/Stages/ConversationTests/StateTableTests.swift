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
