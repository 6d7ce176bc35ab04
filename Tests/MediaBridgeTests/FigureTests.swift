import CarrierPhone
import Configuration
import Conversation
import Foundation
import LocalAgent
import Recording
import Testing
import TurnStore

@testable import MediaBridge

/// What turns say of themselves, over real sockets, against what the carrier's side saw.
@Suite struct `Figures of a call` {
    private static let parts = ["endpointing", "request", "follow_up", "model", "queueing", "carrier", "heard"]

    @Test func `an answer's latency adds up, and the carrier's side measured the same`() async throws {
        var plan = RigPlan(.agent(SpokenScript.options(hearing: ["i'm sorry", "goodbye"])))
        plan.configure = { configuration in
            configuration.tenants[0].recordingEnabled = true
            configuration.tenants[0].recordingFormat = .wav
        }
        try await withService(plan) { rig in
            var options = rig.phoneOptions()
            // Words that end sharply, so that both sides must agree on their end.
            let samples = try Self.sharplyEnding("im-sorry")
            options.utterances = [
                PhoneUtterance(samples: samples, .afterAgentTurn(1, pauseMilliseconds: 200)),
                try SpokenScript.utterance("vm-goodbye", .afterAgentTurn(2, pauseMilliseconds: 200)),
            ]
            let report = await rig.call(options)
            let seen = try await rig.ended(report.callSid)
            try await eventually("the end to be stored") { (try? rig.stored(report.callSid))??.endReason != nil }
            let call = try #require(try rig.stored(report.callSid))
            let agent = call.turns.filter { $0.speaker == "agent" }
            #expect(agent.count == 3)
            for turn in agent {
                let latency = try #require(turn.latency)
                let sum =
                    (latency.endpointing ?? 0) + (latency.request ?? 0) + (latency.followUp ?? 0) + latency.model
                    + latency.queueing + latency.carrier
                #expect(sum == latency.heard)
                #expect(turn.heardBy == "marks")
            }
            #expect(agent.map { $0.latency?.origin } == ["callStart", "callerSpeech", "callerSpeech"])
            #expect(seen.turns.compactMap(\.latency).count == 3)

            // From the end of the caller's words to the agent's first sample, on the phone's own clock. The phone hears a
            // turn from its first loud frame on; the voice begins with a moment of silence.
            let answered = try #require(agent.dropFirst().first?.latency)
            let end = try #require(report.utterancesStarted.first ?? nil) + samples.count / 8
            let voice = try FliteVoice.render("No harm done.", sampleRateHz: 8_000)
            let silence = try #require(Self.loudFrames(voice).firstIndex(of: true)) * 20
            let heard = try #require(report.agentTurns.dropFirst().first?.startMilliseconds) - silence
            let ours = Int(answered.heard / 1_000)
            #expect(
                abs(heard - end - ours) <= 40 + report.timerLatenessMaximumMicroseconds / 1_000,
                "the phone measured \(heard - end) ms, we \(ours) ms")

            for part in Self.parts where part != "follow_up" {
                let name = "media_bridge_turn_latency_seconds_count"
                #expect(rig.metric(#"\#(name){origin="caller_speech",part="\#(part)"}"#) == 2, "\(part)")
            }
            #expect(rig.events("turns_heard_by_marks") == 3)

            // The recording has the agent's voice where the phone played it, within a frame and the way between.
            try await eventually("the recording") { !rig.witness[report.callSid].recordings.isEmpty }
            let file = try WAVFile(path: rig.witness[report.callSid].recordings[0])
            let right = stride(from: 1, to: file.samples.count, by: 2).map { file.samples[$0] }
            let left = stride(from: 0, to: file.samples.count, by: 2).map { file.samples[$0] }
            let lag = try #require(Self.offset(of: report.saidSamples, in: left))
            let agentLag = try #require(Self.offset(of: report.heardSamples, in: right))
            #expect(abs(lag - agentLag) <= 2 * 160, "the caller lies \(lag) samples in, the agent \(agentLag)")
        }
    }

    @Test func `S04 a model that pauses in the middle of an utterance makes a hole with its length and its turn`()
        async throws
    {
        try await withService(RigPlan(.scripted(.init(speech: nil)), greets: false)) { rig in
            let (carrier, session) = try await rig.listeningCall()
            session.speak(ScriptedModel.hum(milliseconds: 300), completes: false)
            try await eventually("the first audio") { carrier.heard.count >= 300 * 8 }
            try await Task.sleep(for: .milliseconds(900))
            let rest = Data(ScriptedModel.hum(milliseconds: 400)).base64EncodedString()
            let ids = #""response_id":"resp_1","item_id":"item_1","output_index":0,"content_index":0"#
            session.send(#"{"type":"response.output_audio.delta",\#(ids),"delta":"\#(rest)"}"#)
            session.send(#"{"type":"response.output_audio.done",\#(ids)}"#)
            session.send(#"{"type":"response.done","response":{"id":"resp_1","status":"completed"}}"#)
            try await eventually("the rest") { carrier.heard.count >= 700 * 8 }
            carrier.stop()
            _ = try await rig.ended(carrier.call)
            try await eventually("the end to be stored") { (try? rig.stored(carrier.call))??.endReason != nil }
            let call = try #require(try rig.stored(carrier.call))
            let hole = try #require(call.holes.first)
            #expect(call.holes.count == 1)
            #expect(hole.cause == "modelLate")
            #expect(hole.heardMilliseconds >= 500)
            #expect(hole.gapMilliseconds >= hole.heardMilliseconds)
            let turn = try #require(call.turns.first { $0.speaker == "agent" })
            #expect(hole.turn == turn.index)
            #expect(turn.holes == 1 && turn.holeMilliseconds == hole.heardMilliseconds)
            #expect(rig.events("holes_model_late") == 1)
            #expect(rig.metric(#"media_bridge_hole_seconds_count{cause="model_late"}"#) == 1)
        }
    }

    /// A recorded prompt up to its last loud frame.
    private static func sharplyEnding(_ name: String) throws -> [Int16] {
        let samples = try WAVFile(path: "/usr/share/asterisk/sounds/en_US_f_Allison/\(name).wav").samples
        let last = loudFrames(samples, level: 1_000).lastIndex(of: true) ?? 0
        return Array(samples.prefix((last + 1) * 160))
    }

    /// Frames of 20 ms that hold more than the noise of a line.
    private static func loudFrames(_ samples: [Int16], level: Int = 250) -> [Bool] {
        stride(from: 0, to: samples.count - 159, by: 160).map { start in
            let energy = samples[start..<start + 160].reduce(0) { $0 + Int($1) * Int($1) }
            return energy > level * level * 160
        }
    }

    /// Where `sound` begins in `recording`: the shift, in samples, at which their loudness agrees best.
    private static func offset(of sound: [Int16], in recording: [Int16]) -> Int? {
        let step = 40
        func level(_ samples: [Int16]) -> [Double] {
            stride(from: 0, to: max(0, samples.count - step), by: step).map { start in
                Double(samples[start..<start + step].reduce(0) { $0 + abs(Int($1)) })
            }
        }
        let (one, other) = (level(sound), level(recording))
        guard one.count > 200, other.count > 200 else { return nil }
        var best = (score: -1.0, shift: 0)
        for shift in -200...400 {
            var score = 0.0
            for index in one.indices where other.indices.contains(index + shift) {
                score += one[index] * other[index + shift]
            }
            if score > best.score { best = (score, shift) }
        }
        return best.shift * step
    }
}
