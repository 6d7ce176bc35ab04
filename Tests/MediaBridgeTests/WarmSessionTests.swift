import Configuration
import Conversation
import Testing

@testable import MediaBridge

/// A session that is opened when the carrier announces the call.
@Suite struct `Warm session` {
    private func plan(warm: Bool, verifies: Bool = true) -> RigPlan {
        var plan = RigPlan(.scripted(.init(confirmAfterMilliseconds: 400)))
        plan.configure = {
            $0.tenants[0].warmSession = warm
            $0.twilio.verifySignatures = verifies
        }
        return plan
    }

    /// From the carrier's `start` to the first frame of the greeting.
    private func greetingTime(warm: Bool) async throws -> Duration {
        var time = Duration.zero
        try await withService(plan(warm: warm)) { rig in
            let call = ServiceRig.newCall()
            let carrier = rig.carrier(try await rig.announce(call), call: call)
            #expect(try await carrier.opened())
            if warm {
                let session = try await rig.session()
                try await eventually("the session to be ordered") { session.count("session.update") == 1 }
                // As long as the carrier takes to bring up a stream.
                try await Task.sleep(for: .milliseconds(600))
            } else {
                #expect(rig.model?.attempts == 0)
            }
            let started = ContinuousClock.now
            carrier.start()
            try await eventually("the greeting") { carrier.count("media") > 0 }
            time = ContinuousClock.now - started
            let session = try await rig.session()
            #expect(rig.model?.sessions.count == 1)
            #expect(session.count("session.update") == 1, "R3 one session.update, whoever sent it")
            #expect(session.count("response.create") == 1, "R4")
            #expect(rig.events("warm_opened") == (warm ? 1 : 0))
            #expect(rig.events("warm_adopted") == (warm ? 1 : 0))
            carrier.hangUp()
            _ = try await rig.ended(call)
        }
        return time
    }

    @Test func `the greeting waits for nobody`() async throws {
        let cold = try await greetingTime(warm: false)
        let warm = try await greetingTime(warm: true)
        print("first frame of the greeting after start: cold \(cold), warm \(warm)")
        #expect(cold > .milliseconds(400))
        #expect(warm < cold - .milliseconds(200))
    }

    @Test func `R16 a webhook that nobody verified opens no session`() async throws {
        try await withService(plan(warm: true, verifies: false)) { rig in
            _ = try await rig.announce(ServiceRig.newCall())
            #expect(rig.events("warm_opened") == 0)
            #expect(rig.model?.attempts == 0)
        }
    }

    @Test func `a session whose model refuses it is not used, and the call opens its own`() async throws {
        var plan = plan(warm: true)
        plan.model = .scripted(.init(echo: .refusing(1)))
        try await withService(plan) { rig in
            let call = ServiceRig.newCall()
            let carrier = rig.carrier(try await rig.announce(call), call: call)
            #expect(try await carrier.opened())
            let first = try await rig.session()
            try await eventually("the session to be ordered") { first.count("session.update") == 1 }
            try await Task.sleep(for: .milliseconds(300))
            carrier.start()
            let second = try await rig.session(1)
            try await eventually("the second to be ordered") { second.count("session.update") > 0 }
            #expect(rig.events("warm_dropped") == 1)
            try await eventually("the greeting") { carrier.count("media") > 0 }
            carrier.hangUp()
            _ = try await rig.ended(call)
        }
    }
}
