import CarrierPhone
import Configuration
import Conversation
import Foundation
import Testing
import TurnStore

@testable import CarrierPhone
@testable import MediaBridge

/// Two services on one store, at once or one after the other: what one of them did to a call the other does not do again.
@Suite struct `A second service on the same store` {
    private static let greetingPlan = RigPlan(.scripted(.init(speech: ScriptedModel.hum(milliseconds: 300))))

    /// What the carrier asks a service, and what it is told.
    private func ask(_ service: Service, _ path: String, _ call: String) async throws -> TwiMLDocument {
        let post = FormPost(
            url: "http://127.0.0.1:\(service.publicPort)\(path)", form: ServiceRig.form(call: call),
            authToken: ServiceRig.authToken, trustedAuthoritiesFile: nil)
        return try TwiMLDocument(try await post.send().body)
    }

    /// Beside the rig's own, or after it, on its store.
    private func another(_ rig: ServiceRig, witness: CallWitness? = nil) throws -> Service {
        let service = Service(configuration: rig.service.configuration, observer: witness)
        try service.start()
        return service
    }

    private func stop(_ service: Service) async {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                service.stop()
                continuation.resume()
            }
        }
    }

    private func facts(_ rig: ServiceRig, _ call: String) -> [OnceFact: Int64] {
        (try? TurnStore.openReadOnly(rig.folder + "/store.sqlite").facts(of: call)) ?? [:]
    }

    /// Orders to say the greeting, in all sessions there ever were.
    private func greetings(_ rig: ServiceRig) -> Int {
        (rig.model?.sessions ?? []).reduce(0) { count, session in
            count
                + session.messages.count { $0.type == "response.create" && $0.text.contains(ServiceRig.greeting) }
        }
    }

    /// A call whose greeting was heard and is on record.
    private func greetedCall(_ rig: ServiceRig) async throws -> RawCarrier {
        let carrier = try await rig.startedCall()
        try await eventually("the greeting to be a turn") { rig.witness[carrier.call].turns.count == 1 }
        try await eventually("it to be on record") { facts(rig, carrier.call)[.greeted] != nil }
        #expect(greetings(rig) == 1)
        return carrier
    }

    /// Sound from a caller who says nothing, so that nobody takes the carrier for lost.
    private func whileQuiet(_ carrier: RawCarrier, _ body: () async throws -> Void) async throws {
        let sound = Task {
            for frame in 0... {
                guard !Task.isCancelled else { break }
                carrier.media(CallerSound.quiet(frame), at: frame * 20)
                try? await Task.sleep(for: .milliseconds(500))
            }
        }
        defer { sound.cancel() }
        try await body()
    }

    @Test
    func
        `R4 R5 S64 a call that a second one takes up from a first that still holds it is greeted once and hung up once`()
        async throws
    {
        try await withService(Self.greetingPlan) { rig in
            let first = try await greetedCall(rig)
            let call = first.call
            let witness = CallWitness()
            let second = try another(rig, witness: witness)
            defer { second.stop() }
            try await whileQuiet(first) {
                // The first one hangs: what the carrier asks reaches the second, twice and in either way.
                let answer = try await ask(second, "/twilio/after-stream", call)
                #expect(answer.verbs.map(\.name) == ["Connect"])
                let url = try #require(try answer.stream()?.url)
                #expect(try await ask(second, "/twilio/after-stream", call).stream()?.url == url)
                #expect(try await ask(second, "/twilio/voice", call).stream()?.url == url)

                let again = rig.carrier(url, call: call)
                #expect(try await again.opened())
                again.start()
                let session = try await rig.session(1)
                try await whileQuiet(again) {
                    // It goes on with the call: the agent is asked to, and not to greet.
                    try await eventually("the agent to go on") { session.count("response.create") == 1 }
                    try await eventually("its turn") { witness[call].turns.contains { $0.endedAt != nil } }
                    #expect(greetings(rig) == 1)
                    let greetedAt = facts(rig, call)[.greeted]

                    session.use(
                        [("call_bye", "end_call", "{}")], audio: ScriptedModel.hum(milliseconds: 200))
                    try await eventually("it to hang up") { again.close != nil && witness[call].endings == 1 }
                    #expect(witness[call].ending == .agentSaidGoodbye)
                    try await eventually("that to be on record") {
                        facts(rig, call)[.hungUp] != nil
                            && (try? rig.stored(call))??.endReason == "agentSaidGoodbye"
                    }
                    #expect(facts(rig, call)[.greeted] == greetedAt)
                }
            }
            let onRecord = facts(rig, call)
            // Whatever the carrier asks now, and whom: the call is over, and nobody opens a session for it.
            for service in [rig.service, second] {
                for path in ["/twilio/after-stream", "/twilio/voice"]
                where service === second || path != "/twilio/voice" {
                    #expect(try await ask(service, path, call).verbs.map(\.name) == ["Hangup"], "\(path)")
                }
            }
            // The first one hears of the end at last, and changes nothing that is on record.
            first.stop()
            _ = try await rig.ended(call)
            await stop(rig.service)
            #expect(facts(rig, call) == onRecord)
            #expect(try rig.stored(call)?.endReason == "agentSaidGoodbye")
            #expect(witness[call].began.count == 1 && witness[call].books?.balance == true)
            #expect(greetings(rig) == 1 && rig.model?.attempts == 2)
        }
    }

    @Test func `R5 a call that a stopped service hung up is not taken up by the next, however often it is announced`()
        async throws
    {
        try await withService(Self.greetingPlan) { rig in
            let carrier = try await greetedCall(rig)
            await stop(rig.service)
            let onRecord = facts(rig, carrier.call)
            #expect(onRecord[.hungUp] != nil)
            let next = try another(rig)
            defer { next.stop() }
            for path in ["/twilio/after-stream", "/twilio/voice", "/twilio/after-stream", "/twilio/voice"] {
                #expect(try await ask(next, path, carrier.call).verbs.map(\.name) == ["Hangup"], "\(path)")
            }
            #expect(facts(rig, carrier.call) == onRecord)
            #expect(greetings(rig) == 1 && rig.model?.attempts == 1 && next.liveCalls == 0)
        }
    }

    @Test func `a call that was announced to both and came to one is not ended by the other`() async throws {
        var plan = RigPlan(.scripted(.init(speech: nil)), greets: false)
        plan.configure = { $0.twilio.streamTokenSeconds = 1 }
        try await withService(plan) { rig in
            let call = ServiceRig.newCall()
            _ = try await rig.announce(call)
            var patient = rig.service.configuration
            patient.twilio.streamTokenSeconds = 60
            let second = Service(configuration: patient)
            try second.start()
            defer { second.stop() }
            let url = try #require(try await ask(second, "/twilio/voice", call).stream()?.url)
            let carrier = rig.carrier(url, call: call)
            #expect(try await carrier.opened())
            carrier.start()
            try await whileQuiet(carrier) {
                try await eventually("the stream to be on record") { (try? rig.stored(call))??.status == "in-progress" }
                try await eventually("the first to give its place back") { rig.metric("media_bridge_calls") == 0 }
                // What the first one would write it writes within moments; a call of its own shows that they are over.
                let other = ServiceRig.newCall()
                _ = try await rig.announce(other)
                try await eventually("a call nobody came for to be ended") {
                    (try? rig.stored(other))??.endReason == "noStream"
                }
                #expect(try rig.stored(call)?.endReason == nil)
            }
            carrier.stop()
            try await eventually("its own end to be on record") {
                (try? rig.stored(call))??.endReason == "callerHungUp"
            }
        }
    }
}
