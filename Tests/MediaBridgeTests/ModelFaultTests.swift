import CarrierPhone
import Configuration
import Conversation
import FaultProxy
import Foundation
import LocalAgent
import Testing
import Transport
import TurnStore

@testable import MediaBridge

/// S56: the local agent behind a network that fails, and a caller with recorded speech who must not mind.
@Suite struct `A network that loses the model` {
    enum Moment: String, CaseIterable, Sendable { case midReply, midCallerTurn, idle }
    struct Loss: Sendable, CustomStringConvertible {
        var moment: Moment
        var cut: FaultProxy.Cut
        var description: String { "\(moment.rawValue), \(cut)" }
    }

    /// A conversation of three utterances; the socket is lost once.
    @Test(arguments: [
        Loss(moment: .midReply, cut: .rst), Loss(moment: .midReply, cut: .fin),
        Loss(moment: .midCallerTurn, cut: .rst), Loss(moment: .idle, cut: .fin),
    ])
    func `S56 the conversation goes on to its goodbye, without a second greeting`(loss: Loss) async throws {
        let proxy = try FaultProxy()
        defer { proxy.stop() }
        var plan = RigPlan(.agent(SpokenScript.options(hearing: ["hello world", "i'm sorry", "goodbye"])))
        plan.modelProxy = proxy
        try await withService(plan) { rig in
            var options = rig.phoneOptions()
            options.utterances = [
                // Long enough to be cut in the middle.
                try SpokenScript.utterance("tt-weasels", .afterAgentTurn(1, pauseMilliseconds: 200)),
                try SpokenScript.utterance("im-sorry", .afterAgentTurn(2, pauseMilliseconds: 600)),
                try SpokenScript.utterance("vm-goodbye", .afterAgentTurn(3, pauseMilliseconds: 200)),
            ]
            let caller = options
            async let call = rig.call(caller)
            switch loss.moment {
            case .midReply:
                try await rig.answered(caller.callSid)
            case .midCallerTurn:
                try await eventually("the greeting to be heard") {
                    rig.witness[caller.callSid].turns.first?.endedAt != nil
                }
                let before = rig.events("frames_in")
                // The silence before the words, and a second of them.
                try await eventually("the caller to be speaking") { rig.events("frames_in") > before + 75 }
            case .idle:
                try await eventually("the answer to be over") {
                    let agent = rig.witness[caller.callSid].turns.filter { $0.speaker == .agent }
                    return agent.count == 2 && agent[1].endedAt != nil
                }
            }
            proxy.cut(loss.cut)
            let report = await call
            let seen = try await rig.ended(report.callSid)

            #expect(proxy.connections == 2)
            #expect(seen.notes[.modelLost] == 1)
            #expect(seen.notes[.modelReconnected] == 1)
            #expect(report.outcome == .talked(endedBy: .agent))
            #expect(seen.ending == .agentSaidGoodbye, "the tools were kept")
            #expect(report.marksOutstanding == 0)
            let agent = seen.turns.filter { $0.speaker == .agent }
            #expect(agent.count { $0.plannedText.contains("Good morning") } <= 1)
            #expect(agent.count { $0.plannedText.contains(ServiceRig.greeting) } <= 1)
            let words = seen.turns.filter { $0.speaker == .caller }.map(\.text)
            #expect(words == ["hello world", "i'm sorry", "goodbye"], "nothing the caller said was lost")
            #expect(agent.contains { $0.plannedText == "No harm done." })
        }
    }

    @Test func `S56 the new session is told in text what was said, and has the same tools`() async throws {
        let proxy = try FaultProxy()
        defer { proxy.stop() }
        var plan = RigPlan(.scripted(.init(speech: ScriptedModel.hum(milliseconds: 200))))
        plan.modelProxy = proxy
        plan.policy = { $0.reconnectMilliseconds = 20 }
        try await withService(plan) { rig in
            let (carrier, first) = try await rig.listeningCall()
            try await eventually("the greeting to be heard") {
                rig.witness[carrier.call].turns.first?.endedAt != nil
            }
            first.send(#"{"type":"input_audio_buffer.speech_started","item_id":"item_c","audio_start_ms":0}"#)
            first.send(#"{"type":"input_audio_buffer.speech_stopped","item_id":"item_c","audio_end_ms":400}"#)
            first.send(#"{"type":"input_audio_buffer.committed","item_id":"item_c","previous_item_id":null}"#)
            first.send(
                """
                {"type":"conversation.item.input_audio_transcription.completed","item_id":"item_c","content_index":0,\
                "transcript":"a question about invoices"}
                """)
            try await eventually("the answer to be heard") {
                let turns = rig.witness[carrier.call].turns
                return turns.count { $0.speaker == .agent && $0.endedAt != nil } == 2
            }
            proxy.set(.toServer) { ($0.delayMilliseconds, $0.jitterMilliseconds) = (20, 20) }
            proxy.cut(.rst)
            // What was on its way to the old session is lost with it.
            try await eventually("the loss to be noticed") { rig.witness[carrier.call].notes[.modelLost] == 1 }
            carrier.media(CallerSound.quiet(1), at: 0)
            carrier.media(CallerSound.quiet(2), at: 20)
            let second = try await rig.session(1)
            try await eventually("the caller's audio from before") { second.audio.count >= 320 }
            #expect(second.audio == CallerSound.quiet(1) + CallerSound.quiet(2))
            let told = second.messages.filter { $0.type == "conversation.item.create" }.map(\.text)
            #expect(told.contains { $0.contains("a question about invoices") && $0.contains("\"user\"") })
            #expect(told.contains { $0.contains("Hm.") && $0.contains("\"assistant\"") })
            #expect(!told.contains { $0.contains("input_audio") }, "as text")
            let orders = [first, second].map { session in
                session.messages.first { $0.type == "session.update" }.map { Self.tools($0.text) }
            }
            #expect(orders[0] != nil && orders[0] == orders[1])
            #expect(second.count("response.create") == 0, "nothing is owed: no second greeting")
            carrier.stop()
            #expect(try await rig.ended(carrier.call).ending == .callerHungUp)
        }
    }

    private static func tools(_ update: String) -> String {
        let object = try? JSONSerialization.jsonObject(with: Data(update.utf8)) as? [String: Any]
        let tools = (object?["session"] as? [String: Any])?["tools"] as? [Any] ?? []
        let data = try? JSONSerialization.data(withJSONObject: tools, options: .sortedKeys)
        return String(decoding: data ?? Data(), as: UTF8.self)
    }

    @Test func `S56 a model whose connection is half open is found out and replaced`() async throws {
        let proxy = try FaultProxy()
        defer { proxy.stop() }
        var plan = RigPlan(.scripted(.init(speech: nil)), greets: false)
        plan.modelProxy = proxy
        try await withService(plan) { rig in
            let (carrier, _) = try await rig.listeningCall()
            proxy.abandon()
            let fell = ContinuousClock.now
            var frame = 0
            while (rig.model?.sessions.count ?? 0) < 2, ContinuousClock.now - fell < .seconds(30) {
                carrier.media(CallerSound.quiet(frame), at: frame * 20)
                frame += 1
                try await Task.sleep(for: .milliseconds(100))
            }
            let found = ContinuousClock.now - fell
            #expect(found < .seconds(20), "twice the ping interval, and what a busy machine adds")
            let second = try await rig.session(1)
            carrier.media(CallerSound.quiet(9_999), at: frame * 20)
            try await eventually("the caller to be heard again") {
                second.audio.suffix(160) == CallerSound.quiet(9_999)
            }
            #expect(rig.witness[carrier.call].notes[.modelReconnected] == 1)
            carrier.stop()
            #expect(try await rig.ended(carrier.call).ending == .callerHungUp)
        }
    }

    @Test func `S32 what a cancelled answer still sends for half a second is dropped, and the next is untouched`()
        async throws
    {
        let proxy = try FaultProxy()
        defer { proxy.stop() }
        var agent = SpokenScript.options(hearing: ["hello world", "i'm sorry", "goodbye"])
        // Slow enough to be still sending when it is interrupted.
        agent.paceFactor = 1.2
        agent.deltaMilliseconds = 40
        var plan = RigPlan(.agent(agent))
        plan.modelProxy = proxy
        proxy.set(.toClient) { $0.delayMilliseconds = 500 }
        try await withService(plan) { rig in
            var options = rig.phoneOptions()
            options.utterances = [
                try SpokenScript.utterance("hello-world", .afterAgentTurn(1, pauseMilliseconds: 200)),
                try SpokenScript.utterance("im-sorry", .intoAgentTurn(2, milliseconds: 1_500)),
                try SpokenScript.utterance("vm-goodbye", .afterAgentTurn(3, pauseMilliseconds: 200)),
            ]
            let report = await rig.call(options)
            let seen = try await rig.ended(report.callSid)
            #expect(seen.ending == .agentSaidGoodbye)
            #expect(report.clears.count == 1)
            #expect(rig.events("samples_cancelled") >= 200 * 8, "half a second of it was on its way")
            let agent = seen.turns.filter { $0.speaker == .agent }
            #expect(agent.count == 4)
            #expect(agent.count { $0.interruptedAt != nil } == 1)
            #expect(agent.dropFirst(2).first?.text == "No harm done.")
            #expect(agent.dropFirst(2).first?.interruptedAt == nil)
        }
    }

    @Test(arguments: [60, 200, 800, 3_000])
    func `S04 a model that pauses inside a reply makes one hole, with its cause and length`(
        milliseconds: Int
    ) async throws {
        let proxy = try FaultProxy()
        defer { proxy.stop() }
        var plan = RigPlan(.scripted(.init(speech: nil)), greets: false)
        plan.modelProxy = proxy
        try await withService(plan) { rig in
            let (carrier, session) = try await rig.listeningCall()
            // Each of its frames is like no other.
            let speech = (0..<60).flatMap { CallerSound.quiet($0) }
            session.begin(Array(speech[..<(40 * 160)]))
            try await eventually("the first part to be sent on") { carrier.heard.count >= 40 * 160 }
            proxy.set(.toClient) { $0.isHeld = true }
            session.goOn(Array(speech[(40 * 160)...]))
            let held = ContinuousClock.now
            try await Task.sleep(for: .milliseconds(milliseconds))
            proxy.heal()
            try await eventually("the rest") { carrier.heard.count >= speech.count }
            // With the time that the rest takes to play.
            let pause = Int((ContinuousClock.now - held) / .milliseconds(1))
            #expect(carrier.heard == speech, "nothing lost, doubled or put between")
            carrier.stop()
            _ = try await rig.ended(carrier.call)
            try await eventually("the end to be stored") { (try? rig.stored(carrier.call))??.endReason != nil }
            // A busy machine makes holes of its own, with their own name.
            let holes = try #require(try rig.stored(carrier.call)).holes.filter { $0.cause == "modelLate" }
            #expect(rig.events("send_gap_milliseconds") >= milliseconds - 20)
            // The carrier's buffer, the lead, is for pauses as short as the first.
            guard milliseconds > 100 else { return }
            #expect(holes.count == 1)
            let length = Int(holes.first?.gapMilliseconds ?? -1)
            #expect(length >= milliseconds - 20 && length <= pause, "\(length) ms of \(pause)")
            #expect(rig.events("holes_model_late") == 1)
        }
    }
}
