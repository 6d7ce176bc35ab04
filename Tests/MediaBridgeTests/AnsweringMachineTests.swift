import Conversation
import Testing

@testable import CarrierPhone
@testable import MediaBridge

/// What the carrier's detection tells `/twilio/amd`, on its way to the call.
@Suite struct `Answering machines over sockets` {
    private static func plan(_ what: ConversationPolicy.AnsweringMachine, speech: Int = 600) -> RigPlan {
        var plan = RigPlan(.scripted(.init(speech: ScriptedModel.hum(milliseconds: speech))))
        plan.policy = {
            $0.answeringMachine = what
            $0.answeringMachineMessage = "Please call back."
        }
        return plan
    }

    private func tell(_ rig: ServiceRig, _ call: String, _ party: String) async throws -> Int {
        let post = FormPost(
            url: rig.origin + "/twilio/amd", form: ServiceRig.form(call: call) + [("AnsweredBy", party)],
            authToken: ServiceRig.authToken, trustedAuthoritiesFile: rig.authorities)
        return try await post.send().status
    }

    @Test func `S52 a machine known in mid-call is left a message, and hung up on when it was heard`() async throws {
        try await withService(Self.plan(.leaveMessage)) { rig in
            let carrier = try await rig.startedCall()
            try await eventually("the greeting") { carrier.heard.count >= 160 * 10 }
            #expect(try await tell(rig, carrier.call, "machine_end_beep") == 204)
            let seen = try await rig.ended(carrier.call)
            #expect(seen.ending == .answeringMachine)
            #expect(seen.turns.last?.speaker == .agent)
        }
    }

    @Test(arguments: ["machine_start", "fax"])
    func `S52 a machine known before its stream comes is hung up on as soon as it does`(party: String) async throws {
        try await withService(Self.plan(.hangUp)) { rig in
            let call = ServiceRig.newCall()
            let url = try await rig.announce(call)
            #expect(try await tell(rig, call, party) == 204)
            let carrier = rig.carrier(url, call: call)
            #expect(try await carrier.opened())
            carrier.start()
            #expect(try await rig.ended(call).ending == .answeringMachine)
            #expect(carrier.heard.isEmpty)
        }
    }
}
