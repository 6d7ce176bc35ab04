import CarrierPhone
import Conversation
import Testing

@testable import MediaBridge

extension ServiceRig {
    /// Waits until half a second of the agent's second turn has gone out.
    func answered(_ call: String) async throws {
        try await eventually("the answer") { witness[call].turns.count { $0.speaker == .agent } == 2 }
        let before = events("frames_out")
        try await eventually("the answer to be under way") { events("frames_out") > before + 25 }
    }

    /// The fallback voice was heard whole, and the agent's side ended the call.
    func expectFallback(_ report: CarrierPhoneReport, sourceLocation: SourceLocation = #_sourceLocation) throws {
        // A phone that gets its turn late plays silence between two frames.
        let voice = try FallbackVoice(wav: folder + "/fallback.wav").audio.filter { $0 != 0xFF }
        let heard = report.heardAudio.filter { $0 != 0xFF }
        #expect(report.outcome == .talked(endedBy: .agent), sourceLocation: sourceLocation)
        #expect(
            heard.firstRange(of: voice) != nil, "the caller heard the fallback voice, to its end",
            sourceLocation: sourceLocation)
        #expect(report.afterStream == ["Hangup"], sourceLocation: sourceLocation)
        #expect(witness[report.callSid].ending == .modelUnavailable, sourceLocation: sourceLocation)
        #expect(
            metric(#"media_bridge_calls_ended_total{reason="model_unavailable"}"#) == 1, sourceLocation: sourceLocation)
    }
}
