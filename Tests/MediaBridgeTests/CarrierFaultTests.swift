import CarrierPhone
import Configuration
import Conversation
import FaultProxy
import Foundation
import Testing
import Transport
import TurnStore

@testable import MediaBridge

/// The carrier behind a network that fails, and one call's trouble that is no other's.
@Suite struct `A network that loses the carrier` {
    enum Loss: CaseIterable, Sendable { case fin, rst, halfOpen }

    @Test(arguments: Loss.allCases)
    func `S50 a carrier that is lost in the middle of a reply ends the call once, for that reason`(
        loss: Loss
    ) async throws {
        let proxy = try FaultProxy()
        defer { proxy.stop() }
        var plan = RigPlan(.agent(SpokenScript.options(hearing: ["hello world"])))
        plan.carrierProxy = proxy
        try await withService(plan) { rig in
            var options = rig.phoneOptions()
            options.utterances = [
                try SpokenScript.utterance("hello-world", .afterAgentTurn(1, pauseMilliseconds: 200))
            ]
            let phone = CarrierPhoneCall(options, on: rig.loop)
            async let call = phone.run()
            try await rig.answered(options.callSid)
            switch loss {
            case .fin: proxy.cut(.fin)
            case .rst: proxy.cut(.rst)
            case .halfOpen: proxy.abandon()
            }
            let lost = ContinuousClock.now
            let seen = try await rig.ended(options.callSid)
            #expect(seen.ending == .carrierLost)
            if loss == .halfOpen { #expect(ContinuousClock.now - lost > .seconds(4.5)) }
            // The answer it was speaking is stored as far as it was heard.
            let answer = try #require(seen.turns.last)
            #expect(answer.speaker == .agent)
            #expect(answer.text.count < SpokenScript.longAnswer.count)
            try await eventually("the store to know") {
                (try? rig.stored(options.callSid))??.endReason == "carrierLost"
            }
            try await eventually("the place to be free") { rig.metric("media_bridge_calls") == 0 }
            phone.hangUp()
            proxy.cut(.rst)
            _ = await call
        }
    }

    @Test func `S06 a carrier that stops reading is given up at the write deadline, and the other call plays on`()
        async throws
    {
        let plan = RigPlan(.scripted(.init(speech: ScriptedModel.hum(milliseconds: 60_000))))
        try await withService(plan) { rig in
            let proxy = try FaultProxy(to: rig.service.publicPort, smallBuffers: true)
            defer { proxy.stop() }
            let call = ServiceRig.newCall()
            let stuck = rig.carrier(try await rig.announce(call), call: call, via: proxy.port)
            #expect(try await stuck.opened())
            stuck.start()
            let other = try await rig.startedCall()
            try await eventually("both to be heard") { stuck.heard.count > 8_000 && other.heard.count > 8_000 }
            proxy.set(.toClient) { $0.isHeld = true }
            let (stopped, before) = (ContinuousClock.now, other.heard.count)
            var frame = 0
            // It still talks: only its reading has stopped.
            while rig.witness[call].ending == nil, ContinuousClock.now - stopped < .seconds(40) {
                stuck.media(CallerSound.quiet(frame), at: frame * 20)
                other.media(CallerSound.quiet(frame), at: frame * 20)
                frame += 1
                try await Task.sleep(for: .milliseconds(100))
            }
            #expect(rig.witness[call].ending == .carrierStalled)
            let seconds = (ContinuousClock.now - stopped) / .seconds(1)
            #expect(seconds > 5, "the deadline")
            // What a busy machine does to both of them is no finding.
            #expect(Double(other.heard.count - before) > seconds * 0.5 * 8_000)
            #expect(rig.witness[other.call].ending == nil)
            other.stop()
            _ = try await rig.ended(other.call)
        }
    }

    @Test
    func `S03 a call whose playout is full stops reading its model, loses nothing, and the other does not notice`()
        async throws
    {
        let proxy = try FaultProxy()
        defer { proxy.stop() }
        var plan = RigPlan(.scripted(.init(speech: nil)), greets: false)
        plan.modelProxy = proxy
        try await withService(plan) { rig in
            let full = try await rig.startedCall()
            let fullSession = try await rig.session(0)
            let other = try await rig.startedCall()
            let otherSession = try await rig.session(1)
            try await eventually("both sessions to be ordered") {
                fullSession.count("session.update") > 0 && otherSession.count("session.update") > 0
            }
            // More than a response may be, more than sockets hold: two thirds of an hour.
            let speech = [UInt8](repeating: 0x9A, count: 2_400 * 8_000)
            fullSession.begin(Array(speech[..<160]))
            for start in stride(from: 160, to: speech.count, by: 80_000) {
                fullSession.more(Array(speech[start..<min(start + 80_000, speech.count)]))
            }
            try await eventually("the model to be read no further") { rig.events("model_paused") == 1 }
            let passed = proxy.passed(.toClient)
            #expect(passed < speech.count * 4 / 3, "the rest waits with its sender")
            let line = ScriptedModel.hum(milliseconds: 1_000)
            otherSession.speak(line)
            let begun = ContinuousClock.now
            try await eventually("the other call to be heard") { other.heard.count >= line.count }
            #expect(other.heard == line)
            #expect(ContinuousClock.now - begun < .seconds(5))
            #expect(rig.events("model_paused") == 1)
            #expect(rig.events("dropped_overrun") == 0)
            full.stop()
            // Its books balance, as the rig asserts: what came in was played or is named as unheard.
            let seen = try await rig.ended(full.call)
            #expect(seen.samples("agentReceived") >= 240 * 8_000)
            #expect(seen.samples("agentReceived") < 2_400 * 8_000)
            other.stop()
        }
    }
}
