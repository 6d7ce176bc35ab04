@testable import Conversation
import Testing

@Suite struct `Transfers and keys for the far end` {
    /// The caller asked for a person; the model says so (or not) and calls the tool.
    private func asked(_ tool: String = "transfer_call", announcement milliseconds: Int = 1_000) -> CallRig {
        let rig = CallRig()
        rig.startAndGreet()
        let call: WireID = "call_1"
        rig.model.answers = [.init(milliseconds: milliseconds, tools: [(call, tool)])]
        rig.speak("item_u1", text: "a person, please")
        return rig
    }
    private func ordered(_ rig: CallRig) -> [CarrierErrand] {
        rig.all.compactMap { if case .errand(let errand) = $0 { errand } else { nil } }
    }
    private func outputs(_ rig: CallRig) -> [String] {
        rig.sentCommands.compactMap { if case .toolOutput("call_1", let output) = $0 { output } else { nil } }
    }
    /// The call as the carrier has it: the stream has stopped, the person's telephone rings.
    private func away(_ tool: String = "transfer_call") -> CallRig {
        let rig = asked(tool)
        rig.run(for: 4_000)
        rig.give(.errandFinished(.accepted))
        rig.give(.carrierStopped)
        rig.give(.carrierClosed(.peer))
        return rig
    }

    @Test func `S53 a transfer is announced, heard to its end, then ordered`() {
        let rig = asked()
        rig.run(for: 900)
        #expect(rig.state == .speaking)
        #expect(ordered(rig) == [])
        rig.run(for: 3_000)
        #expect(rig.state == .away)
        #expect(ordered(rig) == [.transfer(to: "front desk")])
        #expect(rig.turns.last?.text == ScriptedModel.Answer().text)
        #expect(rig.truth(PlayoutItem(ordinal: 2)) == 8_000)
        #expect(outputs(rig) == [])
        #expect(rig.rules.broken == [])
    }

    @Test func `S53 a model that transfers without a word is asked for one first`() {
        let rig = asked(announcement: 0)
        rig.run(for: 300)
        #expect(ordered(rig) == [])
        let requests = rig.sentCommands.compactMap { if case .createResponse(let words) = $0 { words } else { nil } }
        #expect(requests.last?.contains("front desk") == true)
        rig.run(for: 5_000)
        #expect(ordered(rig).count == 1)
        #expect(rig.rules.broken == [])
    }

    @Test func `S53 R5 a person who took the call ends ours, once, as transferred`() {
        let rig = away()
        #expect(rig.state == .away)
        rig.run(for: 55_000)
        #expect(rig.hangUps == [])
        rig.run(for: 6_000)
        #expect(rig.hangUps == [.transferred])
        #expect(rig.state == .ended)
        let told = away()
        told.give(.errandFinished(.answered))
        #expect(told.hangUps == [.transferred])
    }

    @Test(arguments: [ErrandOutcome.busy, .noAnswer, .failed])
    func `S53 nobody reached: the agent has the caller again and says so`(outcome: ErrandOutcome) {
        let rig = away()
        rig.run(for: 20_000)
        rig.give(.errandFinished(outcome))
        let requests = rig.responseRequests
        rig.run(for: 400)
        #expect(rig.state == .away)
        rig.give(.carrierStarted(stream: "MZ2"))
        #expect(rig.state == .thinking)
        #expect(outputs(rig).count == 1)
        #expect(outputs(rig).first?.contains("error") == true)
        #expect(rig.responseRequests == requests + 1)
        rig.run(for: 4_000)
        #expect(rig.state == .listening)
        #expect(rig.hangUps == [])
        #expect(rig.rules.broken == [])
    }

    @Test func `S53 a stream that does not come back ends the call`() {
        let rig = away()
        rig.give(.errandFinished(.busy))
        rig.run(for: 16_000)
        #expect(rig.hangUps == [.carrierLost])
    }

    @Test func `S53 a carrier that refuses leaves the caller with the agent, on the same stream`() {
        let rig = asked()
        rig.run(for: 4_000)
        rig.give(.errandFinished(.refused))
        #expect(rig.state == .thinking)
        #expect(outputs(rig).first?.contains("error") == true)
        rig.run(for: 4_000)
        #expect(rig.state == .listening)
        let gone = asked()
        gone.run(for: 4_000)
        gone.give(.carrierStopped)
        gone.give(.errandFinished(.refused))
        #expect(gone.hangUps == [.callerHungUp], "there was no call to transfer any more")
    }

    @Test func `S53 the caller interrupts the announcement: nothing is ordered and the tool says why`() {
        let rig = asked(announcement: 6_000)
        rig.run(for: 1_000)
        rig.speak("item_u2", text: "no, wait")
        rig.run(for: 6_000)
        #expect(ordered(rig) == [])
        #expect(outputs(rig) == [#"{"error":"interrupted by the caller"}"#])
        #expect(rig.noted(.errandWithdrawn) == 1)
        #expect(rig.state == .listening)
        #expect(rig.rules.broken == [])
    }

    @Test func `S53 the caller hangs up while it rings`() {
        let rig = away()
        rig.give(.errandFinished(.callerHungUp))
        #expect(rig.hangUps == [.callerHungUp])
    }

    @Test func `S53 a model lost meanwhile is brought back with the caller, its history and the outcome`() {
        let rig = away()
        rig.model.close()
        rig.give(.modelClosed(.closed(code: 1_006)))
        rig.run(for: 15_000)
        #expect(rig.state == .away)
        rig.give(.errandFinished(.noAnswer))
        rig.give(.carrierStarted(stream: "MZ2"))
        #expect(rig.state == .reconnecting)
        rig.run(for: 4_000)
        #expect(outputs(rig) == [])
        let told = rig.sentCommands.contains {
            if case .createText(.system, let text) = $0 { text.contains("nobody answered") } else { false }
        }
        #expect(told)
        #expect(rig.state == .listening || rig.state == .speaking)
        #expect(rig.rules.broken == [])
    }

    @Test func `S53 without a model the fallback message is heard, then a person takes over`() {
        var policy = ConversationPolicy()
        policy.transferWhenModelUnavailable = "front desk"
        let rig = CallRig(policy)
        rig.model.refusal = .refused(httpStatus: 401)
        rig.model.refusesToOpen = 9
        rig.give(.carrierStarted(stream: "MZ1"))
        rig.run(for: 1_000)
        #expect(ordered(rig) == [])
        rig.run(for: 6_000)
        #expect(ordered(rig) == [.transfer(to: "front desk")])
        rig.give(.errandFinished(.refused))
        #expect(rig.hangUps == [.modelUnavailable])
        #expect(rig.rules.broken == [])
    }

    @Test func `keys for the far end: the stream goes, comes back, and the tool says that it is done`() {
        let rig = asked("send_dtmf", announcement: 0)
        rig.run(for: 400)
        #expect(ordered(rig) == [.sendDigits("1w23#")])
        rig.give(.errandFinished(.accepted))
        rig.give(.carrierStopped)
        rig.give(.carrierClosed(.peer))
        rig.run(for: 1_000)
        rig.give(.carrierStarted(stream: "MZ2"))
        #expect(outputs(rig) == [#"{"ok":true}"#])
        rig.run(for: 3_000)
        #expect(rig.state == .listening)
        let lost = away("send_dtmf")
        lost.run(for: 61_000)
        #expect(lost.hangUps == [.carrierLost])
    }

    @Test func `R8 a second transfer while one is under way is refused, and end_call beside one waits for it`() {
        let rig = CallRig()
        rig.startAndGreet()
        rig.model.answers = [
            .init(
                milliseconds: 1_000,
                tools: [("call_1", "transfer_call"), ("call_2", "transfer_call"), ("call_3", "end_call")])
        ]
        rig.speak("item_u1", text: "a person, please")
        rig.run(for: 4_000)
        #expect(ordered(rig).count <= 1)
        rig.run(for: 6_000)
        #expect(ordered(rig).count == 1)
        #expect(rig.hangUps == [])
        #expect(rig.rules.broken == [])
    }

    @Test func `S42 a tool with words of its own has them said when it takes long`() throws {
        let tool = ToolDefinition(
            name: "look_up", description: "", filler: "One moment, I am looking.", fillerMilliseconds: 700,
            timeoutMilliseconds: 20_000)
        let prompt = try PromptBuilder().build(
            from: PromptSource(inbound: .init(instructions: "You sell tea.", greeting: "Hello."), tools: [tool]),
            direction: .inbound)
        let rig = CallRig(prompt: prompt)
        rig.startAndGreet()
        rig.model.answers = [.init(milliseconds: 0, tools: [("call_1", "look_up")])]
        rig.speak("item_u1", text: "have you any oolong?")
        rig.run(for: 2_000)
        let asked = rig.sentCommands.compactMap { if case .createResponse(let words) = $0 { words } else { nil } }
        #expect(asked.last?.hasSuffix("One moment, I am looking.") == true)
        rig.run(for: 10_000)
        #expect(outputs(rig) == [], "its own time has not run out")
        rig.run(for: 10_000)
        #expect(outputs(rig).first?.contains("in time") == true)
    }
}
