/// What the simulator may look at, to judge a call by more than its actions.
extension Conversation {
    /// An answer is owed for the caller's words or keys, and nothing stands in its way.
    package var isAnswerDue: Bool {
        guard let owed, active == nil else { return false }
        return owed.purpose >= .digits && !owed.waitsForCaller
    }

    package var hasSession: Bool { link.stage == .ready }

    /// Ordinals of the ledger's items that may still be remembered.
    package var rememberedOrdinals: Range<UInt32> { ledger.remembered.map { Range($0) } ?? 0..<0 }

    /// R3, as the conversation itself judges.
    package func wouldAccept(_ echo: SessionEcho) -> Bool { accepts(echo) }

    /// R14: none of its lists is longer than it may be.
    package var isWithinBounds: Bool {
        turns.turns.count <= TurnLog.capacity && turns.speeches.count <= TurnLog.speechCapacity
            && speech.utterances.count <= 16 && tools.pending.count <= 16 && tools.orphanResults.count <= 16
            && digits.count <= 32
    }

    /// Rows of the table that this call went through: bit n of the pair is row n.
    package var rowsTaken: (UInt64, UInt64) { rowsUsed.bits }
    package static var tableRows: Int { ConversationTable.transitions.count }

    /// `state trigger` of a row, as docs/CALL_STATE_MACHINE.md names it.
    package static func rowName(_ row: Int) -> String {
        let row = ConversationTable.transitions[row]
        return "\(row.state) \(row.trigger)"
    }
}
