import Conversation
import Testing

@Suite struct `Tools, keys and failed answers` {
    private func asked(_ tools: [(WireID, String)], milliseconds: Int = 0, policy: ConversationPolicy = .init())
        -> CallRig
    {
        let rig = CallRig(policy)
        rig.startAndGreet()
        rig.model.answers = [.init(milliseconds: milliseconds, tools: tools)]
        rig.speak("item_u1", text: "look it up")
        rig.run(for: 600)
        return rig
    }
    private func ran(_ rig: CallRig) -> [WireID] {
        rig.all.compactMap { if case .runTool(let call) = $0 { call.call } else { nil } }
    }
    private func outputs(_ rig: CallRig) -> [WireID] {
        rig.sentCommands.compactMap { if case .toolOutput(let call, _) = $0 { call } else { nil } }
    }

    @Test func `S42 two tools of one response: two outputs, then one response`() {
        let rig = asked([("call_1", "weather"), ("call_2", "clock")])
        #expect(ran(rig) == ["call_1", "call_2"])
        #expect(rig.state == .thinking)
        rig.give(.toolFinished(call: "call_2", output: "{}"))
        #expect(rig.responseRequests == 2)
        rig.give(.toolFinished(call: "call_1", output: "{}"))
        #expect(outputs(rig) == ["call_2", "call_1"])
        #expect(rig.responseRequests == 3)
        rig.run(for: 600)
        #expect(rig.state == .speaking)
    }

    @Test func `S42 a repeated tool event runs nothing twice`() {
        let rig = asked([("call_1", "weather")])
        rig.give(.toolCall(ToolCall(response: "resp_2", item: "i", call: "call_1", name: "weather", arguments: "{}")))
        #expect(ran(rig) == ["call_1"])
        #expect(rig.noted(.duplicateToolCall) == 1)
        rig.give(.toolFinished(call: "call_1", output: "{}"))
        rig.give(.toolFinished(call: "call_1", output: "{}"))
        #expect(outputs(rig) == ["call_1"])
    }

    @Test func `S42 a tool that does not answer gets an output in its place, and the late one is ignored`() {
        var policy = ConversationPolicy()
        policy.toolTimeoutMilliseconds = 3_000
        let rig = asked([("call_1", "weather")], policy: policy)
        rig.run(for: 3_000)
        #expect(outputs(rig) == ["call_1"])
        #expect(rig.responseRequests == 3)
        rig.give(.toolFinished(call: "call_1", output: "{}"))
        #expect(outputs(rig) == ["call_1"])
    }

    @Test func `S42 a slow tool gets a word from the agent meanwhile`() {
        var policy = ConversationPolicy()
        policy.toolFillerMilliseconds = 1_500
        let rig = asked([("call_1", "weather")], policy: policy)
        rig.model.usual.milliseconds = 600
        rig.run(for: 3_000)
        #expect(rig.responseRequests == 3)
        rig.give(.toolFinished(call: "call_1", output: "{}"))
        rig.run(for: 1_000)
        #expect(rig.responseRequests == 4)
        #expect(rig.rules.broken == [])
    }

    @Test func `S42 the caller interrupts while a tool runs: its output is still given, one answer follows`() {
        let rig = asked([("call_1", "weather")], milliseconds: 6_000)
        rig.run(for: 400)
        rig.speak("item_u2", text: "never mind")
        rig.run(for: 300)
        let before = rig.responseRequests
        rig.give(.toolFinished(call: "call_1", output: "{}"))
        #expect(outputs(rig) == ["call_1"])
        rig.run(for: 6_000)
        #expect(rig.responseRequests <= before + 1)
        #expect(rig.rules.broken == [])
    }

    @Test func `S42 a tool called by an answer that was cancelled does not run, and gets its output`() {
        let rig = CallRig()
        rig.startAndGreet()
        rig.model.usual.milliseconds = 20_000
        rig.speak("item_u1", text: "look it up")
        rig.run(for: 800)
        rig.give(.voice(.onset(startedMillisecondsAgo: 40)))
        rig.give(.voice(.sustained))
        rig.give(.toolCall(ToolCall(response: "resp_2", item: "i", call: "call_9", name: "pay", arguments: "{}")))
        rig.give(.toolCall(ToolCall(response: "resp_2", item: "i", call: "call_10", name: "end_call", arguments: "{}")))
        rig.run(for: 2_000)
        #expect(ran(rig) == [])
        #expect(outputs(rig) == ["call_9", "call_10"])
        #expect(rig.hangUps == [])
        #expect(rig.state == .listening)
    }

    @Test func `an answer that takes long to generate is left alone as long as it comes`() {
        let rig = CallRig()
        rig.startAndGreet()
        rig.model.usual.milliseconds = 200_000  // Twenty seconds of deltas.
        rig.speak("item_u1", text: "read me the book")
        rig.run(for: 210_000)
        #expect(rig.truth(PlayoutItem(ordinal: 2)) == 1_600_000)
        #expect(rig.noted(.responseFailed) == 0)
    }

    @Test func `S42 the caller hangs up while a tool runs: nothing is done for a dead call`() {
        let rig = asked([("call_1", "weather")])
        rig.give(.carrierStopped)
        rig.run(for: 1_000)
        #expect(rig.state == .ended)
        let count = rig.all.count
        rig.give(.toolFinished(call: "call_1", output: "{}"))
        #expect(rig.all.count == count)
    }

    @Test func `tools that call tools without end are stopped`() {
        let rig = CallRig()
        rig.startAndGreet()
        for round in 0..<20 {
            rig.model.answers.append(.init(milliseconds: 0, tools: [(WireID("call_\(round)")!, "again")]))
        }
        rig.speak("item_u1")
        for round in 0..<20 {
            rig.run(for: 600)
            rig.give(.toolFinished(call: WireID("call_\(round)")!, output: "{}"))
        }
        #expect(rig.responseRequests == 2 + ConversationPolicy().maximumToolRounds)
        #expect(rig.noted(.selfAnswerStopped) == 1)
        #expect(rig.state == .listening)
    }

    @Test(arguments: [ResponseOutcome.Status.failed, .incomplete])
    func `S43 an answer that fails is asked for once more, then the fallback message`(status: ResponseOutcome.Status) {
        let rig = CallRig()
        rig.startAndGreet()
        rig.model.answers = [.init(milliseconds: 0, status: status, errorCode: "rate_limit_exceeded")]
        rig.speak("item_u1")
        rig.run(for: 1_000)
        #expect(rig.state == .speaking)
        #expect(rig.noted(.responseFailed) == 1)
        rig.run(for: 3_000)
        rig.model.usual.status = status
        rig.model.usual.milliseconds = 0
        rig.speak("item_u2")
        rig.run(for: 1_000)
        #expect(rig.state == .fallback)
    }

    @Test func `S43 an answer cut short by its length was still an answer`() {
        let rig = CallRig()
        rig.startAndGreet()
        rig.model.answers = [.init(milliseconds: 1_000, status: .incomplete)]
        rig.speak("item_u1")
        rig.run(for: 4_000)
        #expect(rig.state == .listening)
        #expect(rig.noted(.responseRetried) == 0)
    }

    @Test func `a response that never begins is cancelled and asked for again`() {
        let rig = CallRig()
        rig.startAndGreet()
        rig.model.answers = [.init(isLost: true)]
        rig.speak("item_u1")
        rig.run(for: 9_000)
        #expect(rig.state == .speaking)
        #expect(rig.noted(.responseRetried) == 1)
    }

    @Test func `S44 a model that answers itself is stopped and counted`() {
        let rig = CallRig()
        rig.startAndGreet()
        for _ in 0..<6 {
            rig.model.answerUnasked(at: rig.now)
            rig.run(for: 4_000)
        }
        #expect(rig.turns.count == 1 + ConversationPolicy().maximumSelfAnswers)
        #expect(rig.noted(.selfAnswerStopped) == 1)
        rig.speak("item_u1")
        rig.run(for: 1_000)
        #expect(rig.state == .speaking, "the caller's own turn is answered all the same")
    }

    @Test func `S45 R10 keys go as data from the system, gathered into one entry`() {
        let rig = CallRig()
        rig.startAndGreet()
        for key in "12#".utf8 {
            rig.give(.carrierDigit(key))
            rig.run(for: 400)
        }
        #expect(rig.responseRequests == 1)
        rig.run(for: 1_600)
        #expect(
            rig.sentCommands.contains(
                .createText(role: .system, text: "The caller pressed these keys on the telephone: 1 2 #")))
        #expect(rig.responseRequests == 2)
        #expect(rig.turns.allSatisfy { $0.speaker == .agent })
    }

    @Test(arguments: [true, false])
    func `S45 a key during an answer interrupts it by policy`(interrupts: Bool) {
        var policy = ConversationPolicy()
        policy.digitsInterrupt = interrupts
        let rig = CallRig(policy)
        rig.startAndGreet()
        rig.model.usual.milliseconds = 5_000
        rig.speak("item_u1")
        rig.run(for: 1_000)
        rig.give(.carrierDigit(0x35))
        #expect(rig.happened(.clearPlayout) == (interrupts ? 1 : 0))
        rig.run(for: 8_000)
        #expect(rig.responseRequests == 3)
        #expect(rig.rules.broken == [])
    }

    @Test func `bytes that are no key are ignored`() {
        let rig = CallRig()
        rig.startAndGreet()
        for byte in [0, 0x20, 0x61, 0x80, 0xff] as [UInt8] { rig.give(.carrierDigit(byte)) }
        rig.run(for: 3_000)
        #expect(rig.responseRequests == 1)
    }
}
