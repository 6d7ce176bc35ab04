import Configuration
import Foundation
import PlugIns
import Testing

@testable import MediaBridge

/// The example in C, compiled here, through the library's door.
@Suite struct `A library of media_bridge_stage h` {
    private static func compiled(_ folder: String) throws -> String {
        let (root, library) = (FileManager.default.currentDirectoryPath, folder + "/zero_crossings.so")
        let done = try Command.run(
            "cc",
            [
                "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-I",
                root + "/Sources/CLibraries/CMediaBridgeStage", "-o", library,
                root + "/Examples/StagesInC/zero_crossings.c",
            ])
        guard done.status == 0 else { throw NeverHappened(description: "cc: \(done.output)") }
        return library
    }

    private static func withFolder(_ body: (String) async throws -> Void) async throws {
        let folder = NSTemporaryDirectory() + "media-bridge-library-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await body(folder)
    }

    private static func plan(_ settings: PlugInSettings) throws -> RigPlan {
        var plan = RigPlan(.scripted(.init(speech: nil)), greets: false)
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        plan.stageHost = [
            URL(fileURLWithPath: own).deletingLastPathComponent().appendingPathComponent("OwnStages").path,
            "stage-host",
        ]
        plan.configure = { configuration in
            configuration.stages.detectors = [settings]
            configuration.tenants[0].vad = settings.name
        }
        return plan
    }

    /// Two seconds of a loud caller through a whole service.
    private static func call(_ settings: PlugInSettings) async throws {
        try await withService(try plan(settings)) { rig in
            try await eventually("the detector") { rig.service.detectors.all.first?.isReady == true }
            let (carrier, session) = try await rig.listeningCall()
            for frame in 0..<1_500 where session.audio.count < 16_000 {
                carrier.media(CarrierSamples.speech, at: frame * 20)
                try await Task.sleep(for: .milliseconds(20))
            }
            #expect(session.audio.count >= 16_000)
            #expect(rig.events("detector_fallbacks") == 0)
            carrier.stop()
            _ = try await rig.ended(carrier.call)
        }
    }

    @Test func `a package of one's own is the whole command, and lists its stages`() throws {
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let program = URL(fileURLWithPath: own).deletingLastPathComponent().appendingPathComponent("OwnStages").path
        let listed = try Command.run(program, ["stages"])
        #expect(listed.status == 0)
        for name in ["energy", "pocketsphinx", "zero-crossings", "stopwatch"] { #expect(listed.output.contains(name)) }
    }

    @Test func `it answers a call from a process of its own`() async throws {
        try await Self.withFolder { folder in
            var settings = PlugInSettings(name: "c", door: .library(try Self.compiled(folder), isInline: false))
            settings.options = ["loudness": "500"]
            try await Self.call(settings)
        }
    }

    @Test func `it answers a call inside the service, with the record of a passed check`() async throws {
        try await Self.withFolder { folder in
            let library = try Self.compiled(folder)
            var settings = PlugInSettings(name: "c", door: .library(library, isInline: true))
            settings.record = folder + "/record.json"
            func write(
                _ digest: String, passed: Bool, options: [String: String] = [:], processor: String? = nil
            ) throws {
                var record = StageRecord(
                    name: "c", sha256: digest, options: options, passed: passed, checkedAt: "2026-01-01T00:00:00Z")
                if let processor { record.processor = processor }
                try JSONEncoder().encode(record).write(to: URL(fileURLWithPath: folder + "/record.json"))
            }
            func refusal() async -> String {
                do {
                    try await withService(try Self.plan(settings)) { _ in }
                    return ""
                } catch { return "\(error)" }
            }
            #expect(await refusal().contains("cannot be read; make one: media-bridge check-stage"))
            try Data("{}".utf8).write(to: URL(fileURLWithPath: folder + "/record.json"))
            #expect(await refusal().contains("no record of `media-bridge check-stage`"))
            let digest = try #require(StageRecord.digest(of: library))
            try write(digest, passed: false)
            #expect(await refusal().contains("was not passed"))
            try write(String(repeating: "0", count: 64), passed: true)
            #expect(await refusal().contains("is of another file"))
            try write(digest, passed: true, processor: "Abacus")
            #expect(await refusal().contains("is of another processor, Abacus, not "))
            try write(digest, passed: true)
            try await Self.call(settings)
            settings.options = ["loudness": "none"]
            #expect(await refusal().contains("is of no options, not of options loudness=none; check it again"))
            try write(digest, passed: true, options: settings.options)
            #expect(await refusal().contains("loudness: `none`; loudness above 0 was expected"))
        }
    }
}
