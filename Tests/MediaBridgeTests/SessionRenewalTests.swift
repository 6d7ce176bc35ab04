import CarrierPhone
import Configuration
import Conversation
import Testing
import Transport
import TurnStore

@testable import MediaBridge

/// Sessions that follow each other, over real sockets.
@Suite struct `Sessions of a call` {
    @Test func `S57 the caller's audio goes on without a gap from one session to the next`() async throws {
        var plan = RigPlan(.scripted(.init(speech: nil)), greets: false)
        plan.policy = {
            $0.renewalMilliseconds = 1_500
            $0.silenceMilliseconds = 600_000
        }
        try await withService(plan) { rig in
            let (carrier, first) = try await rig.listeningCall()
            let frames = (0..<60).map { CallerSound.quiet($0) }
            for number in 0..<30 { carrier.media(frames[number], at: number * 20) }
            try await eventually("the first half") { first.audio.count == 30 * 160 }
            try await eventually("the session to be renewed") {
                rig.witness[carrier.call].notes[.sessionRenewed] ?? 0 > 0
            }
            let second = try await rig.session(1)
            for number in 30..<60 { carrier.media(frames[number], at: number * 20) }
            let end = frames[30..<60].flatMap(\.self)
            try await eventually("the second half") { second.audio.suffix(end.count) == end[...] }
            // The newest half second was said to both: a word may have begun in it.
            #expect(second.audio == frames[5..<60].flatMap(\.self))
            #expect(first.audio == frames[0..<30].flatMap(\.self))
            try await eventually("the old session to be closed") { first.close != nil }
            #expect(first.close?.code == 1000)
            #expect(rig.witness[carrier.call].notes[.modelLost] == nil)
            // One session.update each, and the same bytes.
            #expect(first.count("session.update") == 1)
            #expect(second.count("session.update") == 1)
            let updates = [first, second].map { $0.messages.first { $0.type == "session.update" }?.text }
            #expect(updates[0] == updates[1])
            #expect(second.count("response.create") == 0, "R4 nobody is greeted again")
            carrier.hangUp()
            let seen = try await rig.ended(carrier.call)
            #expect(seen.samples("callerForwarded") == 60 * 160, "the repeated frames are not forwarded twice (R1)")
        }
    }

    @Test func `S57 a session that says when it expires is renewed before, and what was said is told`() async throws {
        var plan = RigPlan(.scripted(.init(expiresInSeconds: 4)))
        plan.policy = { $0.silenceMilliseconds = 600_000 }
        try await withService(plan) { rig in
            let carrier = try await rig.startedCall()
            let second = try await rig.session(1)
            try await eventually("the session to be renewed") {
                rig.witness[carrier.call].notes[.sessionRenewed] ?? 0 > 0
            }
            try await eventually("the greeting to be told") { second.count("conversation.item.create") > 0 }
            let item = second.messages.first { $0.type == "conversation.item.create" }?.text ?? ""
            #expect(item.contains(#""role":"assistant""#) && item.contains("Hm."))
            #expect(second.count("response.create") == 0)
            carrier.hangUp()
            _ = try await rig.ended(carrier.call)
        }
    }

    @Test func `S58 the first address refuses, the second answers, and the operator sees which and why`() async throws {
        let spare = try ScriptedModel(.init())
        defer { spare.stop() }
        let url = spare.url
        var plan = RigPlan(.scripted(.init(refusal: 401)))
        plan.configure = { $0.model.fallbacks = [ModelAddress(url: url, model: "spare", apiKey: Secret("sk-spare"))] }
        try await withService(plan) { rig in
            var options = rig.phoneOptions()
            options.hangUp = [.after(milliseconds: 2_500)]
            let report = await rig.call(options)
            #expect(report.agentTurns.count >= 1, "the greeting was heard")
            #expect(rig.model?.attempts == 1)
            #expect(spare.sessions.count == 1)
            #expect(rig.metric(#"media_bridge_model_route_failures_total{route="0",cause="refused"}"#) == 1)
            #expect(rig.witness[report.callSid].notes[.modelRouteChanged] == 1)
            #expect(rig.witness[report.callSid].notes[.fallbackSpoken] == nil)
        }
    }

    @Test func `S51 what the model reports is stored with the call, priced and counted`() async throws {
        var plan = RigPlan(.scripted(.init(speech: nil)), greets: false)
        plan.configure = { $0.model.prices.table[.outputAudio] = 64_000_000 }
        try await withService(plan) { rig in
            let (carrier, session) = try await rig.listeningCall()
            session.send(
                """
                {"type":"response.done","response":{"id":"resp_0","status":"cancelled","usage":{"input_tokens":300,\
                "output_tokens":200,"output_token_details":{"audio_tokens":200}}}}
                """)
            try await eventually("it to be counted") {
                rig.metric(#"media_bridge_model_usage_total{kind="output_audio"}"#) == 200
            }
            #expect(rig.metric("media_bridge_model_cost_micros_total") == 12_800)
            carrier.hangUp()
            _ = try await rig.ended(carrier.call)
            try await eventually("it to be stored") { (try? rig.stored(carrier.call))?.endedAtUnixMilliseconds != nil }
            let stored = try rig.stored(carrier.call)?.usage
            #expect(stored?.costMicros == Int64(12_800))
            #expect(stored?.currency == "USD")
            #expect(stored?.counts["inputText"] == Int64(300))
            #expect(stored?.sessions == 1)
        }
    }
}
