import Configuration
import Conversation
import Testing
import TurnStore

@testable import CarrierPhone
@testable import MediaBridge

@Suite struct `Prompts of calls` {
    private static let salonNumber = "+15005550002"

    private static func plan() -> RigPlan {
        var plan = RigPlan(.scripted(.init(speech: ScriptedModel.hum(milliseconds: 200))))
        plan.configure = { configuration in
            configuration.tenants[0].prompts.vocabulary = ["oolong", "Lapsang Souchong"]
            var salon = configuration.tenants[0]
            (salon.id, salon.numbers) = ("salon", [salonNumber])
            salon.inbound = .init(
                instructions: "You cut hair.", greeting: "Welcome to the salon.",
                channels: [.whatsapp: .init(instructions: "Say that pictures cannot be seen.")])
            salon.prompts.vocabulary = ["balayage"]
            configuration.tenants.append(salon)
        }
        return plan
    }

    /// A call that was greeted.
    private func greeted(_ rig: ServiceRig, to: String = ServiceRig.number, from: String = "+15005550006") async throws
        -> RawCarrier
    {
        let call = ServiceRig.newCall()
        let form = ServiceRig.form(call: call, to: to).map { ($0.name, $0.name == "From" ? from : $0.value) }
        let post = FormPost(
            url: rig.origin + "/twilio/voice", form: form, authToken: ServiceRig.authToken, trustedAuthoritiesFile: nil)
        let carrier = rig.carrier(
            try #require(try TwiMLDocument(try await post.send().body).stream()).url, call: call)
        #expect(try await carrier.opened())
        carrier.start()
        try await eventually("the call to be greeted") { !carrier.heard.isEmpty }
        return carrier
    }

    /// As its record says.
    private func hash(_ rig: ServiceRig, _ carrier: RawCarrier) async throws -> String {
        try await eventually("the call's prompt to be stored") {
            (try? rig.stored(carrier.call))?.promptHash != nil
        }
        return try #require(try rig.stored(carrier.call)?.promptHash)
    }

    private func asked(_ rig: ServiceRig, _ outcome: String) -> Int {
        rig.metric(#"media_bridge_prompts_total{outcome="\#(outcome)"}"#)
    }

    @Test
    func `S69 interleaved calls of two tenants on two channels: each session holds its own words only, built once`()
        async throws
    {
        try await withService(Self.plan()) { rig in
            let calls = [
                (ServiceRig.number, "+15005550006"), (Self.salonNumber, "+15005550006"),
                ("whatsapp:" + Self.salonNumber, "whatsapp:+15005550006"), (Self.salonNumber, "+15005550006"),
                (ServiceRig.number, "+15005550006"), ("whatsapp:" + Self.salonNumber, "whatsapp:+15005550006"),
            ]
            var hashes: [String] = []
            for (to, from) in calls { hashes.append(try await hash(rig, try await greeted(rig, to: to, from: from))) }
            #expect(hashes[0] == hashes[4] && hashes[1] == hashes[3] && hashes[2] == hashes[5])
            #expect(Set(hashes).count == 3)
            #expect(asked(rig, "miss") == 3 && asked(rig, "hit") == 3 && asked(rig, "failure") == 0)
            #expect(rig.metric("media_bridge_prompts_cached") == 3)

            let sessions = try #require(rig.model).sessions
            #expect(sessions.count == 6)
            for (session, call) in zip(sessions, calls) {
                let said = session.messages.map(\.text).joined(separator: "\n")
                let (isSalon, isWhatsApp) = (call.0.hasSuffix(Self.salonNumber), call.0.hasPrefix("whatsapp:"))
                #expect(said.contains("You cut hair.") == isSalon)
                #expect(said.contains("Be brief.") != isSalon)
                #expect(said.contains("pictures cannot be seen") == isWhatsApp)
                // What speech-to-text expects comes from the same place.
                #expect(said.contains(#""prompt":"balayage""#) == isSalon)
                #expect(said.contains(#""prompt":"oolong, Lapsang Souchong""#) != isSalon)
            }
        }
    }

    @Test
    func
        `S70 an edit during a call: the next call has it at once, the others keep theirs, and each hash finds its text`()
        async throws
    {
        try await withService(Self.plan()) { rig in
            let running = try await greeted(rig)
            _ = try await greeted(rig, to: Self.salonNumber)
            var edited = rig.service.configuration
            edited.tenants[0].inbound?.instructions = "Be loud."
            try rig.service.reload { edited }
            let next = try await greeted(rig)
            // The other tenant was not edited: its prompt is still there.
            _ = try await greeted(rig, to: Self.salonNumber)
            #expect(asked(rig, "miss") == 2 && asked(rig, "hit") == 2)
            #expect(rig.metric("media_bridge_prompts_renewed_total") == 1)
            #expect(rig.metric(#"media_bridge_prompts_dropped_total{reason="revision"}"#) == 1)

            var texts: [String] = []
            for call in [running, next] {
                let hash = try await hash(rig, call)
                var prompt: StoredPrompt?
                try await eventually("the prompt's text to be stored") {
                    prompt = try? TurnStore.openReadOnly(rig.folder + "/store.sqlite").prompt(
                        tenant: "demo", hash: hash)
                    return prompt != nil
                }
                texts.append(prompt?.layers.first { $0.part == "direction" }?.text ?? "")
                #expect(prompt?.transcription.prompt == "oolong, Lapsang Souchong")
            }
            #expect(texts == ["Be brief.", "Be loud."])
            let sessions = try #require(rig.model).sessions
            #expect(sessions[0].messages.allSatisfy { !$0.text.contains("Be loud.") })
        }
    }
}
