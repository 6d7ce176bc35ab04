import Conversation
import Testing

@Suite struct `Cost of a call` {
    private func usage(_ tokens: Int64) -> ModelUsage {
        var usage = ModelUsage()
        (usage.inputText, usage.inputAudio, usage.outputAudio) = (tokens / 4, tokens / 4, tokens / 2)
        return usage
    }
    private func used(_ rig: CallRig) -> CallUsage? {
        rig.all.compactMap { if case .persist(.used(let usage)) = $0 { usage } else { nil } }.last
    }

    @Test func `prices are per million tokens, and per hour of transcribed audio`() {
        var prices = PriceTable()
        prices[.inputText] = 4_000_000
        prices[.inputAudio] = 32_000_000
        prices[.cachedText] = 400_000
        prices[.outputAudio] = 64_000_000
        prices[.transcriptionMilliseconds] = 360_000
        var usage = ModelUsage()
        (usage.inputText, usage.inputAudio, usage.cachedText, usage.outputAudio) = (1_000, 500, 10_000, 250)
        usage.transcriptionMilliseconds = 60_000
        #expect(prices.cost(of: usage) == 4_000 + 16_000 + 4_000 + 16_000 + 6_000)
        var one = ModelUsage()
        one.cachedText = 1
        #expect(prices.cost(of: one) == 1, "rounded up")
    }

    @Test func `figures beyond all reason stay at the largest number`() {
        var prices = PriceTable()
        prices[.inputText] = .max
        prices[.outputText] = .max
        var usage = ModelUsage()
        usage.inputText = .max
        usage.add(usage)
        usage.outputText = -5
        #expect(usage.tokens > 0)
        #expect(prices.cost(of: usage) == .max)
        var sum = ModelUsage()
        var negative = ModelUsage()
        negative.inputAudio = -1_000
        sum.add(negative)
        #expect(sum.isEmpty)
    }

    @Test(arguments: ["tokens", "money"])
    func `S51 at the ceiling the end is announced, heard, and then the call is over`(kind: String) {
        var policy = ConversationPolicy()
        policy.prices[.outputAudio] = 64_000_000
        if kind == "tokens" { policy.maximumTokens = 3_000 } else { policy.maximumCostMicros = 96_000 }
        let rig = CallRig(policy)
        rig.model.usual.usage = usage(1_000)
        rig.startAndGreet()
        rig.speak("item_u1", text: "one")
        rig.run(for: 4_000)
        #expect(rig.hangUps == [])
        rig.speak("item_u2", text: "two")
        rig.run(for: 12_000)
        #expect(rig.hangUps == [.costLimit])
        let last = rig.sentCommands.last { if case .createResponse = $0 { true } else { false } }
        guard case .createResponse(let instructions?) = last else { return #expect(Bool(false), "a goodbye") }
        #expect(instructions.contains("has to end now"))
        #expect(rig.turns.last?.speaker == .agent)
        #expect(rig.turns.last?.text == rig.model.usual.text, "the goodbye was heard")
        #expect(used(rig)?.usage.tokens == 4_000)
        #expect(used(rig)?.costMicros == 128_000)
        #expect(rig.rules.broken == [])
    }

    @Test func `S51 what nobody wanted is billed all the same, and so is what comes after the hang-up`() {
        let rig = CallRig()
        rig.startAndGreet()
        rig.give(.responseDone(ResponseOutcome(response: "resp_old", status: .cancelled, usage: usage(400))))
        rig.give(.transcriptionUsed(usage(40)))
        rig.speak("item_u1")
        rig.give(.carrierStopped)
        #expect(rig.state == .closing)
        rig.give(.responseDone(ResponseOutcome(response: "resp_2", status: .cancelled, usage: usage(4))))
        rig.run(for: 2_000)
        #expect(used(rig)?.usage.tokens == 444)
        #expect(used(rig)?.sessions == 1)
        #expect(used(rig)?.costMicros == 0, "no prices, no cost")
        #expect(rig.state == .ended)
    }

    @Test func `without a ceiling nothing ends a call`() {
        let rig = CallRig()
        rig.model.usual.usage = usage(4_000_000)
        rig.startAndGreet()
        rig.speak("item_u1", text: "one")
        rig.run(for: 6_000)
        #expect(rig.state == .listening)
    }
}
