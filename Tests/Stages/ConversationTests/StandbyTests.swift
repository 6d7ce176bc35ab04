@testable import Conversation
import Testing

@Suite struct `Renewal of the session` {
    /// A call whose session is renewed after `seconds`, greeted and listening.
    private func call(
        renewalSeconds seconds: Int64 = 30, routes: Int = 1, adjust: (inout ConversationPolicy) -> Void = { _ in }
    ) -> CallRig {
        var policy = ConversationPolicy()
        policy.renewalMilliseconds = seconds * 1_000
        policy.silenceMilliseconds = 600_000
        policy.modelRoutes = routes
        adjust(&policy)
        let rig = CallRig(policy)
        rig.startAndGreet()
        return rig
    }

    @Test func `S57 the next session is opened, checked, told the call and switched to in a silence`() {
        let rig = call()
        rig.speak("item_u1", text: "I want tea")
        rig.run(until: 29_900)
        #expect(rig.standbyOpens == 0)
        rig.run(until: 31_000)
        #expect(rig.standbyOpens == 1)
        #expect(rig.renewals == 1)
        #expect(
            rig.standbyCommands == [
                .configure(optionalFields: true), .createText(role: .assistant, text: rig.turns[0].text),
                .createText(role: .user, text: "I want tea"), .createText(role: .assistant, text: rig.turns[2].text),
            ])
        #expect(rig.state == .listening)
        #expect(rig.happened(.holdUplink) == 0, "the caller's audio flows throughout")
        #expect(rig.repeats == [500], "a word that had just begun is heard by the new one")
        let requests = rig.responseRequests
        rig.speak("item_v1", text: "green, please")
        rig.run(for: 600)
        #expect(rig.responseRequests == requests + 1)
        #expect(rig.state == .speaking)
        rig.run(until: 59_000)
        #expect(rig.renewals == 1)
        rig.run(until: 62_000)
        #expect(rig.renewals == 2, "and again")
        #expect(rig.noted(.modelLost) == 0)
        #expect(rig.rules.broken == [])
    }

    @Test func `S57 what is being said is finished first`() {
        let rig = call()
        rig.model.usual.milliseconds = 12_000
        rig.run(until: 27_000)
        rig.speak("item_u1", text: "read me the list")
        rig.run(until: 32_000)
        #expect(rig.standbyOpens == 1)
        #expect(rig.state == .speaking)
        #expect(rig.renewals == 0)
        rig.run(until: 60_000)
        #expect(rig.renewals == 1)
        let agent = rig.turns.last { $0.speaker == .agent }
        #expect(agent?.interruptedAt == nil)
        #expect(rig.standbyCommands.contains(.createText(role: .user, text: "read me the list")))
        #expect(
            rig.standbyCommands.last == .createText(role: .assistant, text: agent?.text ?? ""), "told at the switch")
        #expect(rig.rules.broken == [])
    }

    @Test func `S57 a tool that runs keeps its session until it has answered`() {
        let rig = call { $0.toolTimeoutMilliseconds = 20_000 }
        rig.run(until: 28_000)
        rig.model.answers = [.init(milliseconds: 0, tools: [("call_1", "weather")])]
        rig.speak("item_u1", text: "rain?")
        rig.run(until: 40_000)
        #expect(rig.renewals == 0)
        rig.give(.toolFinished(call: "call_1", output: "sunny"))
        #expect(rig.sentCommands.contains(.toolOutput(call: "call_1", output: "sunny")))
        rig.run(until: 50_000)
        #expect(rig.renewals == 1)
        #expect(rig.rules.broken == [])
    }

    @Test func `S57 no silence comes: from the latest moment on the next end of a turn will do`() {
        let rig = call { $0.standbySwitchMilliseconds = 10_000 }
        rig.run(until: 29_000)
        rig.give(.voice(.onset(startedMillisecondsAgo: 60)))  // A line that hums for ever.
        rig.run(until: 39_000)
        #expect(rig.renewals == 0)
        rig.run(until: 41_000)
        #expect(rig.renewals == 1)
        #expect(rig.repeats.first ?? 0 >= 500)
        #expect(rig.rules.broken == [])
    }

    @Test func `S57 a switch while the agent is still heard cuts nothing, and truncates nothing of the old session`() {
        let rig = call { $0.standbySwitchMilliseconds = 200 }
        rig.run(until: 29_500)
        rig.model.usual.milliseconds = 8_000
        rig.speak("item_u1", text: "read me the list", milliseconds: 300)
        while rig.renewals == 0, rig.now < 60_000 { rig.run(for: 20) }
        #expect(rig.state == .speaking, "its audio has come and is playing")
        #expect(rig.happened(.clearPlayout) == 0)
        rig.run(for: 1_000)
        rig.give(.voice(.onset(startedMillisecondsAgo: 60)))
        rig.run(for: 200)
        rig.give(.voice(.sustained))
        #expect(rig.happened(.clearPlayout) == 1)
        #expect(rig.truncations == [])
        #expect(rig.rules.broken == [])
    }

    @Test func `S57 the provider's expiry counts, less the margin, and a quarter of a short life at most`() {
        for (remaining, margin, due) in [
            (Int64(3_600_000), Int64(300_000), Int64(3_300_000)), (20_000, 300_000, 15_000),
        ] {
            var policy = ConversationPolicy()
            policy.renewalMarginMilliseconds = margin
            policy.silenceMilliseconds = 5_000_000
            policy.maximumDurationMilliseconds = 5_000_000
            let rig = CallRig(policy)
            rig.skipsIdleTicks = true
            rig.model.echo?.remainingMilliseconds = remaining
            rig.startAndGreet()
            rig.run(until: due - 1_000)
            #expect(rig.standbyOpens == 0)
            rig.run(until: due + 1_000)
            #expect(rig.standbyOpens == 1)
            #expect(rig.renewals == 1)
        }
    }

    @Test func `S57 a session that cannot be had is tried again while the old one goes on`() {
        let rig = call()
        rig.nextStandby.refusesToOpen = 2
        rig.run(until: 32_000)
        #expect(rig.noted(.standbyFailed) == 1)
        #expect(rig.state == .listening)
        rig.speak("item_u1", text: "still there?")
        rig.run(for: 600)
        #expect(rig.state == .speaking)
        rig.run(until: 90_000)
        #expect(rig.standbyOpens == 3)
        #expect(rig.renewals == 1)
        #expect(rig.noted(.modelLost) == 0)
        #expect(rig.rules.broken == [])
    }

    @Test(arguments: ["hangs", "echoes wrongly", "never confirms", "refuses our configuration"])
    func `S57 a session that is no use is closed, and no word goes to it`(trouble: String) {
        let rig = call()
        switch trouble {
        case "hangs": rig.nextStandby.brokenRoutes = [0: nil]
        case "echoes wrongly": rig.nextStandby.echo = SessionEcho(inputFormat: "audio/pcm", outputFormat: "audio/pcm")
        case "never confirms": rig.nextStandby.echo = nil
        default: rig.nextStandby.refusesConfigure = 2
        }
        rig.run(until: 39_000)
        #expect(rig.noted(.standbyFailed) == 1)
        #expect(rig.happened(.closeStandby) == 1)
        #expect(rig.renewals == 0)
        #expect(rig.state == .listening)
        #expect(!rig.standbyCommands.contains { if case .createText = $0 { true } else { false } })
        #expect(rig.rules.broken == [])
    }

    @Test func `S57 optional fields that a standby refuses are left out`() {
        let rig = call()
        rig.nextStandby.refusesConfigure = 1
        rig.run(until: 32_000)
        #expect(
            rig.standbyCommands.prefix(2) == [.configure(optionalFields: true), .configure(optionalFields: false)])
        #expect(rig.renewals == 1)
    }

    @Test func `S57 the chain holds for the next session too`() {
        let rig = call(routes: 2)
        rig.nextStandby.brokenRoutes = [0: .refused(httpStatus: 404)]
        rig.run(until: 32_000)
        #expect(rig.standbyOpens == 2)
        #expect(rig.renewals == 1)
        #expect(rig.all.contains(.openStandby(ModelRoute(index: 1))))
    }

    @Test func `S57 the session in use is lost while the next is ready: it takes over at once`() {
        let rig = call { $0.standbySwitchMilliseconds = 60_000 }
        rig.model.usual.milliseconds = 20_000
        rig.run(until: 29_000)
        rig.speak("item_u1", text: "read me the book")
        rig.run(until: 31_000)
        #expect(rig.state == .speaking)
        #expect(rig.renewals == 0)
        rig.model.close()
        rig.give(.modelClosed(.closed(code: 1_006)))
        #expect(rig.renewals == 1)
        #expect(rig.state == .speaking)
        #expect(rig.happened(.holdUplink) == 0)
        rig.run(for: 1_000)
        #expect(rig.responseRequests == 3, "what broke off is finished")
        #expect(rig.rules.broken == [])
    }

    @Test func `S57 the session in use is lost while the next is being opened: the ordinary way back`() {
        let rig = call()
        rig.nextStandby.echo = nil
        rig.run(until: 31_000)
        rig.model.close()
        rig.give(.modelClosed(.closed(code: 1_006)))
        #expect(rig.happened(.closeStandby) == 1)
        #expect(rig.state == .reconnecting)
        rig.run(for: 1_000)
        #expect(rig.state == .listening)
        #expect(rig.rules.broken == [])
    }

    @Test func `S56 the session is lost in mid-word: the next one hears the words from their beginning`() {
        let rig = call(renewalSeconds: 3_000)
        rig.give(.voice(.onset(startedMillisecondsAgo: 60)))
        rig.give(.speechStarted(item: "item_u1", audioStartMilliseconds: 0))
        rig.run(for: 2_000)
        rig.model.close()
        rig.give(.modelClosed(.closed(code: 1_006)))
        rig.run(for: 600)
        #expect(rig.repeats == [2_300 + 60])
        let repeated = rig.all.firstIndex(of: .repeatUplink(milliseconds: 2_360))
        let opened = rig.all.lastIndex(of: .openUplink)
        #expect(repeated != nil && repeated! < opened!, "before what was said meanwhile")
        #expect(rig.rules.broken == [])
    }

    @Test func `S57 late events of a session that was replaced, or never became one, change nothing`() {
        let rig = call()
        rig.run(until: 32_000)
        #expect(rig.renewals == 1)
        let before = rig.all.count
        rig.give(.standby(.model(.sessionUpdated(.good))))
        rig.give(.standby(.closed(.closed(code: 1_000))))
        rig.give(.responseDone(ResponseOutcome(response: "resp_1", status: .completed)))
        #expect(rig.all.dropFirst(before).allSatisfy { $0 == .note(.staleEventIgnored) })
        #expect(rig.state == .listening)
    }

    @Test func `S57 a call that ends closes both sessions`() {
        let rig = call()
        rig.nextStandby.echo = nil
        rig.run(until: 31_000)
        rig.give(.carrierStopped)
        rig.run(for: 2_000)
        #expect(rig.happened(.closeStandby) == 1)
        #expect(rig.happened(.closeModel) == 1)
        #expect(rig.state == .ended)
        #expect(rig.rules.broken == [])
    }

    @Test func `the standby's table has one row for a trigger, and a way back from every stage`() {
        let rows = StandbyTable.transitions
        for row in rows { #expect(rows.count { $0.stage == row.stage && $0.trigger == row.trigger } == 1) }
        for stage in StandbyStage.allCases where stage != .absent {
            #expect(rows.contains { $0.stage == stage && $0.trigger == .notWanted && $0.next == .absent })
        }
    }

    // MARK: What a session is told

    @Test func `one session.update for each session, and nothing of the call in it`() {
        let rig = call()
        for turn in 0..<6 {
            rig.speak(WireID("item_u\(turn)")!, text: "word \(turn)")
            rig.run(for: 4_000)
        }
        rig.model.close()
        rig.give(.modelClosed(.closed(code: 1_006)))
        rig.run(for: 40_000)
        let configured = (rig.sentCommands + rig.standbyCommands).filter {
            if case .configure = $0 { true } else { false }
        }
        let sessions = rig.all.filter {
            switch $0 {
            case .openModel, .openStandby: true
            default: false
            }
        }
        #expect(sessions.count >= 3)
        #expect(configured.count == sessions.count)
        #expect(configured.allSatisfy { $0 == .configure(optionalFields: true) }, "the same words every time")
    }
}
