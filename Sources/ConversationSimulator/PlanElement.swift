import Conversation

/// One of the small things that a plan is made of: without all of them it is the calmest of calls.
enum PlanElement: Sendable {
    case policy(Int)
    case timing
    case act(Int)
    case answer(Int)
    case fault(Int)
}

extension CallPlan {
    /// Everything that could be left out, numbered as `--keep` names it.
    var elements: [PlanElement] {
        var elements: [PlanElement] = []
        for index in PolicyChoice.all.indices where PolicyChoice.all[index].differs(policy) {
            elements.append(.policy(index))
        }
        elements.append(.timing)
        for index in acts.indices { elements.append(.act(index)) }
        for index in answers.indices { elements.append(.answer(index)) }
        for index in faults.indices { elements.append(.fault(index)) }
        return elements
    }

    /// How many things the plan consists of.
    public var elementCount: Int { elements.count }

    /// The plan without all but the elements at `kept`, which count as in `elements`.
    public func keeping(_ kept: [Int]) -> CallPlan {
        var plan = CallPlan(seed: seed)
        plan.policy.fallbackText = policy.fallbackText
        plan.policy.answeringMachineMessage = policy.answeringMachineMessage
        plan.answers = [AnswerPlan](repeating: .usual, count: answers.count)
        let elements = self.elements
        for index in kept.sorted() where elements.indices.contains(index) {
            switch elements[index] {
            case .policy(let choice): PolicyChoice.all[choice].copy(policy, &plan.policy)
            case .timing: plan.timing = timing
            case .act(let act): plan.acts.append(acts[act])
            case .answer(let answer): plan.answers[answer] = answers[answer]
            case .fault(let fault): plan.faults.append(faults[fault])
            }
        }
        plan.settleMarks()
        return plan
    }

    /// One line for each element at `kept`, in the order in which it matters.
    public func lines(keeping kept: [Int]) -> [String] {
        let elements = self.elements
        return kept.sorted().filter { elements.indices.contains($0) }.map { "\($0): " + text(of: elements[$0]) }
    }

    private func text(of element: PlanElement) -> String {
        switch element {
        case .policy(let choice): "policy  " + PolicyChoice.all[choice].text(policy)
        case .timing:
            "timing  model \(timing.model) ms away, marks \(timing.mark) ms, hears after \(timing.hearing) ms, "
                + "writes after \(timing.transcript) ms"
        case .act(let act): "caller  " + Self.text(of: acts[act])
        case .answer(let answer): "answer \(answer + 1)  " + Self.text(of: answers[answer])
        case .fault(let fault):
            "fault   \(faults[fault].fault.rawValue) at \(CallTrace.seconds(faults[fault].at)) s"
                + (faults[fault].amount == 0 ? "" : ", amount \(faults[fault].amount)")
        }
    }

    private static func text(of act: CallerAct) -> String {
        let deed =
            switch act.deed {
            case .speaks(let milliseconds): "speaks for \(milliseconds) ms"
            case .saysBye(let milliseconds): "says bye, \(milliseconds) ms"
            case .coughs(let milliseconds): "coughs, \(milliseconds) ms"
            case .backchannels: "says mhmm"
            case .presses(let key): "presses \(Character(UnicodeScalar(key)))"
            case .mumbles(let milliseconds): "mumbles for \(milliseconds) ms"
            case .waits(let milliseconds): "waits \(milliseconds) ms"
            case .hangsUp: "hangs up"
            }
        switch act.cue {
        case .after(let milliseconds): return "\(deed), \(milliseconds) ms after the last act"
        case .intoAgent(let milliseconds): return "\(deed), \(milliseconds) ms into the agent's next words"
        case .agentSilent(let milliseconds): return "\(deed), \(milliseconds) ms after the agent has finished"
        }
    }

    private static func text(of answer: AnswerPlan) -> String {
        var parts = ["\(answer.milliseconds) ms of audio after \(answer.delay) ms"]
        parts.append("deltas of \(answer.deltaMilliseconds) ms every \(answer.deltaGap) ms")
        if answer.tools > 0 { parts.append("\(answer.tools) tool calls") }
        if answer.endsCall { parts.append("end_call") }
        return parts.joined(separator: ", ")
    }
}

/// A policy that a plan may differ in.
struct PolicyChoice: Sendable {
    let differs: @Sendable (ConversationPolicy) -> Bool
    let copy: @Sendable (ConversationPolicy, inout ConversationPolicy) -> Void
    let text: @Sendable (ConversationPolicy) -> String

    private init<Value: Equatable & SendableMetatype>(
        _ name: String, _ path: WritableKeyPath<ConversationPolicy, Value> & Sendable
    ) {
        differs = { $0[keyPath: path] != ConversationPolicy()[keyPath: path] }
        copy = { $1[keyPath: path] = $0[keyPath: path] }
        text = { "\(name): \($0[keyPath: path])" }
    }

    static let all: [PolicyChoice] = [
        .init("greets", \.greets), .init("allowInterruptions", \.allowInterruptions),
        .init("greetingProtectionMilliseconds", \.greetingProtectionMilliseconds),
        .init("digitsInterrupt", \.digitsInterrupt), .init("goodbyeIsInterruptible", \.goodbyeIsInterruptible),
        .init("withdrawsUnheardAnswer", \.withdrawsUnheardAnswer),
        .init("modelSpeechAloneMilliseconds", \.modelSpeechAloneMilliseconds),
        .init("toolFillerMilliseconds", \.toolFillerMilliseconds), .init("silenceMilliseconds", \.silenceMilliseconds),
        .init("maximumDurationMilliseconds", \.maximumDurationMilliseconds), .init("turns", \.turns),
        .init("modelRoutes", \.modelRoutes), .init("routeMilliseconds", \.routeMilliseconds),
        .init("silencePrompts", \.silencePrompts), .init("minimumWords", \.minimumWords),
        .init("backchannels", \.backchannels), .init("lateWords", \.lateWords),
        .init("keepsBackchannels", \.keepsBackchannels), .init("protectedMessages", \.protectedMessages),
        .init("answeringMachine", \.answeringMachine), .init("maximumTokens", \.maximumTokens),
        .init("renewalMilliseconds", \.renewalMilliseconds),
    ]
}
