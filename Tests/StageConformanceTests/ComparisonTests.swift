import AudioPipeline
import Foundation
import OpusCodec
import PlugIns
import Recording
import Testing
import VAD

@testable import StageConformance

/// Detectors side by side over recordings.
@Suite struct `Detectors over recorded calls` {
    /// Two seconds: the caller hums in the second half, the agent in the first.
    private static let hum = (0..<8_000).map { Int16(8_000 * sin(Double($0) * 0.3)) }
    private static let caller = [Int16](repeating: 0, count: 8_000) + hum
    private static let agent = hum + [Int16](repeating: 0, count: 8_000)

    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder.path)
    }
    private func scripted(_ script: String) throws -> OfflineDetectors.Stage {
        .here(try #require(Stages.detectors["scripted"]).prepare(StageOptions(["script": script])))
    }

    @Test func `reads the caller left and the agent right, at every rate, WAV and Ogg`() throws {
        try withFolder { folder in
            let both = zip(Self.caller, Self.agent).flatMap { [$0, $1] }
            let wav = folder + "/stereo.wav"
            try WAVFile(format: .init(channels: 2, sampleRateHz: 8_000), samples: both).write(path: wav)
            let stereo = try RecordedCall(wav)
            #expect(stereo.caller == Self.caller && stereo.agent == Self.agent && stereo.frames == 100)
            #expect(stereo.agentSpeaks(in: 10) && !stereo.agentSpeaks(in: 90))

            let fine = folder + "/fine.wav"
            let tripled = Self.caller.flatMap { [$0, $0, $0] }
            try WAVFile(format: .init(channels: 1, sampleRateHz: 24_000), samples: tripled).write(path: fine)
            let mono = try RecordedCall(fine)
            #expect(mono.agent == nil && mono.frames == 100)

            let ogg = folder + "/call.ogg"
            let file = try OggOpusFile(path: ogg, channels: 2, sampleRateHz: 8_000)
            try file.write(interleaved: both.span)
            try file.finish()
            let opus = try RecordedCall(ogg)
            #expect(abs(opus.frames - 100) <= 1)
            #expect(opus.agentSpeaks(in: 10) && !opus.agentSpeaks(in: 90))
            let loud = opus.caller[12_000..<12_160].map { abs(Int($0)) }.max() ?? 0
            let quiet = opus.caller[4_000..<4_160].map { abs(Int($0)) }.max() ?? 0
            #expect(loud > 4_000 && quiet < 1_000)
        }
    }

    @Test func `refuses what is no recording, by name`() throws {
        try withFolder { folder in
            try Data("hello".utf8).write(to: URL(fileURLWithPath: folder + "/a.txt"))
            try Data("hello".utf8).write(to: URL(fileURLWithPath: folder + "/a.journal"))
            let rate = folder + "/rate.wav"
            try WAVFile(format: .init(channels: 1, sampleRateHz: 11_025), samples: Self.caller).write(path: rate)
            for (name, expected) in [
                ("a.txt", "`.txt` is no recording"), ("a.journal", "journal"), ("none.wav", "none.wav"),
                ("rate.wav", "11025 Hz; 8000"),
            ] {
                #expect { _ = try RecordedCall("\(folder)/\(name)") } throws: { "\($0)".contains(expected) }
            }
        }
    }

    @Test func `counts speech, utterances, those over the agent, and agreement with the first`() throws {
        try withFolder { folder in
            let path = folder + "/stereo.wav"
            let both = zip(Self.caller, Self.agent).flatMap { [$0, $1] }
            try WAVFile(format: .init(channels: 2, sampleRateHz: 8_000), samples: both).write(path: path)
            let quiet = String(repeating: ".", count: 50), speech = String(repeating: "S", count: 50)
            var comparison = DetectorComparison(["right", "wrong", "silent"])
            let stages = try [scripted(quiet + speech), scripted(speech + quiet), scripted(".")]
            comparison.add(try RecordedCall(path), stages)
            let heard = comparison.calls[0].hearings
            #expect(comparison.calls[0].agentFrames == 50)
            #expect(heard.map(\.speechFrames) == [50, 50, 0])
            #expect(heard.map(\.utterances) == [1, 1, 0])
            #expect(heard.map(\.overAgent) == [0, 1, 0])
            #expect(heard.map(\.agreeing) == [100, 0, 50])
            #expect(heard.map(\.runs) == [[[50, 100]], [[0, 50]], []])
            comparison.add(try RecordedCall(path), stages)
            #expect(comparison.total(1).overAgent == 2 && comparison.frames == 200)
            #expect(comparison.rows.count == 9)
            let page = ComparisonPage(comparison).html
            #expect(page.contains("right") && page.contains("<svg"))
        }
    }
}
