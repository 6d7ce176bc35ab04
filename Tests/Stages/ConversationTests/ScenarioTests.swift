import CallJournal
@testable import Conversation
import Testing

/// Situations that belong to no single part of the conversation.
@Suite struct `Scenarios` {
    @Test func `S10 our ears die: the model's ears are enough to be answered`() {
        let rig = CallRig()
        rig.startAndGreet()
        for turn in 0..<3 {  // No edge of the local detector ever comes.
            let item = WireID("item_u\(turn)")!
            rig.give(.speechStarted(item: item, audioStartMilliseconds: 0))
            rig.run(for: 800)
            rig.give(.speechStopped(item: item, audioEndMilliseconds: 0))
            rig.give(.committed(item: item, previous: nil))
            rig.run(for: 4_000)
        }
        #expect(rig.turns.filter { $0.speaker == .caller }.count == 3)
        #expect(rig.responseRequests == 4)
        #expect(rig.rules.broken == [])
    }

    @Test func `S10 our voice dies: an apology is tried, and the call ends instead of staying silent`() {
        let rig = CallRig()
        rig.startAndGreet()
        rig.isMute = true  // Nothing leaves playout any more.
        rig.speak("item_u1", text: "hello?")
        rig.run(for: 9_000)
        #expect(rig.noted(.playoutStalled) == 0)
        rig.run(for: 3_000)
        #expect(rig.noted(.playoutStalled) == 1)
        #expect(rig.noted(.fallbackSpoken) == 1)
        rig.run(for: 20_000)
        #expect(rig.hangUps == [.playoutFailed])
        #expect(rig.state == .ended)
    }

    @Test func `S10 our voice comes back: the apology is heard whole before the end`() {
        let rig = CallRig()
        rig.startAndGreet()
        rig.isMute = true
        rig.speak("item_u1", text: "hello?")
        rig.run(for: 12_000)
        rig.isMute = false
        rig.run(for: 10_000)
        #expect(rig.truth(rig.conversation.core.ledger.newest!.item) == 16_000)
        #expect(rig.hangUps == [.playoutFailed])
    }

    @Test func `S10 a message of any length is no stall`() {
        let rig = CallRig.speaking(milliseconds: 60_000)
        rig.run(for: 70_000)
        #expect(rig.noted(.playoutStalled) == 0)
        #expect(rig.truth(PlayoutItem(ordinal: 2)) == 480_000)
        #expect(rig.armedTimers < 4 && !rig.isArmed(.playoutStalled))
    }

    @Test func `S27 while the model still speaks: clear, one cancel and one truncate, in this order`() throws {
        let rig = CallRig.speaking(milliseconds: 20_000)
        let before = rig.all.count
        rig.speak("item_u2", text: "stop")
        let after = rig.all.dropFirst(before)
        let clear = try #require(after.firstIndex(of: .clearPlayout))
        let cancels = after.indices.filter {
            if case .send(.cancelResponse) = after[$0] { true } else { false }
        }
        let truncates = after.indices.filter { if case .send(.truncate) = after[$0] { true } else { false } }
        #expect(cancels.count == 1 && truncates.count == 1)
        #expect(clear < cancels[0] && cancels[0] < truncates[0])
        #expect(rig.rules.broken == [])
    }

    @Test func `S32 S33 the answer after a cancelled one is heard whole, whatever comes late of the old one`() {
        let rig = CallRig.speaking(milliseconds: 20_000)
        rig.model.usual.milliseconds = 3_000
        rig.speak("item_u2", text: "one")
        while rig.state != .speaking { rig.run(for: 20) }
        let item = rig.conversation.core.ledger.newest!.item
        for _ in 0..<10 {  // 500 ms of deltas of the old one, and then its end.
            #expect(rig.admit(response: "resp_2", item: "item_a2") == .drop(.staleResponse))
            rig.run(for: 40)
        }
        rig.give(.responseDone(ResponseOutcome(response: "resp_2", status: .cancelled)))
        rig.run(for: 6_000)
        #expect(rig.truth(item) == 24_000)
        #expect(rig.noted(.staleAudioDropped) > 0)
        #expect(rig.responseRequests == 3)
        #expect(rig.rules.broken == [])
    }

    @Test(arguments: [InputTranscript.final(""), .failed(code: "audio_unintelligible", message: "")])
    func `S41 an empty or failed transcript leaves the turn its times, and nothing is tried again`(
        transcript: InputTranscript
    ) throws {
        let rig = CallRig()
        rig.startAndGreet()
        rig.speak("item_u1")
        let sent = rig.sentCommands.count
        for _ in 0..<5 { rig.give(.inputTranscript(item: "item_u1", transcript)) }
        #expect(rig.sentCommands.count == sent)
        let turn = try #require(rig.turns.first { $0.item == "item_u1" })
        #expect(turn.endedAt != nil && turn.text.isEmpty)
        rig.run(for: 3_000)
        #expect(rig.responseRequests == 2, "the model heard the audio: it is answered all the same")
    }

    @Test func `S45 ten digits, and every key there is, are one entry; a pause makes two`() {
        let rig = CallRig()
        rig.startAndGreet()
        for key in "1234567890*#".utf8 {
            rig.give(.carrierDigit(key))
            rig.run(for: 1_000)
        }
        rig.run(for: 600)
        let told = rig.sentCommands.compactMap { if case .createText(.system, let text) = $0 { text } else { nil } }
        #expect(told == ["The caller pressed these keys on the telephone: 1 2 3 4 5 6 7 8 9 0 * #"])
        rig.give(.carrierDigit(0x39))
        rig.run(for: 2_000)
        #expect(
            rig.sentCommands.last { if case .createText = $0 { true } else { false } }
                == .createText(role: .system, text: "The caller pressed these keys on the telephone: 9"))
        #expect(rig.rules.broken == [])
    }

    @Test func `S48 queued audio and a running tool are no silence, as marbles`() {
        var policy = ConversationPolicy()
        policy.silenceMilliseconds = 3_000
        policy.toolTimeoutMilliseconds = 60_000
        let rig = CallRig(policy)
        rig.startAndGreet()
        rig.model.answers = [.init(milliseconds: 6_000, tools: [("call_1", "slow")])]
        rig.speak("item_u1", text: "look it up")
        rig.run(for: 16_000)
        #expect(rig.noted(.silencePrompted) == 0)
        rig.give(.toolFinished(call: "call_1", output: "{}"))
        rig.run(for: 3_000)
        #expect(rig.noted(.silencePrompted) == 0, "its answer is being heard")
        rig.run(for: 4_000)
        #expect(rig.noted(.silencePrompted) == 1)
    }
}
