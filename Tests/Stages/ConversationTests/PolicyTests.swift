import CallJournal
@testable import Conversation
import Testing

@Suite struct `Messages that are heard to their end` {
    private let notice = "Before we go on: this call may be recorded for training. Now, how can I help you today?"
    private func policy() -> ConversationPolicy {
        var policy = ConversationPolicy()
        policy.protectedMessages = ["This call may be recorded for training"]
        return policy
    }

    @Test func `S39 a legal notice finishes; the caller's words are kept and answered after it`() {
        let rig = CallRig.speaking(policy(), milliseconds: 4_000, text: notice)
        #expect(rig.play(caller: "..SSSSSSSSSS.......", words: []) == "PPPPPPPPPPPPPPPPPPP")
        #expect(rig.happened(.pausePlayout) == 0)
        rig.run(for: 1_500)
        #expect(rig.truth(PlayoutItem(ordinal: 2)) == 32_000, "heard whole")
        #expect(rig.turns.contains { $0.item == "item_u100" })
        rig.run(for: 6_000)
        #expect(rig.responseRequests == 3, "and the words are answered once")
        #expect(rig.turns.filter { $0.speaker == .agent }.map(\.interruptedAt) == [nil, nil, nil])
        #expect(rig.rules.broken == [])
    }

    @Test func `S39 a key is no way around it`() {
        let rig = CallRig.speaking(policy(), milliseconds: 4_000, text: notice)
        rig.give(.carrierDigit(0x31))
        #expect(rig.happened(.clearPlayout) == 0)
        rig.run(for: 8_000)
        #expect(rig.responseRequests == 3)
    }

    @Test func `S39 other messages of the same call are interrupted as ever`() {
        let rig = CallRig.speaking(policy(), milliseconds: 4_000, text: "There is tea, coffee, and water.")
        #expect(rig.play(caller: "..SSSSSSSS").hasPrefix("PPpC"))
    }

    @Test func `S39 what turns out to be protected while the agent is paused goes on`() {
        let rig = CallRig.speaking(policy(), milliseconds: 20_000, text: "Well then")
        rig.give(.voice(.onset(startedMillisecondsAgo: 60)))
        #expect(rig.state == .interruptionPending)
        let item = rig.turns.last?.item ?? "none"
        rig.give(.outputTranscriptDelta(response: "resp_2", item: item, text: notice))
        #expect(rig.state == .speaking)
        rig.run(for: 100)
        rig.give(.voice(.sustained))
        rig.run(for: 21_000)
        #expect(rig.truth(PlayoutItem(ordinal: 2)) == 160_000)
    }

    @Test func `S21 S39 a greeting protected for longer than it lasts is heard whole`() {
        var policy = ConversationPolicy()
        policy.greetingProtectionMilliseconds = 30_000
        let rig = CallRig(policy)
        rig.give(.carrierStarted(stream: "MZ1"))
        rig.run(until: 300)
        _ = rig.play(caller: ".SSSSSSSSSS........................")
        #expect(rig.truth(PlayoutItem(ordinal: 1)) == 16_000)
        #expect(rig.responseRequests == 2, "what was said is answered after it")
        #expect(rig.noted(.greetingInterrupted) == 0)
    }

    @Test(arguments: [(Int64(1_000), 400, false), (1_000, 1_300, true)])
    func `S21 protection ends in the middle of the greeting`(protection: Int64, onset: Int, interrupts: Bool) {
        var policy = ConversationPolicy()
        policy.greetingProtectionMilliseconds = protection
        let rig = CallRig(policy)
        rig.model.usual.milliseconds = 4_000
        rig.give(.carrierStarted(stream: "MZ1"))
        while rig.turns.isEmpty { rig.run(for: 20) }
        let silence = String(repeating: ".", count: onset / 100)
        _ = rig.play(caller: silence + "SSS....................................")
        #expect((rig.happened(.clearPlayout) == 1) == interrupts)
        #expect(rig.turns.contains { $0.item == "item_u100" }, "the words are kept")
        rig.run(for: 6_000)
        #expect(rig.responseRequests == 2)
    }
}

@Suite struct `Answering machines` {
    private func policy(_ what: ConversationPolicy.AnsweringMachine) -> ConversationPolicy {
        var policy = ConversationPolicy()
        policy.answeringMachine = what
        policy.answeringMachineMessage = "The clinic called. Please call back."
        return policy
    }
    private func messages(_ rig: CallRig) -> Int {
        rig.sentCommands.filter {
            if case .createResponse(let text?) = $0 { text.contains("The clinic called.") } else { false }
        }.count
    }

    @Test func `S52 quiet during the announcement, one message after the beep, heard whole, then hung up`() {
        let rig = CallRig(policy(.leaveMessage))
        rig.give(.carrierStarted(stream: "MZ1"))
        rig.run(until: 600)
        #expect(rig.state == .greeting)
        let sent = rig.play(
            caller: "SSSSSSSSSSSSSSSSSSSSSSSSSSSSSS....SS............................",
            model: "...m.................................b", item: 500)
        #expect(sent.hasPrefix("Pp.C") || sent.hasPrefix("p..C") || sent.contains("C"))
        let clear = sent.firstIndex(of: "C")!
        let quiet = sent[clear...].dropFirst().prefix(33)
        #expect(quiet.allSatisfy { $0 == "." }, "\(sent)")
        #expect(messages(rig) == 1)
        rig.run(for: 8_000)
        #expect(rig.hangUps == [.answeringMachine])
        #expect(rig.truth(rig.conversation.core.ledger.newest!.item) == 16_000, "heard whole")
        #expect(messages(rig) == 1)
        #expect(rig.responseRequests == 2, "greeting and message: the announcement is not answered")
        #expect(rig.rules.broken == [])
    }

    @Test(arguments: [ConversationState.greeting, .thinking, .interruptionPending, .reconnecting])
    func `S52 wherever the call stands, one message is said and then hung up`(state: ConversationState) {
        let rig = DirectedCalls.machineAnswers(in: state)
        #expect(messages(rig) == 0, "another text")
        #expect(rig.hangUps == [.answeringMachine])
        #expect(
            rig.sentCommands.filter { $0 == .createResponse(instructions: Conversation.exactly("Please call back.")) }
                .count == 1)
    }

    @Test func `S52 nothing interrupts the message`() {
        let rig = CallRig(policy(.leaveMessage))
        rig.startAndGreet()
        rig.give(.answeredBy(.machineEndBeep))
        rig.run(for: 600)
        #expect(rig.state == .goodbye)
        #expect(rig.play(caller: "..SSSSSSSSSS") == "PPPPPPPPPPPP")
        rig.run(for: 8_000)
        #expect(rig.hangUps == [.answeringMachine])
        #expect(rig.happened(.pausePlayout) == 0)
    }

    @Test(arguments: [AnsweringParty.machineEndBeep, .machineEndSilence, .machineEndOther])
    func `S52 known before the stream has started, or while the model connects: the message takes the greeting's place`(
        party: AnsweringParty
    ) {
        for early in [true, false] {
            let rig = CallRig(policy(.leaveMessage))
            if early { rig.give(.answeredBy(party)) }
            rig.give(.carrierStarted(stream: "MZ1"))
            if !early { rig.give(.answeredBy(party)) }
            rig.run(until: 10_000)
            #expect(rig.responseRequests == 1)
            #expect(messages(rig) == 1)
            #expect(rig.hangUps == [.answeringMachine])
            #expect(rig.rules.broken == [])
        }
    }

    @Test func `S52 a carrier that never tells of the beep: after a pause of the machine, or after half a minute`() {
        let paused = CallRig(policy(.leaveMessage))
        paused.startAndGreet()
        paused.give(.answeredBy(.machineStart))
        _ = paused.play(caller: "SSSSSSSSSS.....................................")
        #expect(messages(paused) == 0)
        _ = paused.play(caller: "..........", item: 600)
        #expect(messages(paused) == 1)

        let silent = CallRig(policy(.leaveMessage))
        silent.startAndGreet()
        silent.give(.answeredBy(.machineStart))
        silent.run(for: 29_900)
        #expect(messages(silent) == 0)
        silent.run(for: 200)
        #expect(messages(silent) == 1)
        #expect(silent.noted(.silencePrompted) == 0, "a machine is not asked whether it is there")
    }

    @Test(arguments: [AnsweringParty.machineStart, .machineEndBeep, .fax])
    func `S52 by policy a machine is hung up on, whenever it is known`(party: AnsweringParty) {
        for moment in 0..<3 {
            let rig = CallRig(policy(.hangUp))
            if moment == 0 { rig.give(.answeredBy(party)) }
            rig.give(.carrierStarted(stream: "MZ1"))
            if moment == 1 { rig.give(.answeredBy(party)) }
            if moment == 2 {
                rig.run(until: 900)
                rig.give(.answeredBy(party))
            }
            rig.run(for: 2_000)
            #expect(rig.hangUps == [.answeringMachine])
            #expect(rig.rules.broken == [])
        }
    }

    @Test func `S52 a fax gets no message`() {
        let rig = CallRig(policy(.leaveMessage))
        rig.startAndGreet()
        rig.give(.answeredBy(.fax))
        #expect(rig.hangUps == [.answeringMachine])
        #expect(messages(rig) == 0)
    }

    @Test(arguments: AnsweringParty.allCases)
    func `S52 a person, or a tenant who does not care: the call goes on`(party: AnsweringParty) {
        let rig = CallRig(policy(party == .human || party == .unknown ? .leaveMessage : .ignore))
        rig.startAndGreet()
        rig.give(.answeredBy(party))
        rig.speak("item_u1", text: "hello?")
        rig.run(for: 800)
        #expect(rig.state == .speaking)
        #expect(rig.hangUps == [])
    }

    @Test func `S52 first a machine, then a person after all`() {
        let rig = CallRig(policy(.leaveMessage))
        rig.startAndGreet()
        rig.give(.answeredBy(.machineStart))
        rig.run(for: 1_000)
        rig.give(.answeredBy(.human))
        rig.speak("item_u1", text: "hello?")
        rig.run(for: 800)
        #expect(rig.state == .speaking)
        #expect(!rig.isArmed(.answeringMachine))
    }

    @Test func `S52 R9 known after the end: nothing happens`() {
        let rig = CallRig(policy(.leaveMessage))
        rig.startAndGreet()
        rig.give(.carrierStopped)
        rig.run(for: 1_000)
        let count = rig.all.count
        rig.give(.answeredBy(.machineEndBeep))
        #expect(rig.all.count == count)
    }

    @Test func `S52 the message fails once: said again; twice: hung up`() {
        for failures in 1...2 {
            let rig = CallRig(policy(.leaveMessage))
            rig.startAndGreet()
            rig.model.answers = Array(repeating: .init(milliseconds: 0), count: failures)
            rig.give(.answeredBy(.machineEndBeep))
            rig.run(for: 8_000)
            #expect(rig.hangUps == [.answeringMachine])
            #expect(messages(rig) == 2)
            #expect((rig.truth(rig.conversation.core.ledger.newest!.item) == 16_000))
            #expect(rig.noted(.fallbackSpoken) == 0)
        }
    }
}

@Suite struct `Silence by the tenant's wish` {
    private func prompts(_ rig: CallRig) -> [String] {
        rig.sentCommands.compactMap {
            if case .createResponse(let text?) = $0, !text.contains("tea house") { text } else { nil }
        }
    }

    @Test(arguments: 0...3)
    func `S48 as many prompts as the tenant wants, in his words, then his goodbye`(count: Int) {
        var policy = ConversationPolicy()
        policy.silenceMilliseconds = 5_000
        policy.silencePrompts = count
        policy.silencePromptText = "Are you there?"
        policy.silenceGoodbyeText = "I am hanging up."
        let rig = CallRig(policy)
        rig.startAndGreet()
        rig.run(for: 60_000)
        #expect(rig.noted(.silencePrompted) == count)
        #expect(rig.hangUps == [.silence])
        let words = prompts(rig)
        #expect(words.count == count + 1)
        #expect(words.dropLast().allSatisfy { $0.hasSuffix("\nAre you there?") })
        #expect(words.last?.hasSuffix("\nI am hanging up.") == true)
        #expect(rig.rules.broken == [])
    }

    @Test func `S48 without words of the tenant's the model finds some`() {
        let rig = CallRig()
        rig.startAndGreet()
        rig.run(for: 60_000)
        #expect(prompts(rig).count == 2)
        #expect(prompts(rig).first?.contains("silent") == true)
    }
}

@Suite struct `Turns decided by the model` {
    private func policy() -> ConversationPolicy {
        var policy = ConversationPolicy()
        policy.turns = .model
        return policy
    }

    @Test func `S27 with turns of the model's: cleared, truncated at the heard millisecond, answered once`() throws {
        let rig = CallRig.speaking(policy())
        let sent = rig.play(caller: "..SSSSSSSSSS.................", model: "")
        #expect(sent.hasPrefix("PPp.C"), "our detector pauses, the server's confirms: \(sent)")
        #expect(rig.truncations.count == 1)
        let truth = Int64(rig.truth(PlayoutItem(ordinal: 2)) / 8)
        #expect(abs(try #require(rig.truncations.first) - truth) <= 60)
        #expect(rig.responseRequests == 1, "the greeting; answers are the model's own")
        #expect(rig.state == .speaking)
        #expect(rig.turns.filter { $0.speaker == .agent }.count == 3)
        #expect(rig.rules.broken == [])
    }

    @Test func `S29 with turns of the model's: what the server does not hear resumes`() {
        let rig = CallRig.speaking(policy())
        #expect(rig.play(caller: "..c.......") == "PPppPPPPPP")
        rig.give(.voice(.onset(startedMillisecondsAgo: 60)))
        rig.run(for: 100)
        rig.give(.voice(.sustained))
        rig.run(for: 2_000)
        #expect(rig.happened(.clearPlayout) == 0)
        #expect(rig.state == .speaking, "a hum pauses for 800 ms at most")
    }

    @Test func `R8 the server begins its answer before the old one is done: the new one is kept`() {
        let rig = CallRig.speaking(policy())
        rig.give(.voice(.onset(startedMillisecondsAgo: 60)))
        rig.model.close()  // Nothing of the script any more.
        rig.give(.speechStarted(item: "item_u2", audioStartMilliseconds: 0))
        rig.give(.speechStopped(item: "item_u2", audioEndMilliseconds: 0))
        rig.give(.committed(item: "item_u2", previous: nil))
        rig.give(.responseCreated(response: "resp_new"))
        rig.give(.responseDone(ResponseOutcome(response: "resp_2", status: .cancelled, reason: "turn_detected")))
        #expect(rig.admit(response: "resp_new", item: "item_new") == .play(PlayoutItem(ordinal: 3)))
        #expect(!rig.sentCommands.contains(.cancelResponse(response: "resp_new")))
    }

    @Test func `a turn that the server does not answer is answered when we ask`() {
        let rig = CallRig(policy())
        rig.model.echo = .answersItself
        rig.startAndGreet()
        rig.model.echo = .good  // From here on it answers nothing by itself.
        rig.speak("item_u1", text: "hello")
        #expect(rig.state == .thinking)
        rig.run(for: 2_800)
        #expect(rig.responseRequests == 1)
        rig.run(for: 1_000)
        #expect(rig.responseRequests == 2)
        #expect(rig.state == .speaking)
    }

    @Test func `S56 with turns of the model's: the answer that was due is asked for after the reconnect`() {
        let rig = CallRig(policy())
        rig.model.echo = .answersItself
        rig.startAndGreet()
        rig.speak("item_u1", text: "hello")
        rig.model.close()
        rig.give(.modelClosed(.closed(code: 1_006)))
        rig.run(for: 2_000)
        #expect(rig.state == .speaking)
        #expect(rig.responseRequests == 2)
        #expect(rig.rules.broken == [])
    }

    @Test func `S39 with turns of the model's: what the server had said of a protected message is heard`() {
        var policy = policy()
        policy.protectedMessages = ["This call may be recorded"]
        let rig = CallRig.speaking(policy, milliseconds: 4_000, text: "This call may be recorded.")
        #expect(rig.model.active == nil, "generated in full")
        #expect(rig.play(caller: "..SSSSSSSSSS") == "PPPPPPPPPPPP")
        rig.run(for: 8_000)
        #expect(rig.truth(PlayoutItem(ordinal: 2)) == 32_000)
        #expect(rig.turns.filter { $0.speaker == .agent }.count == 3)
    }
}
