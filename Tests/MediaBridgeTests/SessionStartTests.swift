import Configuration
import Conversation
import FaultProxy
import Foundation
import Testing
import Transport

@testable import CarrierPhone
@testable import MediaBridge

/// From the upgrade to the first word.
@Suite struct `Starting a call` {
    // MARK: The model's session

    @Test func `S18 the greeting starts after the first valid session update, however often it comes`() async throws {
        try await withService(RigPlan(.scripted(.init(echo: .never)))) { rig in
            let (carrier, session) = try await rig.listeningCall()
            try await Task.sleep(for: .milliseconds(10))
            #expect(session.count("response.create") == 0)
            session.confirm()
            session.confirm()
            try await eventually("the greeting") { carrier.heard.count >= 400 * 8 }
            session.confirm()
            try await eventually("the greeting's turn to end") {
                rig.witness[carrier.call].turns.first?.endedAt != nil
            }
            #expect(session.count("response.create") == 1)
            #expect(session.count("session.update") == 1)
            #expect(session.messages.first { $0.type == "response.create" }?.text.contains(ServiceRig.greeting) == true)
            carrier.stop()
            _ = try await rig.ended(carrier.call)
            #expect(rig.witness[carrier.call].turns.count == 1)
        }
    }

    @Test func `S18 a session that is never confirmed is ordered twice, then the fallback voice speaks`() async throws {
        var plan = RigPlan(.scripted(.init(echo: .never)))
        plan.policy = { policy in
            policy.configureMilliseconds = 300
            policy.modelGiveUpMilliseconds = 900
        }
        try await withService(plan) { rig in
            let report = await rig.call(rig.phoneOptions())
            try rig.expectFallback(report)
            #expect(rig.model?.sessions.first?.count("session.update") == 2)
            #expect(rig.witness[report.callSid].notes[.configurationResent] == 1)
        }
    }

    @Test func `S18 a session in another audio format is never played to the caller`() async throws {
        try await withService(RigPlan(.scripted(.init(echo: .anotherFormat)))) { rig in
            let report = await rig.call(rig.phoneOptions())
            try rig.expectFallback(report)
            #expect(rig.model?.sessions.first?.count("response.create") == 0)
        }
    }

    @Test func `S19 a refused field is left out, and the call greets`() async throws {
        try await withService(RigPlan(.scripted(.init(echo: .refusing(1))))) { rig in
            let (carrier, session) = try await rig.listeningCall()
            try await eventually("the greeting") { carrier.heard.count >= 400 * 8 }
            #expect(session.count("session.update") == 2)
            #expect(rig.witness[carrier.call].notes[.configurationRefused] == 1)
            carrier.hangUp()
        }
    }

    @Test func `S19 a model that refuses what is required leads to the fallback voice`() async throws {
        try await withService(RigPlan(.scripted(.init(echo: .refusing(9))))) { rig in
            let report = await rig.call(rig.phoneOptions())
            try rig.expectFallback(report)
            #expect(rig.witness[report.callSid].notes[.configurationRefused] == 2)
        }
    }

    // MARK: No model

    @Test func `S58 a model that answers 401 leads to the fallback voice at once, never to silence`() async throws {
        try await withService(RigPlan(.scripted(.init(refusal: 401)))) { rig in
            let report = await rig.call(rig.phoneOptions())
            try rig.expectFallback(report)
            #expect(rig.model?.attempts == 1)
        }
    }

    @Test func `S58 a fallback that is a text is spoken as well`() async throws {
        var plan = RigPlan(.scripted(.init(refusal: 401)))
        plan.configure = { $0.tenants[0].fallback = .text("Sorry.") }
        try await withService(plan) { rig in
            let report = await rig.call(rig.phoneOptions())
            #expect(report.agentTurns.count == 1)
            #expect(CallerSound.level(report.heardAudio) > 300)
            #expect(rig.witness[report.callSid].ending == .modelUnavailable)
        }
    }

    @Test func `S58 a model that cannot be reached leads to the fallback voice after bounded tries`() async throws {
        let nobody = try ClosedPort()
        var plan = RigPlan(.address("ws://127.0.0.1:\(nobody.port)/v1/realtime"))
        plan.policy = { $0.reconnectMilliseconds = 20 }
        try await withService(plan) { rig in
            let report = await rig.call(rig.phoneOptions())
            try rig.expectFallback(report)
            #expect((2...6).contains(rig.events("model_lost")))
        }
    }

    // MARK: The stream

    @Test func `S20 a stream without a start is closed after three seconds, and no model hears of it`() async throws {
        var plan = RigPlan()
        plan.configure = { $0.tenants[0].fallback = .text("Sorry.") }
        try await withService(plan) { rig in
            let call = ServiceRig.newCall()
            let carrier = rig.carrier(try await rig.announce(call), call: call)
            #expect(try await carrier.opened())
            let opened = ContinuousClock.now
            carrier.send(#"{"event":"connected","protocol":"Call","version":"1.0.0"}"#)
            try await eventually("the stream to be closed") { carrier.close != nil }
            #expect(ContinuousClock.now - opened > .seconds(2.5))
            #expect(carrier.close?.code == 1008)
            #expect(carrier.close?.reason == "no start")
            try await expectNothingBegan(rig, call)
            #expect(rig.events("streams_declined") == 1)
            // The caller, who heard nothing, hears the fallback words from the carrier.
            let verbs = try await rig.webhook("/twilio/after-stream", call: call)
            #expect(verbs.map(\.name) == ["Say", "Hangup"])
        }
    }

    @Test func `S20 media before the start closes the stream, and no model hears of it`() async throws {
        try await withService { rig in
            let call = ServiceRig.newCall()
            let carrier = rig.carrier(try await rig.announce(call), call: call)
            #expect(try await carrier.opened())
            let url = try await rig.announce(call)
            carrier.media(CarrierSamples.speech, at: 0)
            carrier.start()
            try await eventually("the stream to be closed") { carrier.close != nil }
            #expect(carrier.close?.code == 1008)
            // Its token opens nothing any more: a second stream would be a call without a place.
            try await eventually("its place to be free") { rig.metric("media_bridge_calls") == 0 }
            let again = rig.carrier(url, call: call)
            #expect(try await again.opened() == false)
            #expect(again.close?.httpStatus == 403)
            try await expectNothingBegan(rig, call)
        }
    }

    @Test func `S20 a start that names another call closes the stream, and no model hears of it`() async throws {
        try await withService { rig in
            let call = ServiceRig.newCall()
            let carrier = rig.carrier(try await rig.announce(call), call: call)
            #expect(try await carrier.opened())
            carrier.start(call: ServiceRig.newCall())
            try await eventually("the stream to be closed") { carrier.close != nil }
            #expect(carrier.close?.code == 1008)
            try await expectNothingBegan(rig, call)
        }
    }

    @Test func `S20 a second start is refused and the call goes on`() async throws {
        try await withService(RigPlan(.scripted(.init(speech: nil)), greets: false)) { rig in
            let (carrier, session) = try await rig.listeningCall()
            carrier.startOnly()
            carrier.media(CallerSound.quiet(1), at: 0)
            try await eventually("the caller's frame") { session.audio.count == 160 }
            #expect(rig.events("carrier_malformed") == 1)
            #expect(rig.model?.attempts == 1)
            #expect(rig.events("calls_begun") == 1)
            carrier.hangUp()
        }
    }

    @Test func `a socket that speaks garbage is closed with a reason, and counted`() async throws {
        try await withService { rig in
            let call = ServiceRig.newCall()
            let carrier = rig.carrier(try await rig.announce(call), call: call)
            #expect(try await carrier.opened())
            carrier.send("GET / HTTP/1.1")
            try await eventually("the socket to be closed") { carrier.close != nil }
            #expect(carrier.close?.code == 1008)
            #expect(carrier.close?.reason.isEmpty == false)
            #expect(rig.events("carrier_malformed") == 1)
            try await expectNothingBegan(rig, call)
        }
    }

    private func expectNothingBegan(_ rig: ServiceRig, _ call: String) async throws {
        #expect(rig.model?.attempts == 0)
        #expect(rig.witness[call].began.isEmpty)
        #expect(rig.service.liveCalls == 0)
        try await eventually("its place to be free") { rig.metric("media_bridge_calls") == 0 }
    }
}
