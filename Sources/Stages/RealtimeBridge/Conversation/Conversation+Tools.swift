/// Tool calls of this call: each runs once and gets an output on every path (R8).
struct ToolLog {
    struct Pending {
        let call: ToolCall
        /// When it gets an output in its place.
        let deadline: CallInstant
        /// What the agent says meanwhile; nil: words of its own.
        var filler: String?
        /// The session that asked is gone: the result goes to the next one as a message.
        var isOrphan = false
    }

    var pending = [Pending]()
    /// What the agent says while it waits for the oldest of them.
    var filler: String? { pending.first?.filler }
    /// Responses in a row that answered tool outputs.
    var rounds = 0
    /// The last calls seen, for repeated events.
    private var seen = [WireID]()
    /// Results that wait for a session.
    var orphanResults = [String]()

    /// - Returns: false for a call that was seen before (S42).
    mutating func register(_ call: WireID) -> Bool {
        guard !seen.contains(call) else { return false }
        if seen.count == 64 { seen.removeFirst() }
        seen.append(call)
        return true
    }

    mutating func orphanAll() { for index in pending.indices { pending[index].isOrphan = true } }
}

extension Conversation {
    mutating func toolCalled(_ call: ToolCall, _ actions: inout ActionList) {
        guard link.stage == .ready else { return actions.append(.note(.staleEventIgnored)) }
        guard tools.register(call.call) || defects.contains(.runsToolsTwice) else {
            return actions.append(.note(.duplicateToolCall))
        }
        guard active?.id == call.response, active?.cancelRequested == false, ending == nil else {
            return giveOutput(call, #"{"error":"interrupted by the caller"}"#, &actions)
        }
        active?.toolCalls += 1
        if call.name == ToolDefinition.endCall.name {
            active?.calledEnd = true
            return giveOutput(call, #"{"ok":true}"#, &actions)
        }
        guard tools.pending.count < 16 else {
            return giveOutput(call, #"{"error":"too many tools at once"}"#, &actions)
        }
        let definition = prompt.tools.first { $0.name == call.name }
        let deadline = now.advanced(
            byMilliseconds: definition?.timeoutMilliseconds ?? policy.toolTimeoutMilliseconds)
        tools.pending.append(.init(call: call, deadline: deadline, filler: definition?.filler))
        actions.append(.runTool(call))
        armToolTimeout(&actions)
        if let filler = definition?.fillerMilliseconds ?? policy.toolFillerMilliseconds, !isArmed(.toolFiller) {
            arm(.toolFiller, inMilliseconds: filler, &actions)
        }
    }

    mutating func toolFinished(_ call: WireID, _ output: String, _ actions: inout ActionList) {
        guard let index = tools.pending.firstIndex(where: { $0.call.call == call }) else {
            return actions.append(.note(.staleEventIgnored))  // Late, or for a call that had its output.
        }
        let finished = tools.pending.remove(at: index)
        give(output, of: finished.call, isOrphan: finished.isOrphan, &actions)
        guard tools.pending.isEmpty else { return armToolTimeout(&actions) }
        disarm(.toolTimeout, &actions)
        disarm(.toolFiller, &actions)
        guard tools.rounds < policy.maximumToolRounds else { return actions.append(.note(.selfAnswerStopped)) }
        toolAnswered()
        owe(.toolAnswer)
    }

    mutating func toolsOverdue(_ actions: inout ActionList) {
        let overdue = tools.pending.filter { now >= $0.deadline }
        for tool in overdue { toolFinished(tool.call.call, #"{"error":"the tool did not answer in time"}"#, &actions) }
        armToolTimeout(&actions)
    }

    /// The session that asked gets the output; the one after it is told in words.
    mutating func give(_ output: String, of call: ToolCall, isOrphan: Bool, _ actions: inout ActionList) {
        guard isOrphan else { return giveOutput(call, output, &actions) }
        let result = "Result of the tool \(call.name), asked for before the connection was lost: \(output)"
        if link.stage == .ready {
            actions.append(.send(.createText(role: .system, text: result)))
        } else if tools.orphanResults.count < 16 {
            tools.orphanResults.append(result)
        }
    }

    mutating func giveOutput(_ call: ToolCall, _ output: String, _ actions: inout ActionList) {
        actions.append(.send(.toolOutput(call: call.call, output: output)))
    }

    mutating func armToolTimeout(_ actions: inout ActionList) {
        guard let next = tools.pending.map(\.deadline).min() else { return }
        arm(.toolTimeout, at: next, &actions)
    }

    // MARK: Keys

    /// A key of the telephone: data for the model, never the caller's words (S45, R10).
    mutating func pressed(_ digit: UInt8, _ actions: inout ActionList) {
        let key = Character(UnicodeScalar(digit))
        guard "0123456789*#ABCD".contains(key), digits.count < 32 else { return }
        switch state {
        case .waiting, .fallback, .away: return
        default: break
        }
        digits.append(key)
        lastKeyAt = now
        arm(.digitGap, inMilliseconds: policy.digitGapMilliseconds, &actions)
        if policy.digitsInterrupt, interruption.isPending || mayInterrupt { confirmInterruption(&actions) }
    }

    mutating func digitsEntered(_ actions: inout ActionList) {
        guard !digits.isEmpty, link.stage == .ready, ending == nil else { return }
        let keys = digits.map { String($0) }.joined(separator: " ")
        digits = ""
        (selfAnswers, silencePrompts, tools.rounds) = (0, 0, 0)
        actions.append(
            .send(.createText(role: .system, text: "The caller pressed these keys on the telephone: \(keys)")))
        answerIsDue(.keys, since: lastKeyAt)
        owe(.digits)
    }
}
