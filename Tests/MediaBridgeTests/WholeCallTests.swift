import CarrierPhone
import Configuration
import Conversation
import Foundation
import LocalAgent
import Recording
import Testing
import Transport
import TurnStore

@testable import MediaBridge

/// Calls from the first ring to the hang-up: the test phone, the service, the local agent, and nothing made up but ears.
@Suite struct `Whole calls` {
    struct Line: Sendable, CustomStringConvertible {
        var format: ModelConfiguration.AudioFormat
        var isSecure = false
        var description: String { format.rawValue + (isSecure ? " over TLS" : "") }
    }

    // One after the other: each is a whole conversation in real time, and all at once would starve each other.
    @Test(
        .serialized,
        arguments: [
            Line(format: .pcmu), Line(format: .pcma), Line(format: .pcm24), Line(format: .pcmu, isSecure: true),
            Line(format: .pcm24, isSecure: true),
        ])
    func `a greeting, an answer that is interrupted, a goodbye, and the hang-up after its last word`(
        line: Line
    ) async throws {
        var plan = RigPlan(.agent(SpokenScript.options(hearing: ["hello world", "i'm sorry", "goodbye"])))
        plan.isSecure = line.isSecure
        plan.configure = { configuration in
            configuration.model.audioFormat = line.format
            configuration.tenants[0].recordingEnabled = true
            configuration.tenants[0].recordingFormat = .both
        }
        try await withService(plan) { rig in
            var options = rig.phoneOptions()
            options.statusCallback = rig.origin + "/twilio/status"
            options.statusEvents = [.initiated, .ringing, .answered, .completed]
            options.utterances = [
                try SpokenScript.utterance("hello-world", .afterAgentTurn(1, pauseMilliseconds: 200)),
                try SpokenScript.utterance("im-sorry", .intoAgentTurn(2, milliseconds: 1_500)),
                try SpokenScript.utterance("vm-goodbye", .afterAgentTurn(3, pauseMilliseconds: 200)),
            ]
            let report = await rig.call(options)
            let seen = try await rig.ended(report.callSid)

            #expect(report.outcome == .talked(endedBy: .agent))
            #expect(report.afterStream == ["Hangup"])
            #expect(report.refusedMessages == 0, "\(report.firstRefusal ?? "")")
            #expect(report.statusCallbacks.allSatisfy { $0.httpStatus == 204 })
            #expect(seen.ending == .agentSaidGoodbye)
            #expect(report.clears.count == 1)
            #expect(report.bytesOverflowed == 0)
            // R5: the goodbye was played to its end before the stream was closed.
            #expect(report.marksOutstanding == 0)
            #expect(report.agentTurns.last?.endMilliseconds != nil || report.bytesPlayed > 0)

            try await eventually("the end to be stored") { (try? rig.stored(report.callSid))??.endReason != nil }
            let call = try #require(try rig.stored(report.callSid))
            #expect(call.endReason == "agentSaidGoodbye")
            #expect(call.tenant == "demo")
            #expect(call.stream == report.streamSid)
            #expect(call.promptHash?.isEmpty == false)
            let caller = call.turns.filter { $0.speaker == "caller" }
            let agent = call.turns.filter { $0.speaker == "agent" }
            #expect(call.turns.first?.speaker == "agent")
            #expect(caller.map(\.text) == ["hello world", "i'm sorry", "goodbye"])
            #expect(agent.count == 4)
            let interrupted = agent.filter { $0.interruptedAtMilliseconds != nil }
            #expect(interrupted.count == 1)
            #expect(interrupted.first?.text.count ?? 0 < interrupted.first?.plannedText.count ?? 0)
            #expect(agent.last?.text.lowercased().contains("goodbye") == true)
            #expect(call.frameCounts["callerReceived"] ?? 0 > 5 * 8_000)

            try await expectBothVoices(rig, report.callSid)
            let check = try Command.run("promtool", ["check", "metrics"], input: rig.service.metricsText)
            #expect(check.status == 0, "\(check.output)")
            #expect(rig.metric(#"media_bridge_calls_ended_total{reason="agent_said_goodbye"}"#) == 1)
        }
    }

    /// Both formats exist, are as long as the call, and hold the caller left and the agent right.
    private func expectBothVoices(_ rig: ServiceRig, _ call: String) async throws {
        try await eventually("the recordings") { rig.witness[call].recordings.count == 2 }
        let paths = rig.witness[call].recordings
        #expect(rig.witness[call].recordingFailure == nil)
        try await eventually("the recordings in the store") { (try? rig.stored(call))??.recordings.count == 2 }
        let wav = try WAVFile(path: try #require(paths.first { $0.hasSuffix(".wav") }))
        #expect(wav.format.channels == 2)
        for side in 0..<2 {
            let peak = stride(from: side, to: wav.samples.count, by: 2).reduce(0) { max($0, abs(Int(wav.samples[$1]))) }
            #expect(peak > 1_000, "\(side == 0 ? "caller" : "agent")")
        }
        let opus = try #require(paths.first { $0.hasSuffix(".opus") })
        let decoded = rig.folder + "/decoded.wav"
        #expect(try Command.run("opusdec", ["--quiet", "--rate", "8000", opus, decoded]).status == 0)
        let again = try WAVFile(path: decoded)
        #expect(again.format.channels == 2)
        #expect(abs(again.samples.count - wav.samples.count) < 8_000)
        for side in 0..<2 {
            let peak = stride(from: side, to: again.samples.count, by: 2)
                .reduce(0) { max($0, abs(Int(again.samples[$1]))) }
            #expect(peak > 1_000, "\(side == 0 ? "caller" : "agent") in Opus")
        }
    }

    @Test func `two calls at once keep their own words, turns and books`() async throws {
        try await withService(RigPlan(.scripted(.init(speech: nil)), greets: false)) { rig in
            let carriers = [try await rig.startedCall(), try await rig.startedCall()]
            _ = try await rig.session(1)
            for frame in 0..<20 {
                for (number, carrier) in carriers.enumerated() {
                    carrier.media(CallerSound.quiet(100 * number + frame), at: frame * 20)
                }
            }
            let sessions = rig.model!.sessions
            try await eventually("both calls' frames") { sessions.allSatisfy { $0.audio.count >= 20 * 160 } }
            let expected = (0..<2).map { number in (0..<20).flatMap { CallerSound.quiet(100 * number + $0) } }
            #expect(Set(sessions.map(\.audio)) == Set(expected))
            for carrier in carriers { carrier.stop() }
        }
    }
}
