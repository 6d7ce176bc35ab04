import Configuration
import Conversation
import Foundation
import Testing
import Transport
import TurnStore

@testable import CarrierPhone
@testable import MediaBridge

/// How calls end, and what must be gone afterwards.
@Suite struct `Ending a call` {
    private static let quietPlan = RigPlan(.scripted(.init(speech: nil)), greets: false)

    @Test func `S49 a hang-up in the middle of the greeting releases everything within a second`() async throws {
        let plan = RigPlan(.scripted(.init(speech: ScriptedModel.hum(milliseconds: 8_000))))
        try await withService(plan) { rig in
            let carrier = try await rig.startedCall()
            let session = try await rig.session()
            try await eventually("the greeting to be under way") { carrier.heard.count > 160 * 8 }
            // On a busy machine the carrier may hear the first words before the model's last have come.
            try await eventually("all of it to be here") { rig.events("samples_from_model") == 64_000 }
            carrier.stop()
            carrier.hangUp()
            let hungUp = ContinuousClock.now
            let seen = try await rig.ended(carrier.call)
            try await eventually("the model's session to be closed") { session.close != nil }
            try await eventually("the place to be free") { rig.metric("media_bridge_calls") == 0 }
            #expect(ContinuousClock.now - hungUp < .seconds(1))
            #expect(seen.ending == .callerHungUp)
            #expect(rig.service.liveCalls == 0)
            #expect(rig.events("calls_begun") == rig.events("calls_ended"))
            #expect(seen.turns.first?.speaker == .agent)
            #expect(seen.samples("agentUnheardAtEnd") > 0)
            #expect(seen.samples("agentReceived") == 64_000)
        }
    }

    @Test func `S50 stop, then close: the caller hung up, once`() async throws {
        try await withService(Self.quietPlan) { rig in
            let (carrier, session) = try await rig.listeningCall()
            carrier.stop()
            carrier.hangUp()
            let seen = try await rig.ended(carrier.call)
            #expect(seen.ending == .callerHungUp)
            try await eventually("the model's session to be closed") { session.close != nil }
            try await eventually("the store to know") { (try? rig.stored(carrier.call))??.endReason == "callerHungUp" }
            // This carrier has sent no status callback at all.
            #expect(try rig.stored(carrier.call)?.status == "completed")
        }
    }

    @Test(arguments: [true, false])
    func `S50 a close without a stop: the carrier was lost`(politely: Bool) async throws {
        try await withService(Self.quietPlan) { rig in
            let (carrier, session) = try await rig.listeningCall()
            if politely { carrier.hangUp() } else { carrier.drop() }
            #expect(try await rig.ended(carrier.call).ending == .carrierLost)
            try await eventually("the model's session to be closed") { session.close != nil }
        }
    }

    @Test func `S50 a carrier that says nothing for five seconds is gone`() async throws {
        try await withService(Self.quietPlan) { rig in
            let (carrier, session) = try await rig.listeningCall()
            carrier.media(CallerSound.quiet(0), at: 0)
            let fellSilent = ContinuousClock.now
            let seen = try await rig.ended(carrier.call)
            #expect(ContinuousClock.now - fellSilent > .seconds(4.5))
            #expect(seen.ending == .carrierLost)
            try await eventually("the model's session to be closed") { session.close != nil }
        }
    }

    @Test func `S24 a second stream of the same call takes over and is not greeted again`() async throws {
        let plan = RigPlan(.scripted(.init(speech: ScriptedModel.hum(milliseconds: 1_000))))
        try await withService(plan) { rig in
            let call = ServiceRig.newCall()
            let url = try await rig.announce(call)
            let first = rig.carrier(url, call: call)
            #expect(try await first.opened())
            first.start()
            let session = try await rig.session()
            try await eventually("the greeting to be heard") { first.heard.count >= 8_000 }

            let stranger = rig.carrier(url, call: call, token: nil)
            #expect(try await stranger.opened() == false)
            #expect(stranger.close?.httpStatus == 403)
            #expect(first.close == nil)

            let second = rig.carrier(url, call: call)
            #expect(try await second.opened())
            second.start()
            try await eventually("the first stream to be closed") { first.close != nil }
            second.media(CallerSound.quiet(7), at: 0)
            try await eventually("the caller to be heard on the new stream") { session.audio.count >= 160 }
            session.speak(ScriptedModel.hum(milliseconds: 200))
            try await eventually("the agent to be heard on the new stream") { second.heard.count >= 1_600 }
            #expect(session.count("response.create") == 1)
            #expect(rig.model?.attempts == 1)
            #expect(rig.requests("stream_taken_over") == 1)
            #expect(rig.metric("media_bridge_calls") == 1)
            #expect(rig.witness[call].notes[.streamReplaced] == 1)
            second.stop()
            #expect(try await rig.ended(call).ending == .callerHungUp)
        }
    }

    @Test func `R13 a tenant's valid signature does not open another tenant's call`() async throws {
        let other = (account: "AC00000000000000000000000000000002", token: "fedcba9876543210fedcba9876543210")
        var plan = Self.quietPlan
        plan.configure = { configuration in
            var tenant = configuration.tenants[0]
            (tenant.id, tenant.numbers, tenant.accountSid) = ("other", ["+15005550002"], other.account)
            tenant.authToken = Secret(other.token)
            configuration.tenants.append(tenant)
        }
        try await withService(plan) { rig in
            let (carrier, session) = try await rig.listeningCall()
            let intruder = RawCarrier(
                "ws://127.0.0.1:\(rig.service.publicPort)/twilio/media", call: carrier.call, account: other.account,
                token: other.token, on: rig.loop)
            #expect(try await intruder.opened())
            intruder.start()
            try await eventually("the intruder to be turned away") { intruder.close != nil }
            #expect(intruder.close?.code == 1008)
            #expect(rig.events("streams_declined") == 1)
            #expect(carrier.close == nil)
            #expect(session.close == nil)
            carrier.stop()
            #expect(try await rig.ended(carrier.call).ending == .callerHungUp)
        }
    }

    @Test func `S54 draining refuses new calls at once and lets the running one finish`() async throws {
        var plan = Self.quietPlan
        plan.configure = { $0.limits.drainSeconds = 10 }
        try await withService(plan) { rig in
            let (carrier, session) = try await rig.listeningCall()
            #expect(try await rig.admin("/readyz").status == 200)
            async let left = rig.service.drain()
            try await eventually("new calls to be refused") { rig.requests("draining") == 0 }
            var readiness = try await rig.admin("/readyz")
            while readiness.status == 200 { readiness = try await rig.admin("/readyz") }
            #expect(readiness.status == 503)
            #expect(readiness.body.contains("draining"))
            #expect(try await rig.webhook(call: ServiceRig.newCall()).map(\.name) == ["Reject"])
            #expect(rig.requests("draining") == 1)
            carrier.media(CallerSound.quiet(3), at: 0)
            try await eventually("the running call to go on") { session.audio.count >= 160 }
            carrier.stop()
            let remaining = await left
            #expect(remaining == 0)
            #expect(try await rig.ended(carrier.call).ending == .callerHungUp)
        }
    }

    @Test func `S54 a service that stops under a call ends it, closes its books and stores its end`() async throws {
        try await withService(Self.quietPlan) { rig in
            let (carrier, session) = try await rig.listeningCall()
            // A turn whose words the model still owes.
            session.send(#"{"type":"input_audio_buffer.speech_started","item_id":"item_c","audio_start_ms":0}"#)
            session.send(#"{"type":"input_audio_buffer.speech_stopped","item_id":"item_c","audio_end_ms":400}"#)
            session.send(#"{"type":"input_audio_buffer.committed","item_id":"item_c","previous_item_id":null}"#)
            try await eventually("the caller's turn") {
                rig.witness[carrier.call].turns.contains { $0.speaker == .caller }
            }
            await withCheckedContinuation { continuation in
                Thread.detachNewThread {
                    rig.service.stop()
                    continuation.resume()
                }
            }
            let seen = rig.witness[carrier.call]
            #expect(seen.ending == .shutdown)
            #expect(seen.books?.balance == true)
            #expect(try rig.stored(carrier.call)?.endReason == "shutdown")
        }
    }
}
