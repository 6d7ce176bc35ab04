import CarrierPhone
import Configuration
import Conversation
import Foundation
import Recording
import Testing
import Transport

@testable import MediaBridge

/// What becomes of the caller's audio between the carrier's socket and the model's.
@Suite struct `Hearing the caller` {
    /// The caller is heard in full, and the agent keeps quiet.
    private static let quietPlan = RigPlan(.scripted(.init(speech: nil)), greets: false)

    private static func frames(_ numbers: some Sequence<Int>) -> [UInt8] { numbers.flatMap { CallerSound.quiet($0) } }

    @Test func `S11 frames in bursts of three, then 60 ms of nothing, are all forwarded in order`() async throws {
        try await withService(Self.quietPlan) { rig in
            let (carrier, session) = try await rig.listeningCall()
            for burst in 0..<10 {
                for frame in burst * 3..<burst * 3 + 3 { carrier.media(CallerSound.quiet(frame), at: frame * 20) }
                try await Task.sleep(for: .milliseconds(60))
            }
            try await eventually("30 frames at the model") { session.audio.count >= 30 * 160 }
            #expect(session.audio == Self.frames(0..<30))
            #expect(rig.events("lost_by_carrier") == 0)
            carrier.stop()
            let seen = try await rig.ended(carrier.call)
            #expect(seen.samples("callerForwarded") == 30 * 160)
        }
    }

    @Test func `S12 a jump of the carrier's timestamps counts as lost frames, and the recording keeps its time`()
        async throws
    {
        var plan = Self.quietPlan
        plan.configure = { configuration in
            configuration.tenants[0].recordingEnabled = true
            configuration.tenants[0].recordingFormat = .wav
        }
        try await withService(plan) { rig in
            let (carrier, session) = try await rig.listeningCall()
            let loud = CarrierSamples.speech
            carrier.media(loud, at: 0)
            carrier.media(loud, at: 20)
            carrier.media(loud, at: 240)
            try await eventually("3 frames at the model") { session.audio.count >= 3 * 160 }
            #expect(session.audio == loud + loud + loud)
            #expect(rig.events("lost_by_carrier") == 10)
            carrier.stop()
            _ = try await rig.ended(carrier.call)
            try await eventually("the recording") { !rig.witness[carrier.call].recordings.isEmpty }
            let file = try WAVFile(path: rig.witness[carrier.call].recordings[0])
            let caller = stride(from: 0, to: file.samples.count, by: 2).map { abs(Int(file.samples[$0])) }
            let sounding = caller.indices.filter { caller[$0] > 1_000 }
            guard let first = sounding.first, let last = sounding.last else {
                Issue.record("nothing of the caller was recorded")
                return
            }
            // 40 ms of sound, 200 ms that never came, 20 ms of sound; the tone itself has quiet samples.
            #expect(abs(last - first - 260 * 8) <= 8)
            #expect(!sounding.contains { $0 > first + 42 * 8 && $0 < first + 238 * 8 })
        }
    }

    @Test func `S13 quiet speech reaches the model untouched`() async throws {
        try await withService(Self.quietPlan) { rig in
            let (carrier, session) = try await rig.listeningCall()
            let said = Self.frames(0..<50)
            #expect(CallerSound.level(said) < 100)
            for frame in 0..<50 { carrier.media(CallerSound.quiet(frame), at: frame * 20) }
            try await eventually("50 frames at the model") { session.audio.count >= said.count }
            #expect(session.audio == said)
            carrier.hangUp()
        }
    }

    @Test func `S14 audio from before the session is ready follows it, the newest five seconds`() async throws {
        try await withService(RigPlan(.scripted(.init(echo: .never, speech: nil)), greets: false)) { rig in
            let (carrier, session) = try await rig.listeningCall()
            var frame = 0
            while frame < 300 {
                for _ in 0..<50 {
                    carrier.media(CallerSound.quiet(frame), at: frame * 20)
                    frame += 1
                }
                try await eventually("\(frame) frames to be heard") { rig.events("frames_in") == frame }
            }
            #expect(session.audio.isEmpty)
            session.confirm()
            try await eventually("what was kept") { session.audio.count >= 256 * 160 }
            carrier.media(CallerSound.quiet(300), at: 300 * 20)
            try await eventually("what came later") { session.audio.count >= 257 * 160 }
            #expect(session.audio == Self.frames(44...300))
            carrier.stop()
            let seen = try await rig.ended(carrier.call)
            #expect(seen.samples("callerStale") == 44 * 160)
            #expect(seen.samples("callerForwarded") == 257 * 160)
        }
    }

    @Test func `S15 our own voice on the outbound track is never fed back to the model`() async throws {
        try await withService(Self.quietPlan) { rig in
            let (carrier, session) = try await rig.listeningCall()
            for frame in 0..<20 {
                carrier.media(CallerSound.quiet(frame), at: frame * 20)
                carrier.media(
                    CarrierSamples.speech, at: frame * 20, track: frame % 2 == 0 ? "outbound" : "outbound_track")
            }
            try await eventually("20 frames at the model") { session.audio.count >= 20 * 160 }
            // A last frame, so that whatever stood before it has been through.
            carrier.media(CallerSound.quiet(20), at: 400)
            try await eventually("the last frame") { session.audio.count >= 21 * 160 }
            #expect(session.audio == Self.frames(0...20))
            #expect(rig.events("outbound_track") == 20)
            carrier.hangUp()
        }
    }

    @Test func `S16 duplicate, missing and out-of-order messages are counted and replay nothing`() async throws {
        try await withService(Self.quietPlan) { rig in
            let (carrier, session) = try await rig.listeningCall()
            // The start was number 1.
            for (number, frame) in [(2, 0), (3, 1), (3, 1), (4, 2), (2, 0), (7, 3), (8, 4)] {
                carrier.media(CallerSound.quiet(frame), at: frame * 20, number: number)
            }
            carrier.media(CallerSound.quiet(5), at: 100, number: 9)
            try await eventually("6 frames at the model") { session.audio.count >= 6 * 160 }
            #expect(session.audio == Self.frames(0...5))
            #expect(rig.events("duplicated") == 2)
            carrier.hangUp()
            _ = try await rig.ended(carrier.call)
            #expect(rig.events("messages_missing") == 2)
            #expect(rig.witness[carrier.call].samples("callerReceived") == 6 * 160)
        }
    }

    @Test func `S17 ten unknown kinds of event are ignored and counted once each`() async throws {
        try await withService(Self.quietPlan) { rig in
            let (carrier, session) = try await rig.listeningCall()
            for _ in 0..<3 {
                for kind in 0..<10 { carrier.send(#"{"event":"novelty-\#(kind)","sequenceNumber":"1"}"#) }
            }
            for kind in 0..<10 { session.send(#"{"type":"novelty.\#(kind)","event_id":"e"}"#) }
            carrier.media(CallerSound.quiet(1), at: 0)
            try await eventually("the frame behind them") { session.audio.count >= 160 }
            try await eventually("the model's kinds") { rig.events("model_unknown") == 10 }
            #expect(rig.events("carrier_unknown") == 10)
            #expect(rig.events("carrier_malformed") == 0)
            carrier.hangUp()
        }
    }
}
