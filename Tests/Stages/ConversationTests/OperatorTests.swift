import Testing

@testable import Conversation

@Suite struct `What an operator asks of a call` {
    private func greeted() -> CallRig {
        let rig = CallRig()
        rig.startAndGreet()
        return rig
    }
    private func requests(_ rig: CallRig) -> [String?] {
        rig.sentCommands.compactMap { if case .createResponse(let words) = $0 { words } else { nil } }
    }
    private func texts(_ rig: CallRig) -> [(ItemRole, String)] {
        rig.sentCommands.compactMap { if case .createText(let role, let text) = $0 { (role, text) } else { nil } }
    }

    @Test func `R10 words are asked for word for word, once, and are nobody's turn but the agent's`() {
        let rig = greeted()
        rig.give(.operatorSays("Your taxi is here.", isVerbatim: true))
        rig.run(for: 3_000)
        #expect(requests(rig).filter { $0?.contains("Your taxi is here.") == true }.count == 1)
        #expect(texts(rig).isEmpty)
        #expect(rig.turns.map(\.speaker) == [.agent, .agent])
        #expect(rig.state == .listening)
        #expect(rig.rules.broken == [])
    }

    @Test func `R10 an instruction is the system's, never the caller's, and is answered`() {
        let rig = greeted()
        let before = rig.responseRequests
        rig.give(.operatorSays("Offer him a ladder.", isVerbatim: false))
        rig.run(for: 3_000)
        #expect(texts(rig).map(\.0) == [.system])
        #expect(texts(rig).first?.1.contains("Offer him a ladder.") == true)
        #expect(rig.responseRequests == before + 1)
        #expect(requests(rig).allSatisfy { $0?.contains("ladder") != true })
        #expect(rig.rules.broken == [])
    }

    @Test func `while the agent speaks they wait, in order, and none is lost`() {
        let rig = greeted()
        rig.speak("item_u1", text: "hello")
        rig.run(for: 100)
        for word in ["one", "two"] { rig.give(.operatorSays("Word \(word).", isVerbatim: true)) }
        rig.run(for: 12_000)
        let asked = requests(rig).compactMap { $0 }.filter { $0.contains("Word ") }
        #expect(asked.count == 2)
        #expect(asked.first?.contains("one") == true && asked.last?.contains("two") == true)
        #expect(rig.rules.broken == [])
    }

    @Test func `R5 a goodbye that an operator asks for is said before the call is hung up, once`() {
        let rig = greeted()
        rig.give(.command(.sayGoodbye))
        #expect(rig.hangUps == [])
        #expect(rig.state == .goodbye)
        rig.run(for: 6_000)
        #expect(rig.hangUps == [.operatorAsked])
        #expect(rig.state == .ended)
        #expect(rig.turns.count == 2)
        #expect(rig.rules.broken == [])
        let atOnce = greeted()
        atOnce.give(.command(.hangUp))
        #expect(atOnce.hangUps == [.operatorAsked])
        #expect(atOnce.turns.count == 1)
    }

    @Test func `S53 an operator's transfer is announced first, then ordered`() {
        let rig = greeted()
        rig.give(.transferAsked(to: "front desk"))
        #expect(!rig.all.contains(.errand(.transfer(to: "front desk"))))
        rig.run(for: 5_000)
        #expect(rig.happened(.errand(.transfer(to: "front desk"))) == 1)
        #expect(requests(rig).last??.contains("front desk") == true)
        #expect(rig.turns.count == 2)
        #expect(rig.state == .away)
        #expect(rig.rules.broken == [])
    }

    @Test(arguments: [ErrandOutcome.busy, .refused])
    func `S53 nobody reached: the agent hears it as a message and has the caller again`(outcome: ErrandOutcome) {
        let rig = greeted()
        rig.give(.transferAsked(to: "front desk"))
        rig.run(for: 5_000)
        if outcome == .refused {
            rig.give(.errandFinished(.refused))
        } else {
            rig.give(.errandFinished(.accepted))
            rig.give(.carrierStopped)
            rig.give(.errandFinished(outcome))
            rig.give(.carrierStarted(stream: "MZ2"))
        }
        rig.run(for: 4_000)
        #expect(rig.hangUps == [])
        #expect(texts(rig).last?.0 == .system)
        #expect(texts(rig).last?.1.contains("error") == true)
        #expect(rig.state == .listening)
        #expect(rig.rules.broken == [])
    }

    @Test func `S53 an operator's transfer is not taken back by the caller's voice`() {
        let rig = greeted()
        rig.give(.transferAsked(to: "front desk"))
        rig.run(for: 600)
        rig.speak("item_u1", text: "what")
        rig.run(for: 15_000)
        #expect(rig.happened(.errand(.transfer(to: "front desk"))) == 1)
        #expect(rig.rules.broken == [])
    }
}
