import Configuration
import Foundation
import Logging
import Testing

@testable import MediaBridge

/// docs/LOGGING_POLICY.md, over whole calls.
@Suite struct `Logging policy` {
    /// The budget of an ordinary call, at info.
    private static let budget = 10

    @Test func `S72 an ordinary call writes at most ten lines, each with its id, and none of them is a frame's`()
        async throws
    {
        let lines = LogLines()
        var plan = RigPlan(.scripted(.init(speech: ScriptedModel.hum(milliseconds: 600))))
        plan.logger = Logger(label: "rig") { _ in lines.handler }
        plan.configure = { $0.tenants[0].recordingEnabled = true }
        try await withService(plan) { rig in
            let (carrier, session) = try await rig.listeningCall()
            try await eventually("the greeting to be a turn") { rig.witness[carrier.call].turns.count == 1 }
            for frame in 0..<100 { carrier.media(CallerSound.quiet(frame), at: frame * 20) }
            session.speak(ScriptedModel.hum(milliseconds: 300), text: "The words of this sentence stay here.")
            try await eventually("a hundred frames at the model") { session.audio.count >= 100 * 160 }
            carrier.stop()
            let seen = try await rig.ended(carrier.call)
            try await eventually("the last line") { lines.text.contains("call ended") }

            Self.check(lines.text, call: carrier.call, frames: seen.samples("callerReceived") / 160)
        }
    }

    private static func check(_ text: String, call: String, frames: Int) {
        let all = text.split(separator: "\n").map(String.init)
        let mark = "\"call\": " + call
        let own = all.filter { $0.contains(mark) }
        #expect(own.count >= 2 && own.count <= budget, "\(all)")
        #expect(own.filter { $0.hasPrefix("call ended ") }.count == 1)
        // Whatever is written of a call says whose.
        let strangers = all.filter { $0.hasPrefix("call ") && !$0.contains("\"call\": ") }
        #expect(strangers.isEmpty)
        #expect(all.count < frames / 4, "far fewer lines than frames")
        for secret in ["The words of this sentence", "15005550006", "15005550001", ServiceRig.apiKey] {
            #expect(!text.contains(secret))
        }
    }
}
