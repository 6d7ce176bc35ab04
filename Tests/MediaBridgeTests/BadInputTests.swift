import Configuration
import Conversation
import Foundation
import Testing
import Transport

@testable import MediaBridge

/// S60: what nobody should send, from either side, in a running call.
@Suite struct `Bad input in a running call` {
    private static let quietPlan = RigPlan(.scripted(.init(speech: nil)), greets: false)

    @Test func `S60 nonsense from the model is counted and the call goes on`() async throws {
        try await withService(Self.quietPlan) { rig in
            let (carrier, session) = try await rig.listeningCall()
            let padding = String(repeating: "A", count: 2 << 20)
            session.send(
                #"{"type":"response.output_audio.delta","response_id":"r","item_id":"i","delta":"\#(padding)"}"#)
            session.send(#"{"type":"conversation.item.added","item":"#)
            session.send(#"{"type":"response.output_audio.delta","response_id":5,"item_id":[],"delta":17}"#)
            session.send(#"[1, 2, 3]"#)
            session.send("")
            session.sendBinary([0, 1, 2, 255])
            carrier.media(CallerSound.quiet(1), at: 0)
            try await eventually("the caller's frame") { session.audio.count >= 160 }
            try await eventually("all six to be looked at") {
                rig.events("model_malformed") + rig.events("samples_cancelled") / 1_000_000 >= 6
            }
            #expect(rig.model?.attempts == 1)
            session.speak(ScriptedModel.hum(milliseconds: 200))
            try await eventually("the agent to be heard") { carrier.heard.count >= 1_600 }
            carrier.stop()
            #expect(try await rig.ended(carrier.call).ending == .callerHungUp)
        }
    }

    @Test func `S60 nonsense from the carrier is counted and the call goes on`() async throws {
        try await withService(Self.quietPlan) { rig in
            let (carrier, session) = try await rig.listeningCall()
            carrier.send(#"{"event":"media","media":"#)
            carrier.send(#"{"event":5,"media":[]}"#)
            carrier.send(#"{"event":"media","sequenceNumber":"2","media":{"track":"inbound","payload":"%%%%"}}"#)
            carrier.send(#"{"event":"media","sequenceNumber":"3","media":{"track":"inbound","payload":7}}"#)
            carrier.send(#"{"event":"dtmf","dtmf":{"digit":"nine"}}"#)
            carrier.sendBinary([0, 1, 2, 255])
            carrier.media(CallerSound.quiet(1), at: 0, number: 40)
            try await eventually("the caller's frame") { session.audio.count >= 160 }
            #expect(session.audio == CallerSound.quiet(1))
            #expect(rig.events("carrier_malformed") == 6)
            carrier.stop()
            #expect(try await rig.ended(carrier.call).ending == .callerHungUp)
        }
    }

    @Test func `S60 two megabytes from the carrier end the call cleanly`() async throws {
        try await withService(Self.quietPlan) { rig in
            let (carrier, session) = try await rig.listeningCall()
            carrier.send(#"{"event":"media","media":{"payload":"\#(String(repeating: "A", count: 2 << 20))"}}"#)
            #expect(try await rig.ended(carrier.call).ending == .protocolViolation)
            try await eventually("the stream to be closed") { carrier.close != nil }
            #expect(carrier.close?.code == 1009)
            try await eventually("the model's session to be closed") { session.close != nil }
        }
    }
}
