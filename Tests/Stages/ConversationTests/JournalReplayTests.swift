import CallJournal
@testable import Conversation
import Testing

/// Calls made at random, journalled, and run again from their journals.
@Suite struct `Journals of random calls` {
    private static func journalled(seed: UInt64) throws -> JournalFile {
        let call = RandomCall(seed: seed, keepsJournal: true)
        call.play()
        call.rig.endJournal()
        return try JournalFile(bytes: try #require(call.rig.journal).bytes())
    }

    @Test(arguments: 0..<5)
    func `every one replays identically, to the byte`(batch: UInt64) throws {
        for seed in batch * 50..<batch * 50 + 50 {
            let result = Replay(try Self.journalled(seed: seed)).run()
            #expect(result.difference == nil, "seed \(seed)")
            #expect(result.ending == .complete, "seed \(seed)")
            #expect(result.events > 2, "seed \(seed)")
        }
    }

    @Test func `twice the same call is twice the same journal`() throws {
        let (first, second) = (try Self.journalled(seed: 11), try Self.journalled(seed: 11))
        #expect(Replay(first).run().digest == Replay(second).run().digest)
        #expect(first.size == second.size)
        #expect(Replay(try Self.journalled(seed: 12)).run().digest != Replay(first).run().digest)
    }

    /// A call with one interruption that is confirmed, one cough, keys, and a silence that ends it.
    private func plainCall() throws -> JournalFile {
        let rig = CallRig(keepsJournal: true)
        rig.startAndGreet()
        rig.model.usual.milliseconds = 4_000
        rig.speak("item_u1")
        rig.run(for: 1_200)
        rig.give(.voice(.onset(startedMillisecondsAgo: 60)))
        rig.run(for: 60)
        rig.give(.voice(.lapsed))
        rig.run(for: 3_000)
        rig.give(.carrierDigit(0x31))
        rig.run(for: 60_000)
        rig.give(.carrierClosed(.peer))
        rig.run(for: 2_000)
        rig.endJournal()
        let file = try JournalFile(bytes: try #require(rig.journal).bytes())
        try #require(Replay(file).run().difference == nil)
        return file
    }

    /// What each setting decides shows where it first decides otherwise, and nothing before.
    @Test func `another policy differs where it first matters`() throws {
        let file = try plainCall()
        func firstDifference(_ change: (inout ConversationPolicy) -> Void) throws -> ReplayStep {
            var policy = file.header.policy
            change(&policy)
            return try #require(Replay(file, policy: policy).run().difference)
        }
        let giveUp = try firstDifference { $0.modelGiveUpMilliseconds += 1 }
        #expect(giveUp.event == 1)
        #expect(giveUp.recorded.count == giveUp.replayed.count)

        let silent = try firstDifference { $0.greets = false }
        guard case .event(.model(.sessionUpdated), _, _) = silent.record else {
            Issue.record("\(silent.record)")
            return
        }

        let deaf = try firstDifference { $0.allowInterruptions = false }
        guard case .event(.voice(.onset), _, _) = deaf.record else {
            Issue.record("\(deaf.record)")
            return
        }
        #expect(deaf.recorded.contains(.action(.pausePlayout)))
        #expect(!deaf.replayed.contains(.action(.pausePlayout)))

        let markless = try firstDifference { $0.carrierEchoesMarks = false }
        guard case .mark(_, .some) = markless.record else {
            Issue.record("\(markless.record)")
            return
        }
        #expect(markless.replayed == [])
    }
}
