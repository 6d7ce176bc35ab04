import Configuration
import Conversation
import Testing
import TurnStore

@testable import CarrierPhone
@testable import MediaBridge

@Suite struct `The configuration read again` {
    private static let plan = RigPlan(.scripted(.init(speech: ScriptedModel.hum(milliseconds: 200))))

    private func greeted(_ rig: ServiceRig) async throws -> RawCarrier {
        let call = ServiceRig.newCall()
        let carrier = rig.carrier(try await rig.announce(call), call: call)
        #expect(try await carrier.opened())
        carrier.start()
        try await eventually("the call to be greeted") { !carrier.heard.isEmpty }
        return carrier
    }

    /// Each call's record names the prompt it had, and they are not the same.
    private func saysOtherPrompts(_ rig: ServiceRig, _ first: RawCarrier, _ second: RawCarrier) async throws {
        let hash = { (carrier: RawCarrier) in (try? rig.stored(carrier.call))?.promptHash }
        try await eventually("both prompts to be on record") { hash(first) != nil && hash(second) != nil }
        #expect(hash(first) != hash(second))
    }

    @Test
    func `S70 a running call keeps its tenant, the next one has the edited one, and each says which prompt it had`()
        async throws
    {
        try await withService(Self.plan) { rig in
            let first = try await greeted(rig)
            var edited = rig.service.configuration
            edited.tenants[0].inbound = .init(instructions: "Be loud.", greeting: "An edited greeting.")
            let reload = try rig.service.reload { edited }
            #expect(reload.revision == 2 && reload.changedTenants == ["demo"] && reload.waitingForRestart.isEmpty)
            let second = try await greeted(rig)

            let sessions = try #require(rig.model).sessions.map { $0.messages.map(\.text).joined() }
            #expect(sessions.count == 2)
            #expect(sessions.filter { $0.contains("Be brief.") && !$0.contains("Be loud.") }.count == 1)
            #expect(sessions.filter { $0.contains("An edited greeting.") && $0.contains("Be loud.") }.count == 1)
            try await saysOtherPrompts(rig, first, second)
        }
    }

    @Test func `outside business hours the same agent says so, and closing time ends no call that is up`() async throws
    {
        try await withService(Self.plan) { rig in
            let first = try await greeted(rig)
            var edited = rig.service.configuration
            edited.tenants[0].hours = BusinessHours(
                openings: [], outside: .agent(instructions: "Book nothing now.", greeting: "We are closed."))
            try rig.service.reload { edited }
            let second = try await greeted(rig)
            let closed = try #require(rig.model).sessions.map { $0.messages.map(\.text).joined() }.filter {
                $0.contains("We are closed.") && $0.contains("Book nothing now.") && $0.contains("Be brief.")
            }
            #expect(closed.count == 1 && rig.service.liveCalls == 2)
            try await saysOtherPrompts(rig, first, second)
        }
    }

    @Test func `outside business hours a message needs no agent, no session and no place`() async throws {
        try await withService(Self.plan) { rig in
            var edited = rig.service.configuration
            edited.tenants[0].hours = BusinessHours(
                openings: [], outside: .message("We are closed.", transfer: nil))
            try rig.service.reload { edited }
            let call = ServiceRig.newCall()
            let verbs = try await rig.webhook("/twilio/voice", call: call)
            #expect(verbs.map(\.name) == ["Say", "Hangup"])
            try await eventually("the call to be on record") { (try? rig.stored(call))?.endReason == "outsideHours" }
            #expect(try #require(rig.model).sessions.isEmpty && rig.service.liveCalls == 0)
            #expect(rig.service.metricsText.contains(#"media_bridge_requests_total{outcome="outside_hours"} 1"#))
        }
    }

    @Test func `a call announced before an edit begins with what it was announced with`() async throws {
        try await withService(Self.plan) { rig in
            let call = ServiceRig.newCall()
            let carrier = rig.carrier(try await rig.announce(call), call: call)
            var edited = rig.service.configuration
            edited.tenants[0].inbound = .init(instructions: "Be loud.", greeting: "An edited greeting.")
            try rig.service.reload { edited }
            #expect(try await carrier.opened())
            carrier.start()
            try await eventually("the call to be greeted") { !carrier.heard.isEmpty }
            let said = try #require(rig.model).sessions.map { $0.messages.map(\.text).joined() }
            #expect(said.count == 1 && said[0].contains(ServiceRig.greeting))
        }
    }

    @Test func `an edit that is wrong changes nothing and is told`() async throws {
        try await withService(Self.plan) { rig in
            let wrong = "tenants:\n  - id: demo\n    numbres: []\n"
            #expect(throws: ConfigurationError.self) {
                try rig.service.reload { try ServiceConfiguration.parse(wrong, file: "x.yaml", environment: [:]) }
            }
            let metrics = rig.service.metricsText
            #expect(metrics.contains(#"media_bridge_configuration_reloads_total{result="refused"} 1"#))
            #expect(metrics.contains("media_bridge_configuration_revision 1"))
            let ready = try await rig.admin("/readyz")
            #expect(ready.status == 200)
            #expect(ready.body.contains("the last edit was refused: x.yaml:"))
            _ = try await greeted(rig)
            try rig.service.reload { rig.service.configuration }
            #expect(try await rig.admin("/readyz").body == "ready\n")
        }
    }

    @Test func `a fallback voice that cannot be made refuses the whole edit`() async throws {
        try await withService(Self.plan) { rig in
            var edited = rig.service.configuration
            edited.tenants[0].inbound = .init(instructions: "Be loud.", greeting: "An edited greeting.")
            var second = edited.tenants[0]
            (second.id, second.numbers, second.fallback) = ("salon", ["+15005550002"], .wav("/nowhere.wav"))
            edited.tenants.append(second)
            #expect(throws: ServiceError.self) { try rig.service.reload { edited } }
            _ = try await greeted(rig)
            #expect(try #require(rig.model).sessions[0].messages.map(\.text).joined().contains(ServiceRig.greeting))
        }
    }

    @Test func `a tenant that is taken out ends no call and gets no new one`() async throws {
        try await withService(Self.plan) { rig in
            let running = try await greeted(rig)
            var edited = rig.service.configuration
            edited.tenants[0].id = "other"
            edited.tenants[0].numbers = ["+15005550009"]
            edited.tenants[0].accountSid = "AC00000000000000000000000000000009"
            let reload = try rig.service.reload { edited }
            #expect(reload.changedTenants == ["demo", "other"])
            // Webhooks of the running call are still its carrier's.
            #expect(try await rig.webhook("/twilio/after-stream", call: running.call).map(\.name) == ["Hangup"])
            // A new call of the same account is a stranger's.
            let call = ServiceRig.newCall()
            await #expect(throws: (any Error).self) { _ = try await rig.announce(call) }
            #expect(rig.service.liveCalls == 1)
        }
    }

    @Test func `what only a restart can take is named`() async throws {
        try await withService(Self.plan) { rig in
            var edited = rig.service.configuration
            edited.storePath = "/elsewhere.sqlite"
            edited.model.model = "another"
            edited.limits.maximumCalls += 1
            let reload = try rig.service.reload { edited }
            #expect(reload.waitingForRestart == ["model", "store", "limits.maximumCalls"])
        }
    }
}
