import Configuration
import Conversation
import Foundation
import Synchronization
import Testing
import TurnStore

@testable import CarrierPhone
@testable import MediaBridge

/// Audio, words and numbers of real calls, each gone when its tenant's days are over and no sooner.
@Suite struct `Retention by a service` {
    private static let day: Int64 = 86_400_000
    private static let otherNumber = "+15005550002"

    private static func plan(_ change: @escaping @Sendable (inout RetentionSettings) -> Void) -> RigPlan {
        var plan = RigPlan(.scripted(.init(speech: ScriptedModel.hum(milliseconds: 200))))
        plan.configure = { configuration in
            configuration.tenants[0].recordingEnabled = true
            configuration.tenants[0].recordingFormat = .wav
            // Keeps everything.
            var other = configuration.tenants[0]
            (other.id, other.numbers) = ("other", [otherNumber])
            configuration.tenants.append(other)
            change(&configuration.tenants[0].retention)
        }
        return plan
    }

    /// A greeted call that was recorded, from beginning to end.
    private func wholeCall(_ rig: ServiceRig, to number: String = ServiceRig.number) async throws -> String {
        let call = ServiceRig.newCall()
        let post = FormPost(
            url: rig.origin + "/twilio/voice", form: ServiceRig.form(call: call, to: number),
            authToken: ServiceRig.authToken, trustedAuthoritiesFile: nil)
        let url = try #require(try TwiMLDocument(try await post.send().body).stream()?.url)
        let carrier = rig.carrier(url, call: call)
        #expect(try await carrier.opened())
        carrier.start()
        try await eventually("the greeting's words to be known") {
            rig.witness[call].turns.contains { !$0.text.isEmpty }
        }
        carrier.stop()
        _ = try await rig.ended(call)
        try await eventually("the recording to be on record") { (try? rig.stored(call))??.recordings.count == 1 }
        return call
    }

    private func stop(_ service: Service) async {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                service.stop()
                continuation.resume()
            }
        }
    }

    /// What a service that is started so many days from now has removed, once it has swept.
    private func sweep(_ rig: ServiceRig, daysFromNow days: Int64, expecting removed: [String: Int]) async throws {
        let service = Service(configuration: rig.service.configuration)
        service.retentionClock = { Int64(Date().timeIntervalSince1970 * 1_000) + days * Self.day }
        try service.start()
        func metric(_ series: String) -> Int {
            for line in service.metricsText.split(separator: "\n") where line.hasPrefix(series + " ") {
                return Int(Double(line.dropFirst(series.count + 1)) ?? 0)
            }
            return 0
        }
        try await eventually("the sweep to be over") { metric("media_bridge_retention_sweeps_total") == 1 }
        for kind in ["audio_files", "transcripts", "numbers", "failures"] {
            #expect(
                metric(#"media_bridge_retention_total{kind="\#(kind)"}"#) == removed[kind] ?? 0, "\(kind), day \(days)")
        }
        await stop(service)
    }

    private func files(_ rig: ServiceRig) -> Set<String> {
        let names = try? FileManager.default.contentsOfDirectory(
            atPath: rig.service.configuration.recordingDirectory)
        return Set((names ?? []).filter { !$0.hasPrefix(".lock") })
    }

    private func bytes(_ rig: ServiceRig, hold text: String) -> Bool {
        ["", "-wal"].contains { suffix in
            let data = FileManager.default.contents(atPath: rig.folder + "/store.sqlite" + suffix) ?? Data()
            return data.range(of: Data(text.utf8)) != nil
        }
    }

    @Test func `audio, words and numbers go at their own ages, from rows, files and bytes, of that tenant alone`()
        async throws
    {
        let plan = Self.plan { ($0.audioDays, $0.transcriptDays, $0.numberDays) = (30, 60, 90) }
        try await withService(plan) { rig in
            let (call, kept) = (try await wholeCall(rig), try await wholeCall(rig, to: Self.otherNumber))
            await stop(rig.service)
            // What a kill in mid-call and a download that was given up leave: no row names them.
            let directory = rig.service.configuration.recordingDirectory
            for name in [
                "\(call)-1700000000000.wav", "\(call).RE1.partial", "\(call).RE1.partial.tag",
                "\(call).wav.caller.partial", "\(kept)-1700000000000.wav", "notes.txt",
            ] {
                try Data("sound".utf8).write(to: URL(fileURLWithPath: "\(directory)/\(name)"))
            }
            let others: Set = ["\(kept).wav", "\(kept)-1700000000000.wav", "notes.txt"]
            let words = try #require(try rig.stored(call)?.turns.first { !$0.text.isEmpty }).text
            func look() throws -> (StoredCall, Bool) {
                let stored = try #require(try rig.stored(call))
                return (stored, stored.turns.contains { $0.text == words })
            }

            try await sweep(rig, daysFromNow: 29, expecting: [:])
            #expect(files(rig).count == 8)

            try await sweep(rig, daysFromNow: 31, expecting: ["audio_files": 4])
            #expect(files(rig) == others.union(["\(call).wav.caller.partial"]))
            var (stored, hasWords) = try look()
            #expect(stored.recordings.isEmpty && hasWords && stored.from == "+15005550006")

            try await sweep(rig, daysFromNow: 61, expecting: ["transcripts": 2])
            #expect(files(rig) == others)
            (stored, hasWords) = try look()
            #expect(!hasWords && !stored.turns.isEmpty && stored.from == "+15005550006")

            try await sweep(rig, daysFromNow: 91, expecting: ["numbers": 1])
            (stored, hasWords) = try look()
            #expect(stored.from.isEmpty && stored.to.isEmpty && stored.endReason == "callerHungUp")

            // The other tenant's call has everything, and its number is the only one in the files.
            let other = try #require(try rig.stored(kept))
            #expect(other.from == "+15005550006" && other.to == Self.otherNumber && other.recordings.count == 1)
            #expect(other.turns.contains { $0.text == words })
            #expect(!bytes(rig, hold: ServiceRig.number), "a number of the swept call is left in the store's bytes")
            #expect(bytes(rig, hold: Self.otherNumber))
        }
    }

    @Test func `by size the oldest call's files go first, those that no row names among them`() async throws {
        try await withService(Self.plan { $0.maximumMegabytes = 1 }) { rig in
            let (old, new) = (try await wholeCall(rig), try await wholeCall(rig))
            let other = try await wholeCall(rig, to: Self.otherNumber)
            await stop(rig.service)
            let directory = rig.service.configuration.recordingDirectory
            for name in ["\(old).wav", "\(old)-1700000000000.wav", "\(new).wav", "\(other).wav"] {
                let path = "\(directory)/\(name)"
                if !FileManager.default.fileExists(atPath: path) {
                    try Data().write(to: URL(fileURLWithPath: path))
                }
                let file = try #require(FileHandle(forWritingAtPath: path))
                try file.truncate(atOffset: 400_000)
                try file.close()
            }
            // 1.2 MB of 1: the older call's own recording is enough.
            try await sweep(rig, daysFromNow: 0, expecting: ["audio_files": 1])
            #expect(files(rig) == ["\(old)-1700000000000.wav", "\(new).wav", "\(other).wav"])
            let file = try #require(FileHandle(forWritingAtPath: "\(directory)/\(new).wav"))
            try file.truncate(atOffset: 800_000)
            try file.close()
            try await sweep(rig, daysFromNow: 0, expecting: ["audio_files": 1])
            #expect(files(rig) == ["\(new).wav", "\(other).wav"])
        }
    }
}
