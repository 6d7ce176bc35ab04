import CallJournal
@testable import Conversation
import Testing

@Suite struct `Interruption` {
    /// A call in which the agent began an answer of `milliseconds`; one second of it has been sent.
    private func speaking(
        _ policy: ConversationPolicy = .init(), milliseconds: Int = 8_000, text: String? = nil
    ) -> CallRig {
        let rig = CallRig(policy)
        rig.startAndGreet()
        rig.model.usual.milliseconds = milliseconds
        if let text { rig.model.usual.text = text }
        rig.speak("item_u1", text: "tell me")
        while rig.state != .speaking { rig.run(for: 20) }
        rig.run(for: 1_000)
        return rig
    }

    @Test func `S27 the caller barges in one second into eight`() throws {
        let words = (1...80).map { _ in "word" }.joined(separator: " ")
        let rig = speaking(text: words)
        let onset = rig.now
        rig.speak("item_u2", text: "stop")
        #expect(rig.happened(.pausePlayout) == 1)
        #expect(rig.happened(.clearPlayout) == 1)
        #expect(rig.truncations.count == 1)
        let heard = try #require(rig.truncations.first)
        let truth = Int64(rig.truth(PlayoutItem(ordinal: 2)) / 8)
        #expect(abs(heard - truth) <= 60, "truncated at \(heard), truly heard \(truth)")

        let turn = try #require(rig.turns.first { $0.interruptedAt != nil })
        #expect(turn.interruptedAt == CallInstant(milliseconds: onset - 60))
        #expect(turn.textSource == .estimated)
        #expect(turn.plannedText == words)
        let count = turn.text.split(separator: " ").count
        #expect(abs(count - Int(heard) / 100) <= 3, "\(count) words in \(heard) ms")
        #expect(words.hasPrefix(turn.text))
        let latency = try #require(turn.interruptionMilliseconds)
        #expect(latency <= 120)
        rig.run(for: 1_000)
        #expect(rig.responseRequests == 3, "and is answered")
        #expect(rig.rules.broken == [])
    }

    @Test func `S27 as marbles: sending stops with the onset`() {
        let rig = speaking()
        let from = rig.sentMarbles.count
        rig.run(for: 100)
        rig.give(.voice(.onset(startedMillisecondsAgo: 60)))
        rig.run(for: 200)
        rig.give(.voice(.sustained))
        rig.run(for: 100)
        #expect(String(rig.sentMarbles.dropFirst(from)) == "PPPPP" + ".........." + ".....")
    }

    @Test func `S28 playing counts, not generating: five seconds are left after response.done`() {
        let rig = speaking(milliseconds: 6_000)
        #expect(rig.model.active == nil, "the model is done")
        rig.speak("item_u2", text: "stop")
        #expect(rig.truncations.count == 1)
        #expect(!rig.sentCommands.contains { if case .cancelResponse = $0 { true } else { false } })
        #expect(rig.rules.broken == [])
    }

    @Test func `S29 a cough pauses and resumes on the same sample`() throws {
        let rig = speaking(milliseconds: 3_000)
        rig.give(.voice(.onset(startedMillisecondsAgo: 60)))
        #expect(rig.state == .interruptionPending)
        rig.run(for: 100)
        rig.give(.voice(.lapsed))
        #expect(rig.state == .speaking)
        rig.run(for: 4_000)
        #expect(rig.truth(PlayoutItem(ordinal: 2)) == 24_000, "every sample was heard")
        #expect(rig.noted(.interruptionRejected) == 1)
        #expect(rig.happened(.clearPlayout) == 0)
        #expect(rig.truncations == [])
        let turn = try #require(rig.turns.last)
        #expect(turn.text == rig.model.usual.text)
        #expect(turn.interruptedAt == nil)
    }

    @Test func `S29 an onset that is never decided resumes after the confirmation time`() {
        let rig = speaking()
        rig.give(.voice(.onset(startedMillisecondsAgo: 0)))
        rig.run(for: 380)
        #expect(rig.state == .interruptionPending)
        rig.run(for: 40)
        #expect(rig.state == .speaking)
        #expect(rig.noted(.interruptionRejected) == 1)
    }

    @Test(arguments: [40, 160] as [Int64])
    func `S30 what the model hears of a rejected onset is deleted, before or after the rejection`(delay: Int64) {
        let rig = speaking()
        rig.give(.voice(.onset(startedMillisecondsAgo: 60)))
        rig.run(for: 40)
        if delay == 40 { rig.give(.speechStarted(item: "item_u2", audioStartMilliseconds: 0)) }
        rig.run(for: 20)
        rig.give(.voice(.lapsed))
        rig.run(for: 100)
        if delay == 160 { rig.give(.speechStarted(item: "item_u2", audioStartMilliseconds: 0)) }
        rig.run(for: 100)
        rig.give(.speechStopped(item: "item_u2", audioEndMilliseconds: 0))
        rig.give(.committed(item: "item_u2", previous: nil))
        #expect(rig.sentCommands.contains(.deleteItem("item_u2")))
        #expect(rig.turns.allSatisfy { $0.item != "item_u2" })
        #expect(rig.responseRequests == 2)
    }

    @Test func `S31 the agent's own echo, heard by the model alone, interrupts nothing and is deleted`() {
        let rig = speaking()
        for echo in 0..<3 {
            let item = WireID("item_e\(echo)")!
            rig.give(.speechStarted(item: item, audioStartMilliseconds: 0))
            rig.run(for: 900)
            rig.give(.speechStopped(item: item, audioEndMilliseconds: 0))
            rig.give(.committed(item: item, previous: nil))
            #expect(rig.sentCommands.contains(.deleteItem(item)))
        }
        #expect(rig.state == .speaking)
        #expect(rig.happened(.pausePlayout) == 0)
        #expect(rig.responseRequests == 2)
    }

    @Test(arguments: [true, false])
    func `S31 what the model begins to hear after the message is an echo only when the local ears heard one`(
        echo: Bool
    ) {
        let rig = speaking(milliseconds: 2_000)
        while rig.state == .speaking {
            rig.run(for: 20)
            if echo, rig.now % 100 == 0 { rig.give(.voice(.echo)) }
        }
        rig.run(for: 300)
        rig.give(.speechStarted(item: "item_e", audioStartMilliseconds: 0))
        rig.run(for: 800)
        rig.give(.speechStopped(item: "item_e", audioEndMilliseconds: 0))
        rig.give(.committed(item: "item_e", previous: nil))
        #expect(rig.sentCommands.contains(.deleteItem("item_e")) == echo)
        #expect(rig.responseRequests == (echo ? 2 : 3))
    }

    @Test(arguments: [true, false])
    func `S29 S31 a cough over our own echo vouches for nothing, a word does`(isWord: Bool) {
        let rig = speaking()
        rig.give(.voice(.echo))
        rig.give(.speechStarted(item: "item_e", audioStartMilliseconds: 0))
        for _ in 0..<3 {
            rig.run(for: 200)
            rig.give(.voice(.onset(startedMillisecondsAgo: 60)))
            rig.run(for: 100)
            rig.give(.voice(isWord ? .sustained : .lapsed))
        }
        rig.run(for: 200)
        rig.give(.speechStopped(item: "item_e", audioEndMilliseconds: 0))
        rig.give(.committed(item: "item_e", previous: nil))
        #expect(rig.sentCommands.contains(.deleteItem("item_e")) == !isWord)
        #expect(rig.responseRequests == (isWord ? 3 : 2))
        #expect(rig.rules.broken == [])
    }

    @Test func `a caller too quiet for the local detector is answered once he outlasts the agent`() {
        let rig = speaking(milliseconds: 2_000)
        rig.give(.speechStarted(item: "item_q", audioStartMilliseconds: 0))
        rig.run(for: 4_000)
        rig.give(.speechStopped(item: "item_q", audioEndMilliseconds: 0))
        rig.give(.committed(item: "item_q", previous: nil))
        #expect(rig.responseRequests == 3)
    }

    @Test func `with a policy for it, speech that only the model hears interrupts after 400 ms`() {
        var policy = ConversationPolicy()
        policy.modelSpeechAloneMilliseconds = 400
        let rig = speaking(policy)
        rig.give(.speechStarted(item: "item_q", audioStartMilliseconds: 0))
        rig.run(for: 380)
        #expect(rig.state == .speaking)
        rig.run(for: 40)
        #expect(rig.happened(.clearPlayout) == 1)
    }

    @Test func `the model's speech_started confirms a pending onset before it is sustained`() {
        let rig = speaking()
        rig.give(.voice(.onset(startedMillisecondsAgo: 60)))
        rig.give(.speechStarted(item: "item_u2", audioStartMilliseconds: 0))
        #expect(rig.state == .interruptionPending, "60 ms are a click for both of them")
        rig.run(for: 160)
        #expect(rig.happened(.clearPlayout) == 1)
    }

    @Test func `S32 S33 deltas and the end of the cancelled response touch nothing of the next`() {
        let rig = speaking()
        rig.model.usual.milliseconds = 20_000  // Still generating when it is cancelled.
        rig.speak("item_u2", text: "one")
        rig.run(for: 700)
        rig.speak("item_u3", text: "two", milliseconds: 400)
        rig.run(for: 300)
        rig.give(.responseDone(ResponseOutcome(response: "resp_2", status: .cancelled)))
        rig.run(for: 600)
        #expect(rig.conversation.core.staleAudioDeltas > 0)
        #expect(rig.noted(.staleAudioDropped) > 0)
        #expect(rig.state == .speaking)
        #expect(rig.rules.broken == [])
    }

    @Test func `S34 a cancel that came too late is benign and bars nothing`() {
        let rig = speaking()
        rig.give(.error(ModelError(code: "response_cancel_not_active")))
        #expect(rig.noted(.benignError) == 1)
        #expect(rig.state == .speaking)
    }

    @Test func `S35 a late transcript joins its own turn and interrupts nothing`() throws {
        let rig = CallRig()
        rig.startAndGreet()
        rig.speak("item_u1")
        rig.run(for: 900)
        #expect(rig.state == .speaking)
        rig.give(.inputTranscript(item: "item_u1", .final("late words")))
        let turn = try #require(rig.turns.first { $0.item == "item_u1" })
        #expect(turn.text == "late words")
        #expect(rig.state == .speaking)
        #expect(rig.happened(.pausePlayout) == 0)
    }

    @Test func `S36 twenty speech_started in a second are one interruption`() {
        let rig = speaking()
        rig.give(.voice(.onset(startedMillisecondsAgo: 60)))
        for n in 0..<20 {
            rig.give(.speechStarted(item: WireID("item_n\(n)")!, audioStartMilliseconds: 0))
            rig.run(for: 40)
            if n == 4 { rig.give(.voice(.sustained)) }
        }
        #expect(rig.noted(.interruptionConfirmed) == 1)
        #expect(rig.happened(.clearPlayout) == 1)
        #expect(rig.truncations.count == 1)
    }

    @Test func `S37 marks that come back because of the clear prove nothing`() throws {
        let rig = speaking()
        rig.speak("item_u2", text: "stop")
        let heard = rig.conversation.core.ledger.heard(PlayoutItem(ordinal: 2), at: CallInstant(milliseconds: rig.now))
        rig.run(for: 200)
        #expect(rig.conversation.core.ledger.generation == 2)
        #expect(
            rig.conversation.core.ledger.heard(PlayoutItem(ordinal: 2), at: CallInstant(milliseconds: rig.now)) == heard
        )
    }

    @Test func `S38 the caller goes on before anything was played: the answer is withdrawn and asked for again`() {
        let rig = CallRig()
        rig.startAndGreet()
        rig.model.usual.delay = 1_500
        rig.speak("item_u1", text: "I would like")
        rig.run(for: 200)
        #expect(rig.state == .thinking)
        rig.speak("item_u2", text: "some tea")
        #expect(rig.noted(.answerWithdrawn) == 1)
        #expect(rig.truncations == [])
        rig.run(for: 3_000)
        #expect(rig.state == .speaking, "no dead air after it")
        #expect(rig.responseRequests == 3)
        #expect(rig.rules.broken == [])
    }

    @Test func `S38 withdrawn, and nothing is committed: answered all the same`() {
        let rig = CallRig()
        rig.startAndGreet()
        rig.model.usual.delay = 1_000
        rig.speak("item_u1")
        rig.run(for: 200)
        rig.give(.voice(.onset(startedMillisecondsAgo: 60)))
        rig.run(for: 200)
        rig.give(.voice(.sustained))
        rig.run(for: 100)
        rig.give(.voice(.offset(endedMillisecondsAgo: 100)))
        rig.run(for: 4_000)
        #expect(rig.state == .speaking)
    }

    @Test func `S39 what is said during a message that may not be interrupted is kept and answered after it`() {
        var policy = ConversationPolicy()
        policy.allowInterruptions = false
        let rig = speaking(policy, milliseconds: 4_000)
        rig.speak("item_u2", text: "but")
        rig.run(for: 8_000)
        #expect(rig.truth(PlayoutItem(ordinal: 2)) == 32_000)
        #expect(rig.happened(.pausePlayout) == 0)
        #expect(rig.responseRequests == 3)
        #expect(rig.turns.contains { $0.text == "but" })
    }

    @Test func `S40 yes, 100 ms after the question`() {
        let rig = CallRig()
        rig.startAndGreet()
        rig.speak("item_u1")
        while rig.state != .speaking { rig.run(for: 20) }
        while !rig.isPlayoutEmpty { rig.run(for: 20) }
        rig.run(for: 40)
        rig.give(.voice(.onset(startedMillisecondsAgo: 60)))
        rig.give(.speechStarted(item: "item_yes", audioStartMilliseconds: 0))
        rig.run(for: 180)
        rig.give(.voice(.lapsed))
        rig.run(for: 400)
        rig.give(.speechStopped(item: "item_yes", audioEndMilliseconds: 0))
        rig.give(.committed(item: "item_yes", previous: nil))
        rig.give(.inputTranscript(item: "item_yes", .final("yes")))
        #expect(rig.turns.contains { $0.text == "yes" })
        #expect(rig.responseRequests == 3)
    }

    @Test func `S40 yes, over the last syllables: an answer, not a cough`() {
        let rig = CallRig()
        rig.startAndGreet()
        rig.speak("item_u1")
        while rig.state != .speaking { rig.run(for: 20) }
        while !rig.conversation.core.ledger.isFullySent { rig.run(for: 20) }
        #expect(!rig.isPlayoutEmpty, "160 ms are in the carrier's buffer")
        rig.give(.voice(.onset(startedMillisecondsAgo: 40)))
        rig.give(.speechStarted(item: "item_yes", audioStartMilliseconds: 0))
        rig.run(for: 140)
        rig.give(.voice(.lapsed))
        rig.run(for: 400)
        rig.give(.speechStopped(item: "item_yes", audioEndMilliseconds: 0))
        rig.give(.committed(item: "item_yes", previous: nil))
        #expect(rig.happened(.pausePlayout) == 0)
        #expect(rig.turns.contains { $0.item == "item_yes" })
        #expect(rig.responseRequests == 3)
    }

    @Test func `an answer that waits behind the one that is cut is taken out of the model's history`() {
        var policy = ConversationPolicy()
        policy.digitsInterrupt = false
        let rig = CallRig(policy)
        rig.startAndGreet()
        rig.model.usual.milliseconds = 5_000
        rig.speak("item_u1", text: "tell me")
        rig.run(for: 300)
        rig.give(.carrierDigit(0x31))
        rig.run(for: 2_500)
        #expect(rig.conversation.core.ledger.newest?.item.ordinal == 3, "the second answer is queued")
        rig.speak("item_u2", text: "stop", milliseconds: 400)
        #expect(rig.truncations.count == 1)
        #expect(rig.sentCommands.contains(.deleteItem("item_a3")))
        #expect(rig.turns.allSatisfy { $0.item != "item_a3" }, "nobody heard it")
        #expect(rig.rules.broken == [])
    }

    @Test func `a turn's times are those of the local detector, and its answer's latency counts from its end`() throws {
        let rig = CallRig()
        rig.startAndGreet()
        let onset = rig.now - 60
        rig.speak("item_u1", text: "hello", milliseconds: 1_000)  // Ends 200 ms before the offset is known.
        rig.run(for: 1_000)
        let caller = try #require(rig.turns.first { $0.speaker == .caller })
        #expect(caller.startedAt == CallInstant(milliseconds: onset))
        #expect(caller.endedAt == CallInstant(milliseconds: onset + 60 + 1_000 - 200))
        let agent = try #require(rig.turns.last)
        let latency = agent.startedAt.milliseconds(since: try #require(caller.endedAt))
        #expect(agent.responseMilliseconds == latency)
        #expect(rig.turns[0].responseMilliseconds == nil, "the greeting answers nobody")
    }
}
