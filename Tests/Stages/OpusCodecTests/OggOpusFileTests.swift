import Foundation
import OpusCodec
import Testing

@Suite struct `Ogg Opus file` {
    @Test func `a stereo recording at 8 kHz passes opusinfo and decodes to the two voices`() throws {
        let path = NSTemporaryDirectory() + "media-bridge-\(UUID().uuidString).opus"
        let raw = path + ".raw"
        defer {
            try? FileManager.default.removeItem(atPath: path)
            try? FileManager.default.removeItem(atPath: raw)
        }
        let left = Voice.samples(rateHz: 8_000, seconds: 3),
            right = Voice.samples(rateHz: 8_000, seconds: 3, semitones: 9)
        let file = try OggOpusFile(
            path: path, channels: 2, sampleRateHz: 8_000, comments: [("TITLE", "a call"), ("CALL", "CA1")])
        let interleaved = zip(left, right).flatMap { [$0, $1] }
        for start in stride(from: 0, to: interleaved.count, by: 320) {
            try file.write(interleaved: interleaved.span.extracting(start..<min(start + 320, interleaved.count)))
        }
        try file.finish()
        try file.finish()  // Once is enough, twice does no harm.

        let info = try Self.run("opusinfo", path)
        #expect(info.status == 0, "\(info.output)")
        #expect(!info.output.lowercased().contains("warning"), "\(info.output)")
        #expect(info.output.contains("Channels: 2") && info.output.contains("TITLE=a call"), "\(info.output)")
        #expect(info.output.contains("0m:03.") || info.output.contains("0m:02.99"), "\(info.output)")

        let decoded = try Self.run("opusdec", "--quiet", "--rate", "8000", "--no-dither", path, raw)
        #expect(decoded.status == 0, "\(decoded.output)")
        let bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: raw)))
        let samples = stride(from: 0, to: bytes.count - 1, by: 2).map {
            Int16(bitPattern: UInt16(bytes[$0]) | UInt16(bytes[$0 + 1]) << 8)
        }
        let heardLeft = stride(from: 0, to: samples.count, by: 2).map { samples[$0] }
        let heardRight = stride(from: 1, to: samples.count, by: 2).map { samples[$0] }
        #expect(abs(heardLeft.count - left.count) <= 80)
        // The file carries its pre-skip, so both voices lie where they were put.
        let foundLeft = Voice.alignment(left, heardLeft, upTo: 24),
            foundRight = Voice.alignment(right, heardRight, upTo: 24)
        #expect(foundLeft.likeness > 0.9 && foundLeft.shift <= 8, "\(foundLeft)")
        #expect(foundRight.likeness > 0.9 && foundRight.shift <= 8, "\(foundRight)")
        #expect(Voice.alignment(left, heardRight, upTo: 24).likeness < 0.5)
    }

    @Test func `a file that nobody finished is playable so far`() throws {
        let path = NSTemporaryDirectory() + "media-bridge-\(UUID().uuidString).opus"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let voice = Voice.samples(rateHz: 8_000, seconds: 4)
        let file = try OggOpusFile(path: path, channels: 1, sampleRateHz: 8_000)
        for start in stride(from: 0, to: voice.count, by: 160) {
            try file.write(interleaved: voice.span.extracting(start..<start + 160))
        }
        // Looked at while it is still open: what a killed process leaves.
        let info = try Self.run("opusinfo", path)
        #expect(info.output.contains("Channels: 1"), "\(info.output)")
        #expect(
            info.output.contains("0m:02.") || info.output.contains("0m:03."),
            Comment(rawValue: String(info.output.suffix(400))))
        try file.finish()
        #expect(try Self.run("opusinfo", path).output.contains("0m:04."))
    }

    @Test func `says why a file cannot be made`() {
        do {
            _ = try OggOpusFile(path: "/no/such/place.opus", channels: 2, sampleRateHz: 8_000)
            Issue.record("made a file in no directory")
        } catch {
            #expect(error.code == .file && error.message.contains("/no/such/place.opus"))
        }
        do {
            _ = try OggOpusFile(path: "/tmp/never.opus", channels: 3, sampleRateHz: 8_000)
            Issue.record("three channels were accepted")
        } catch {
            #expect(error.message == "/tmp/never.opus: 3 channels, 1 or 2 was expected")
        }
    }

    private static func run(_ arguments: String...) throws -> (status: Int32, output: String) {
        let process = Process(), pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = arguments
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, output)
    }
}
