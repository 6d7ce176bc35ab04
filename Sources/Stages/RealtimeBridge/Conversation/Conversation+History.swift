/// What a new session is told of the call so far. All of it goes as items after the instructions, which stay the same
/// bytes in every session of the call, so that the provider's cache of them holds.
extension Conversation {
    /// Turns told word by word; what came before them goes as one message.
    static let replayedTurns = 12

    func introduction() -> ModelCommand? {
        prompt.callerContext.isEmpty ? nil : .createText(role: .system, text: prompt.callerContext)
    }

    /// The turns from `index` on, up to and without `end`. The caller's words go as the caller's, all else as the system's (R10).
    func history(from index: Int, upTo end: Int = .max) -> [ModelCommand] {
        let said = turns.turns.filter { $0.index >= index && $0.index < end && !words(of: $0).isEmpty }
        var commands = [ModelCommand]()
        let earlier = said.dropLast(Self.replayedTurns)
        if !earlier.isEmpty {
            let lines = earlier.map { "\($0.speaker == .caller ? "Caller" : "You"): \(words(of: $0))" }
            let text = "Earlier in this call:\n" + lines.joined(separator: "\n")
            commands.append(.createText(role: .system, text: text))
        }
        for turn in said.suffix(Self.replayedTurns) {
            commands.append(.createText(role: turn.speaker == .caller ? .user : .assistant, text: words(of: turn)))
        }
        return commands
    }

    /// As it was heard; of what is still being said, all that is known.
    private func words(of turn: Turn) -> String {
        guard turn.text.isEmpty, turn.endedAt == nil, turn.speaker == .agent else { return turn.text }
        return turns.speeches.last { $0.turn == turn.index }?.text ?? ""
    }

    /// Turns whose words will not change any more: the first of those that may still.
    var firstUnsettledTurn: Int {
        for turn in turns.turns {
            if turn.endedAt == nil || (turn.speaker == .caller && turn.textSource == .none) { return turn.index }
        }
        return (turns.turns.last?.index ?? -1) + 1
    }

    /// The words are lost, and nobody has answered them.
    func lostWords() -> ModelCommand? {
        guard let last = turns.turns.last, last.speaker == .caller, last.text.isEmpty else { return nil }
        let text = "The connection was lost for a moment and the caller's last words with it: ask to hear them again."
        return .createText(role: .system, text: text)
    }

    /// Effect `replayHistory` (S56).
    mutating func replayHistory(_ actions: inout ActionList) {
        if let introduction = introduction() { actions.append(.send(introduction)) }
        for command in history(from: 0) { actions.append(.send(command)) }
        for result in tools.orphanResults { actions.append(.send(.createText(role: .system, text: result))) }
        tools.orphanResults.removeAll()
        if let lost = lostWords() { actions.append(.send(lost)) }
    }
}
