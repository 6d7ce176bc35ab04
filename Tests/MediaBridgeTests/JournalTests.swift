import AudioPipeline
import CallJournal
import CarrierPhone
import Configuration
import Conversation
import Foundation
import LocalAgent
import PlugIns
import Testing
import VAD

@testable import MediaBridge

/// Journals of calls over real sockets, replayed.
@Suite struct `Journals of calls` {
    private func journals(_ rig: ServiceRig) -> [String] {
        let folder = rig.service.configuration.journals.directory
        return ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).map { folder + "/" + $0 }
    }

    /// The one journal there is, once the call it belongs to is written to its end.
    private func finished(_ rig: ServiceRig) async throws -> JournalFile {
        try await eventually("the journal to be complete") {
            guard let path = journals(rig).first, let file = try? JournalFile(path: path) else { return false }
            return Replay(file).run().ending == .complete
        }
        #expect(journals(rig).count == 1)
        return try JournalFile(path: try #require(journals(rig).first))
    }

    private static func keep(_ journal: Tenant.Journal) -> @Sendable (inout ServiceConfiguration) -> Void {
        { configuration in
            configuration.tenants[0].journal = journal
            configuration.journals.directory =
                URL(fileURLWithPath: configuration.storePath).deletingLastPathComponent().path + "/journals"
        }
    }

    @Test func `a spoken call with an interruption replays identically, and its ears hear the same again`() async throws
    {
        var plan = RigPlan(.agent(SpokenScript.options(hearing: ["hello world", "i'm sorry", "goodbye"])))
        plan.configure = Self.keep(.audio)
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

            let file = try await finished(rig)
            #expect(file.header.call == report.callSid)
            #expect(file.header.prompt.greeting == ServiceRig.greeting)
            var told: [HangUpReason] = []
            let result = Replay(file).run { step in
                for case .action(.hangUp(let reason)) in step.replayed { told.append(reason) }
            }
            #expect(result.difference == nil)
            #expect(told == [.agentSaidGoodbye])
            #expect(result.frames * 160 >= seen.samples("agentPlayed"))
            #expect(rig.events("journals_broken") == 0)

            let ears = try DetectorRun(file, .energyEcho)
            #expect(ears.ofCall.count { $0.isOnset } >= 3)
            #expect(ears.ofDetector == ears.ofCall)
            let silent = try DetectorRun(file, .scripted("...."))
            #expect(silent.ofDetector.isEmpty)
            #expect(silent.frames == ears.frames)
            let energy = try #require(Stages.detectors["energy"]).prepare()
            let plugged = try DetectorRun(file, plugged: FrameDetector(energy()))
            #expect(plugged.ofDetector == ears.ofCall)
            let telephone = try DetectorRun(
                file, plugged: FrameDetector(try #require(Stages.detectors["telephone"]).prepare()()))
            #expect(telephone.ofDetector.count { $0.isOnset } >= 3 && telephone.unanswered == 0)

            // A tenant whose agent always finishes: other from the interruption on, and not before.
            var policy = file.header.policy
            policy.allowInterruptions = false
            let difference = try #require(Replay(file, policy: policy).run().difference)
            #expect(difference.recorded.contains(.action(.pausePlayout)), "\(difference)")
        }
    }

    @Test func `nothing of a key or a token is in a journal, and audio only when asked for`() async throws {
        var plan = RigPlan(.scripted(.init(speech: ScriptedModel.hum(milliseconds: 400))))
        plan.configure = Self.keep(.on)
        try await withService(plan) { rig in
            let call = ServiceRig.newCall()
            let url = try await rig.announce(call)
            let carrier = rig.carrier(url, call: call)
            #expect(try await carrier.opened())
            carrier.start()
            let session = try await rig.session()
            session.send(
                #"{"type":"error","error":{"type":"invalid_request_error","code":"x","message":"wrong key \#(ServiceRig.apiKey)"}}"#
            )
            for frame in 0..<20 { carrier.media(CallerSound.quiet(frame), at: frame * 20) }
            try await eventually("the greeting") { carrier.heard.count >= 3_200 }
            carrier.stop()
            carrier.hangUp()
            _ = try await rig.ended(call)

            let file = try await finished(rig)
            #expect(Replay(file).run().difference == nil)
            #expect(!file.header.keepsAudio)
            #expect(throws: JournalError.self) { try DetectorRun(file, .energy) }
            let path = try #require(journals(rig).first)
            let bytes = try #require(FileManager.default.contents(atPath: path))
            let token = try #require(url.split(separator: "/").last)
            for secret in [ServiceRig.apiKey, ServiceRig.authToken, String(token), "+15005550006"] {
                #expect(bytes.range(of: Data(secret.utf8)) == nil, "\(secret)")
            }
            #expect(bytes.range(of: Data("wrong key".utf8)) != nil)
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
        }
    }

    @Test func `off is the default and leaves nothing behind`() async throws {
        #expect(ServiceConfiguration.embeddedDefaults().tenants[0].journal == .off)
        try await withService(RigPlan(.scripted(.init(speech: nil)), greets: false)) { rig in
            let carrier = try await rig.startedCall()
            carrier.stop()
            _ = try await rig.ended(carrier.call)
            #expect(journals(rig) == [])
        }
    }
}
