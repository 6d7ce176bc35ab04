import CarrierPhone
import Configuration
import Conversation
import FaultProxy
import Foundation
import LocalAgent
import Logging
import Testing
import Transport

@testable import MediaBridge

/// S58: a model that cannot be had, each way with the local agent and real sockets.
@Suite struct `A model that cannot be had` {
    enum Fault: CaseIterable, Sendable {
        /// Takes the connection and never answers.
        case silence
        case resets, wrongKey, tooManySessions, unknownModel, unknownHost

        /// What the operator finds in the log.
        var named: String {
            switch self {
            case .silence: "connectTimeout"
            case .resets: "model connection closed"
            case .wrongKey: "401"
            case .tooManySessions: "429"
            case .unknownModel: "model_not_found"
            case .unknownHost: "nameNotFound"
            }
        }
        /// Connections that the caller's patience is spent on.
        var tries: ClosedRange<Int> {
            switch self {
            case .wrongKey, .unknownModel: 1...1
            case .unknownHost: 0...0
            case .silence: 2...6
            case .resets, .tooManySessions: 6...6
            }
        }
    }

    @Test(arguments: Fault.allCases)
    func `S58 bounded tries, the fallback voice, a clean end, and the operator sees which`(fault: Fault) async throws {
        let proxy = try FaultProxy()
        defer { proxy.stop() }
        let lines = LogLines()
        var agent = SpokenScript.options(hearing: [])
        if fault == .tooManySessions { agent.maximumSessions = 0 }
        if fault == .unknownModel { agent.models = ["another-model"] }
        var plan = RigPlan(.agent(agent))
        plan.modelProxy = proxy
        plan.logger = Logger(label: "rig") { _ in lines.handler }
        plan.configure = { configuration in
            configuration.model.connectTimeoutMilliseconds = 1_000
            if fault == .wrongKey { configuration.model.apiKey = Secret("sk-wrong") }
            if fault == .unknownHost { configuration.model.url = "ws://no-such-host.invalid/v1/realtime" }
        }
        plan.policy = { policy in
            policy.reconnectMilliseconds = 20
            policy.modelGiveUpMilliseconds = fault == .silence ? 4_000 : 20_000
        }
        switch fault {
        case .silence: proxy.setDoor(.silent)
        case .resets: proxy.setDoor(.resets)
        default: break
        }
        try await withService(plan) { rig in
            let report = await rig.call(rig.phoneOptions())
            try rig.expectFallback(report)
            #expect(fault.tries.contains(proxy.connections), "\(proxy.connections) connections")
            try await eventually("the operator's line") { lines.text.contains(fault.named) }
            #expect(!lines.text.contains("sk-wrong"))
        }
    }
}

/// S10: parts of a call that break while it runs.
@Suite struct `A part that breaks` {
    @Test func `S10 a recorder that cannot write costs the recording, not the call`() async throws {
        var plan = RigPlan(.scripted(.init(speech: ScriptedModel.hum(milliseconds: 400))))
        plan.configure = { configuration in
            configuration.tenants[0].recordingEnabled = true
            configuration.tenants[0].recordingFormat = .both
        }
        try await withService(plan) { rig in
            // Where the folder was there is a file now.
            let folder = rig.service.configuration.recordingDirectory
            try? FileManager.default.removeItem(atPath: folder)
            #expect(FileManager.default.createFile(atPath: folder, contents: Data()))
            let (carrier, session) = try await rig.listeningCall()
            carrier.media(CallerSound.quiet(1), at: 0)
            try await eventually("the greeting, and the caller") {
                carrier.heard.count >= 400 * 8 && session.audio.count >= 160
            }
            carrier.stop()
            #expect(try await rig.ended(carrier.call).ending == .callerHungUp)
            try await eventually("the failure to be told") { rig.witness[carrier.call].recordingFailure != nil }
            #expect(rig.witness[carrier.call].recordings.isEmpty)
        }
    }
}
