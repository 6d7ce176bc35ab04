/// What an operator wants said, until it is (R10: to the model it is never the caller who speaks).
struct OperatorWords: Sendable {
    static let capacity = 16
    struct Entry: Sendable, Equatable {
        var text: String
        var isVerbatim: Bool
    }
    /// Oldest first.
    var waiting: [Entry] = []
    /// The words of the response that says them; nil when it answers an instruction.
    var asked: String?
}

extension Conversation {
    mutating func operatorSaid(_ text: String, _ isVerbatim: Bool, _ actions: inout ActionList) {
        guard operatorWords.waiting.count < OperatorWords.capacity, ending == nil, policy.mode == .agent else {
            return actions.append(.note(.staleEventIgnored))
        }
        operatorWords.waiting.append(.init(text: text, isVerbatim: isVerbatim))
    }

    /// Part of `settle`: the oldest is said as soon as nobody else speaks or is about to.
    mutating func settleOperatorWords(_ actions: inout ActionList) {
        guard let next = operatorWords.waiting.first, state == .listening, active == nil, owed == nil, ending == nil,
            errand == nil, tools.pending.isEmpty, machine.stage == .none, link.stage == .ready, !callerHasFloor,
            ledger.unheard(at: now) == 0
        else { return }
        operatorWords.waiting.removeFirst()
        operatorWords.asked = next.isVerbatim ? next.text : nil
        if !next.isVerbatim {
            actions.append(.send(.createText(role: .system, text: "Instruction of the operator: \(next.text)")))
        }
        owe(.operatorWords)
    }

    /// Told first, then done, as when the agent had asked; whatever runs already goes on.
    mutating func transferAsked(to name: String, _ actions: inout ActionList) {
        guard ending == nil, errand == nil, policy.mode == .agent, state != .waiting, state != .away else {
            return actions.append(.note(.staleEventIgnored))
        }
        errand = Errand(.transfer(to: name), call: nil, isOperators: true)
    }

    /// No tool waits for it: the agent hears what became of it as a message.
    mutating func tellOfOperators(_ errand: Errand, _ output: String, _ actions: inout ActionList) {
        guard errand.isOperators else { return }
        let result = "The operator had the caller transferred. What became of it: \(output)"
        if link.stage == .ready {
            actions.append(.send(.createText(role: .system, text: result)))
        } else if tools.orphanResults.count < 16 {
            tools.orphanResults.append(result)
        }
    }
}
