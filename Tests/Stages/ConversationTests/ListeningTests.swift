@testable import Conversation
import Testing

@Suite struct `A call that is only listened to` {
    @Test func `no model is opened and nothing is said, however long nobody speaks`() {
        let rig = DirectedCalls.listenedTo()
        #expect(rig.state == .listening && rig.rules.broken == [])
        #expect(rig.sentCommands.isEmpty && rig.responseRequests == 0 && rig.hangUps == [])
        for action in rig.all {
            if case .openModel = action { Issue.record("a model was opened") }
            if case .playFallback = action { Issue.record("something was said") }
        }
        #expect(rig.happened(.openUplink) == 1)
    }

    @Test func `what the recogniser hears is a turn at its own times, once`() throws {
        let rig = DirectedCalls.listenedTo()
        let turn = try #require(rig.turns.first)
        #expect(rig.turns.count == 1 && turn.speaker == .caller && turn.text == "good morning")
        #expect(turn.textSource == .transcribed && turn.item == nil)
        #expect(turn.startedAt.milliseconds == 2_900 && turn.endedAt?.milliseconds == 3_100)
    }

    @Test func `the last words after the hang-up are waited for, and no longer than they take`() throws {
        let rig = DirectedCalls.listenedTo()
        rig.give(.carrierStopped)
        #expect(rig.state == .closing && rig.hangUps == [.callerHungUp])
        rig.give(
            .recognizer(
                .said(
                    RecognizedTurn(
                        speaker: .agent, text: "goodbye", startedAt: .init(milliseconds: 30_000),
                        endedAt: .init(milliseconds: 40_000)))))
        #expect(rig.state == .closing)
        rig.give(.recognizer(.finished))
        #expect(rig.state == .ended)
        #expect(rig.turns.map(\.text) == ["good morning", "goodbye"] && rig.turns.last?.speaker == .agent)
    }

    @Test func `a recogniser that says no last word is not waited for any longer than the tenant wants`() {
        let rig = DirectedCalls.listenedTo()
        rig.give(.command(.drain))
        #expect(rig.state == .closing && rig.hangUps == [.shutdown])
        rig.run(for: 1_000)
        #expect(rig.state == .ended)
    }

    @Test func `beside a model a recogniser's words are nobody's turn`() {
        let rig = CallRig()
        rig.startAndGreet()
        let turns = rig.turns.count
        rig.give(.recognizer(.said(RecognizedTurn(speaker: .caller, text: "x", startedAt: .start, endedAt: .start))))
        #expect(rig.turns.count == turns && rig.noted(.staleEventIgnored) == 1)
    }
}
