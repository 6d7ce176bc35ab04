@testable import Conversation
import Testing

@Suite struct `Latency of turns` {
    private func sum(_ latency: TurnLatency) -> Int64 {
        TurnLatency.Part.allCases.reduce(0) { $0 + (latency[$1] ?? 0) }
    }

    /// The caller asks, the model needs 40 ms for a message and 200 ms for its first audio.
    @Test func `the parts of an answer are those of the call, and add up`() throws {
        let rig = CallRig()
        rig.carrier.echoDelay = 60
        rig.startAndGreet()
        let onset = rig.now - 60
        rig.speak("item_u1", text: "hello", milliseconds: 1_000)  // Ends 200 ms before the offset is known.
        let accepted = rig.now
        rig.run(for: 4_000)
        let turn = try #require(rig.turns.last)
        let latency = try #require(turn.latency)
        #expect(latency.origin == .callerSpeech)
        #expect(latency.endpointing == (accepted - (onset + 60 + 1_000 - 200)) * 1_000)
        #expect(latency.request == 0)
        #expect(latency.followUp == nil)
        #expect(latency.model == 240_000)
        #expect(latency.queueing == 0)
        #expect(latency.carrier == 60_000, "the way of a mark back")
        #expect(sum(latency) == latency.heard)
        #expect(turn.heardBy == .marks)
        let truth = turn.startedAt.milliseconds(since: try #require(rig.turns[1].endedAt)) * 1_000
        #expect(latency.heard == truth + latency.carrier)
        #expect(turn.responseMilliseconds == truth / 1_000)
    }

    @Test func `the greeting counts from the call's start, without endpointing`() throws {
        let rig = CallRig()
        rig.startAndGreet()
        let latency = try #require(rig.turns.first?.latency)
        #expect(latency.origin == .callStart)
        #expect(latency.endpointing == nil)
        #expect(latency.request == 80_000, "opening and configuring the session")
        #expect(sum(latency) == latency.heard)
        #expect(rig.turns.first?.responseMilliseconds == nil)
    }

    @Test func `a tool's time is the follow-up of the answer that was not heard yet`() throws {
        let rig = CallRig()
        rig.startAndGreet()
        var asks = ScriptedModel.Answer()
        (asks.milliseconds, asks.tools) = (0, [("call_1", "look_up")])
        rig.model.answers = [asks]
        rig.speak("item_u1", text: "how much")
        let asked = rig.now
        rig.run(for: 1_000)
        rig.give(.toolFinished(call: "call_1", output: "{}"))
        let askedAgain = rig.now
        rig.run(for: 1_000)
        let latency = try #require(rig.turns.last?.latency)
        #expect(latency.origin == .callerSpeech)
        #expect(latency.followUp == (askedAgain - asked) * 1_000)
        #expect(sum(latency) == latency.heard)
    }

    @Test func `after a filler the tool's answer counts from the tool's result`() throws {
        var policy = ConversationPolicy()
        policy.toolFillerMilliseconds = 400
        let rig = CallRig(policy)
        rig.startAndGreet()
        var asks = ScriptedModel.Answer()
        (asks.milliseconds, asks.tools) = (0, [("call_1", "look_up")])
        rig.model.answers = [asks]
        rig.speak("item_u1", text: "how much")
        rig.run(for: 4_000)
        #expect(rig.turns.last?.latency?.origin == .callerSpeech, "the filler is what the caller heard first")
        rig.give(.toolFinished(call: "call_1", output: "{}"))
        rig.run(for: 3_000)
        let latency = try #require(rig.turns.last?.latency)
        #expect(latency.origin == .toolResult)
        #expect(latency.endpointing == nil)
        #expect(rig.turns.last?.responseMilliseconds == nil)
    }

    @Test func `keys count from the last one, and the wait for more is endpointing`() throws {
        let rig = CallRig()
        rig.startAndGreet()
        rig.give(.carrierDigit(0x31))
        rig.run(for: 400)
        rig.give(.carrierDigit(0x32))
        rig.run(for: 6_000)
        let latency = try #require(rig.turns.last?.latency)
        #expect(latency.origin == .keys)
        #expect(latency.endpointing == 1_500_000)
    }

    @Test func `a turn that the model answers by itself has no request`() throws {
        var policy = ConversationPolicy()
        policy.turns = .model
        let rig = CallRig(policy)
        rig.model.echo = .answersItself
        rig.startAndGreet()
        rig.speak("item_u1", text: "hello")
        rig.run(for: 4_000)
        let latency = try #require(rig.turns.last?.latency)
        #expect(latency.origin == .callerSpeech)
        #expect(latency.request == nil)
        #expect(latency.model == 240_000)
    }

    @Test func `an answer that was withdrawn counts from the caller's last words`() throws {
        let rig = CallRig()
        rig.startAndGreet()
        rig.model.usual.delay = 1_000
        rig.speak("item_u1", text: "I would like")
        rig.run(for: 100)
        rig.speak("item_u2", text: "a pound of tea", milliseconds: 1_000)
        let end = rig.now - 500
        rig.run(for: 4_000)
        #expect(rig.noted(.answerWithdrawn) == 1)
        let latency = try #require(rig.turns.last?.latency)
        let begun = try #require(rig.turns.last?.startedAt)
        #expect(latency.heard - latency.carrier == begun.milliseconds(since: CallInstant(milliseconds: end)) * 1_000)
        #expect(sum(latency) == latency.heard)
    }

    @Test func `without the local detector the caller's end is the model's, less its silence window`() throws {
        let rig = CallRig()
        rig.startAndGreet()
        rig.give(.speechStarted(item: "item_u1", audioStartMilliseconds: 0))
        rig.run(for: 2_000)
        rig.give(.speechStopped(item: "item_u1", audioEndMilliseconds: 0))
        rig.give(.committed(item: "item_u1", previous: nil))
        rig.run(for: 2_000)
        #expect(rig.turns.last?.latency?.endpointing == 500_000)
    }

    @Test func `a carrier without marks leaves the paced clock, and the turn says so`() throws {
        var policy = ConversationPolicy()
        policy.carrierEchoesMarks = false
        let rig = CallRig(policy)
        rig.startAndGreet()
        rig.speak("item_u1", text: "hello")
        rig.run(for: 5_000)
        for turn in rig.turns where turn.speaker == .agent {
            #expect(turn.heardBy == .clock)
            #expect(turn.latency?.carrier == 0)
        }
        #expect(rig.turns.first { $0.speaker == .caller }?.heardBy == nil)
    }

    @Test func `marks that never come leave the clock, though the carrier should echo them`() throws {
        let rig = CallRig()
        rig.carrier.losesEvery = 1
        rig.startAndGreet()
        rig.run(for: 4_000)
        #expect(rig.turns.first?.heardBy == .clock)
    }

    @Test(arguments: 0..<4)
    func `in random calls every latency adds up and every ended turn says what it rests on`(batch: UInt64) {
        var seen = 0
        for seed in (batch * 150)..<(batch * 150 + 150) {
            let random = RandomCall(seed: seed)
            random.play()
            for turn in random.rig.turns {
                if let latency = turn.latency {
                    seen += 1
                    #expect(sum(latency) == latency.heard, "seed \(seed)")
                    let parts = TurnLatency.Part.allCases.map { latency[$0] ?? 0 }
                    #expect(parts.allSatisfy { $0 >= 0 }, "seed \(seed)")
                    #expect(turn.speaker == .agent, "seed \(seed)")
                    // The whole but the carrier's part lies before the turn's first frame.
                    #expect(latency.heard - latency.carrier <= turn.startedAt.nanoseconds / 1_000, "seed \(seed)")
                }
                let isEndedAgent = turn.speaker == .agent && turn.endedAt != nil
                #expect((turn.heardBy != nil) == isEndedAgent, "seed \(seed)")
                if random.rig.carrier.losesEvery == 1 { #expect(turn.heardBy != .marks, "seed \(seed)") }
            }
        }
        #expect(seen > 100)
    }
}
