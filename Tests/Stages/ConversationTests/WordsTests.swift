@testable import Conversation
import Testing

@Suite struct `Brief utterances` {
    private func policy(_ change: (inout ConversationPolicy) -> Void = { _ in }) -> ConversationPolicy {
        var policy = ConversationPolicy()
        policy.backchannels = ["mhmm", "uh-huh", "yes", "ok"]
        change(&policy)
        return policy
    }
    private func isDeleted(_ item: WireID, _ rig: CallRig) -> Bool { rig.sentCommands.contains(.deleteItem(item)) }

    @Test(arguments: ["Mhmm.", "Uh-huh, yes.", "OK ok"])
    func `S30 a backchannel pauses the agent, who goes on with the next sample`(words: String) throws {
        let rig = CallRig.speaking(policy())
        let sent = rig.play(
            caller: "..SSS.................................................................................",
            model: "...........t", words: [words])
        #expect(sent.hasPrefix("PPp........PPPPPPPPPPPPPPPPPPPP"))
        #expect(rig.truth(PlayoutItem(ordinal: 2)) == 64_000, "every sample was heard")
        #expect(rig.noted(.backchannelIgnored) == 1)
        #expect(rig.happened(.clearPlayout) == 0)
        #expect(isDeleted("item_u100", rig))
        #expect(rig.responseRequests == 2, "nobody answers it")
        #expect(rig.turns.allSatisfy { $0.item != "item_u100" })
        #expect(try #require(rig.turns.last).text == rig.model.usual.text)
        #expect(rig.rules.broken == [])
    }

    @Test func `S30 words that are no backchannel interrupt as soon as they are known`() {
        let rig = CallRig.speaking(policy())
        let sent = rig.play(
            caller: "..SSS..................", model: "..........t", words: ["yes but wait"])
        #expect(sent == "PPp.......C.pPPPPPPPPPP")
        #expect(rig.noted(.interruptionConfirmed) == 1)
        #expect(rig.truncations.count == 1)
        #expect(rig.responseRequests == 3)
        #expect(rig.turns.contains { $0.text == "yes but wait" })
        #expect(rig.rules.broken == [])
    }

    @Test func `S30 speech that lasts needs no words`() {
        let rig = CallRig.speaking(policy())
        let sent = rig.play(caller: "..SSSSSSSSSSSSSSSS.........")
        #expect(sent.hasPrefix("PPp.........C"), "a second after its onset: 700 ms and the detector's hangover")
        #expect(rig.noted(.interruptionConfirmed) == 1)
        #expect(rig.noted(.wordsLate) == 0)
    }

    @Test func `S30 words that come late: the agent goes on, a backchannel still leaves no trace`() {
        let rig = CallRig.speaking(policy())
        let sent = rig.play(caller: "..SSS.........................", model: "....................t", words: ["ok"])
        #expect(sent == "PPp..........PPPPPPPPPPPPPPPPP", "silent for 500 ms after its end was known")
        #expect(rig.noted(.wordsLate) == 1)
        #expect(rig.noted(.backchannelIgnored) == 1)
        #expect(isDeleted("item_u100", rig))
        rig.run(for: 10_000)
        #expect(rig.truth(PlayoutItem(ordinal: 2)) == 64_000)
        #expect(rig.responseRequests == 2)
    }

    @Test func `S30 words that come late and are real interrupt then`() throws {
        let rig = CallRig.speaking(policy())
        let sent = rig.play(caller: "..SSS.........................", model: "....................t", words: ["stop"])
        #expect(sent == "PPp..........PPPPPPPC.pPPPPPPP")
        #expect(rig.responseRequests == 3)
        #expect(rig.turns.contains { $0.text == "stop" && $0.speaker == .caller })
        #expect(try #require(rig.turns.first { $0.interruptedAt != nil }).textSource == .estimated)
        #expect(rig.rules.broken == [])
    }

    @Test(arguments: ["", "....................f"])
    func `S30 words that never come, or fail: kept, and answered after the message`(model: String) {
        let rig = CallRig.speaking(policy(), milliseconds: 6_000)
        _ = rig.play(caller: "..SSS.........................", model: model)
        #expect(rig.happened(.clearPlayout) == 0)
        rig.run(for: 12_000)
        #expect(rig.truth(PlayoutItem(ordinal: 2)) == 48_000)
        #expect(rig.turns.contains { $0.item == "item_u100" })
        #expect(!isDeleted("item_u100", rig))
        #expect(rig.responseRequests == 3)
        #expect(rig.rules.broken == [])
    }

    @Test func `S30 by policy late words interrupt`() {
        let rig = CallRig.speaking(policy { $0.lateWords = .interrupt })
        let sent = rig.play(caller: "..SSS...............")
        #expect(sent.hasPrefix("PPp..........C"))
        #expect(rig.responseRequests == 3)
    }

    @Test func `S30 by policy a backchannel stays in the history and the store, unanswered`() {
        let rig = CallRig.speaking(policy { $0.keepsBackchannels = true })
        _ = rig.play(caller: "..SSS................", model: "...........t", words: ["Mhmm."])
        #expect(!isDeleted("item_u100", rig))
        #expect(rig.turns.contains { $0.item == "item_u100" && $0.text == "Mhmm." })
        rig.run(for: 10_000)
        #expect(rig.responseRequests == 2)
        #expect(rig.truth(PlayoutItem(ordinal: 2)) == 64_000)
    }

    @Test(arguments: [("two words", 1), ("no", 0), ("", 0)])
    func `S30 fewer words than the tenant asks for are no interruption`(words: String, interruptions: Int) {
        var policy = ConversationPolicy()
        policy.minimumWords = 2
        let rig = CallRig.speaking(policy)
        _ = rig.play(caller: "..SSS................", model: "...........t", words: [words])
        #expect(rig.noted(.interruptionConfirmed) == interruptions)
        #expect(isDeleted("item_u100", rig) == (interruptions == 0))
    }

    @Test func `S30 parts of a transcript decide when they can`() {
        let real = CallRig.speaking(policy())
        #expect(real.play(caller: "..SSS..........", model: "..........d", words: ["yes no"]).hasPrefix("PPp.......C"))

        let open = CallRig.speaking(policy())  // "ye" may become "yes", and "yesterday".
        #expect(
            open.play(caller: "..SSS...............", model: "..........dt", words: ["ye", "yes"])
                == "PPp........PPPPPPPPP")
        #expect(open.happened(.clearPlayout) == 0)
    }

    @Test func `S30 mhmm, and then a whole sentence`() {
        let rig = CallRig.speaking(policy())
        let sent = rig.play(
            caller: "..SSS....SSSSSSSSSSSSSS..........", model: "", words: [])
        #expect(sent.contains("C"))
        #expect(rig.noted(.interruptionConfirmed) == 1)
        #expect(rig.turns.filter { $0.speaker == .caller }.count == 3, "both utterances are kept")
        rig.run(for: 2_000)
        #expect(rig.rules.broken == [])
    }

    @Test func `S30 a click is rejected at once, with or without a list of words`() {
        let rig = CallRig.speaking(policy())
        #expect(rig.play(caller: "..c.......") == "PPppPPPPPP")
        #expect(rig.noted(.interruptionRejected) == 1)
        #expect(rig.noted(.wordsLate) == 0)
    }

    @Test func `S30 speech that the model does not hear is rejected when the wait is over`() {
        let rig = CallRig.speaking(policy())
        rig.give(.voice(.onset(startedMillisecondsAgo: 60)))
        rig.run(for: 100)
        rig.give(.voice(.sustained))
        rig.run(for: 300)
        rig.give(.voice(.offset(endedMillisecondsAgo: 300)))
        rig.run(for: 480)
        #expect(rig.state == .interruptionPending)
        rig.run(for: 40)
        #expect(rig.state == .speaking)
        #expect(rig.noted(.interruptionRejected) == 1)
    }

    @Test func `S30 the session is lost while words are awaited: they are asked for again`() {
        let rig = CallRig.speaking(policy())
        _ = rig.play(caller: "..SSS..........")
        rig.model.close()
        rig.give(.modelClosed(.closed(code: 1_006)))
        rig.run(for: 2_000)
        #expect(rig.turns.contains { $0.item == "item_u100" })
        #expect(
            rig.sentCommands.contains {
                if case .createText(.system, let text) = $0 { text.contains("last words") } else { false }
            })
        #expect(rig.rules.broken == [])
    }

    @Test func `S30 the caller hangs up while words are awaited: the turn is stored`() {
        let rig = CallRig.speaking(policy())
        _ = rig.play(caller: "..SSS..........")
        rig.give(.carrierStopped)
        rig.give(.inputTranscript(item: "item_u100", .final("ok")))
        #expect(rig.turns.contains { $0.item == "item_u100" && $0.text == "ok" })
        #expect(rig.state == .ended)
    }

    @Test func `a transcript that comes while an interruption is undecided is not lost`() {
        let rig = CallRig.speaking()
        rig.give(.voice(.onset(startedMillisecondsAgo: 60)))
        rig.give(.speechStarted(item: "item_u2", audioStartMilliseconds: 0))
        rig.give(.speechStopped(item: "item_u2", audioEndMilliseconds: 0))
        rig.give(.committed(item: "item_u2", previous: nil))
        rig.give(.inputTranscript(item: "item_u2", .final("stop")))
        rig.give(.voice(.sustained))
        #expect(rig.turns.contains { $0.text == "stop" })
    }
}

@Suite struct `Spoken phrases` {
    @Test(arguments: [
        ("Uh-huh, OK!", ["uh", "huh", "ok"]), ("don't", ["dont"]), ("כֵּן", ["כן"]), (" ... ", []),
        ("Ça va 2", ["ça", "va", "2"]),
    ])
    func `words are compared without case, marks and points`(text: String, words: [String]) {
        #expect(SpokenPhrases.words(of: text) == words)
    }

    @Test func `nothing but phrases, in any order`() {
        let phrases: SpokenPhrases = ["ok", "uh-huh", "i see"]
        #expect(phrases.make(["ok", "i", "see"]))
        #expect(phrases.make(["uh", "huh", "ok"]))
        for words in [["ok", "but"], ["i"], ["see"], []] { #expect(!phrases.make(words), "\(words)") }
        for words in [["i"], ["ok", "i", "s"], ["o"], []] { #expect(phrases.make(words, isOpen: true), "\(words)") }
        #expect(!phrases.make(["ok", "b"], isOpen: true))
        #expect(!phrases.make(["i", "saw"], isOpen: true))
    }

    @Test func `a phrase within a text, or beginning at its end`() {
        let phrases: SpokenPhrases = ["This call may be recorded."]
        #expect(phrases.occur(in: SpokenPhrases.words(of: "Hello! This call may be recorded, OK?")))
        #expect(!phrases.occur(in: SpokenPhrases.words(of: "This call may be long")))
        #expect(phrases.mayFollow(SpokenPhrases.words(of: "Hello. This call m")))
        #expect(!phrases.mayFollow(SpokenPhrases.words(of: "Hello. This")))
        #expect(!phrases.mayFollow(SpokenPhrases.words(of: "this call is")))
    }
}
