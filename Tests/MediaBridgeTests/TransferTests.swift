import Configuration
import Conversation
import Foundation
import Testing
import Transport

@testable import CarrierPhone
@testable import MediaBridge

/// Transfers and keys for the far end, with a carrier's REST interface and webhooks on loopback.
@Suite struct `Transfers over sockets` {
    private static func plan(_ server: FakeHTTPServer) -> RigPlan {
        var plan = RigPlan(.scripted(.init(speech: nil)), greets: false)
        let url = server.url
        plan.configure = { configuration in
            configuration.twilio.apiURL = url
            configuration.tenants[0].tools.transfer.destinations = [
                .init(name: "front desk", address: "+15005550009"), .init(name: "doctor", address: "sip:d@x.example"),
            ]
            configuration.tenants[0].tools.transfer.callerID = ServiceRig.number
            configuration.tenants[0].tools.sendsDigits = true
        }
        return plan
    }
    private static let announcement = ScriptedModel.hum(milliseconds: 600)

    /// The form of the REST request that redirected the call.
    private func twiML(_ request: HTTPRequest) throws -> [TwiMLDocument.Verb] {
        let text = request.text.replacing("Twiml=", with: "").removingPercentEncoding ?? ""
        return try TwiMLDocument(Array(text.utf8)).verbs
    }

    private func afterDial(_ rig: ServiceRig, _ call: String, _ status: String) async throws -> TwiMLDocument {
        let post = FormPost(
            url: rig.origin + "/twilio/after-dial", form: ServiceRig.form(call: call) + [("DialCallStatus", status)],
            authToken: ServiceRig.authToken, trustedAuthoritiesFile: nil)
        return try TwiMLDocument(try await post.send().body)
    }

    private func transfer(_ rig: ServiceRig, _ server: FakeHTTPServer) async throws -> (RawCarrier, ModelSession) {
        let (carrier, session) = try await rig.listeningCall()
        session.use(
            [("call_1", "transfer_call", #"{"destination":"front desk"}"#)], audio: Self.announcement)
        try await eventually("the REST request") { server.requests.count == 1 }
        #expect(carrier.heard.count >= Self.announcement.count, "announced and sent before it was ordered")
        return (carrier, session)
    }

    /// What the carrier does when new TwiML takes over.
    private func streamStops(_ carrier: RawCarrier) {
        carrier.stop()
        carrier.hangUp()
    }

    @Test func `S53 announced, heard, ordered; taken by the person, the call ends as transferred`() async throws {
        try await withFakeServer({ _, _ in .now(200, #"{"status":"in-progress"}"#) }) { server in
            try await withService(Self.plan(server)) { rig in
                let (carrier, session) = try await transfer(rig, server)
                let request = server.requests[0]
                #expect(
                    request.target == "/2010-04-01/Accounts/\(ServiceRig.account)/Calls/\(carrier.call).json")
                let credentials = Data("\(ServiceRig.account):\(ServiceRig.authToken)".utf8).base64EncodedString()
                #expect(request.headers["Authorization"] == "Basic \(credentials)")
                let dial = try #require(try twiML(request).first)
                #expect(dial.name == "Dial" && dial.attributes["timeout"] == "20")
                #expect(dial.attributes["callerId"] == ServiceRig.number)
                #expect(dial.attributes["action"] == rig.origin + "/twilio/after-dial")
                #expect(dial.children.first?.name == "Number" && dial.children.first?.text == "+15005550009")
                streamStops(carrier)
                try await eventually("the stream to be gone") { carrier.close != nil }
                #expect(rig.witness[carrier.call].ending == nil)
                let answer = try await afterDial(rig, carrier.call, "completed")
                #expect(answer.verbs.map(\.name) == ["Hangup"])
                #expect(try await rig.ended(carrier.call).ending == .transferred)
                #expect(session.outputs(of: "call_1").isEmpty)
            }
        }
    }

    @Test func `S53 a busy line brings the caller back to the same agent, which is told`() async throws {
        try await withFakeServer({ _, _ in .now(200, "{}") }) { server in
            try await withService(Self.plan(server)) { rig in
                let (carrier, session) = try await transfer(rig, server)
                streamStops(carrier)
                try await eventually("the stream to be gone") { carrier.close != nil }
                let stream = try #require(try await afterDial(rig, carrier.call, "busy").stream())
                #expect(session.outputs(of: "call_1").isEmpty, "not before the caller is back")
                let again = rig.carrier(stream.url, call: carrier.call)
                #expect(try await again.opened())
                again.start()
                #expect(try await session.output(of: "call_1") == #"{"error":"the line is busy"}"#)
                try await eventually("the agent to be asked") { session.count("response.create") == 1 }
                #expect(rig.model?.sessions.count == 1)
                session.speak(Self.announcement)
                try await eventually("the agent to be heard again") { again.heard.count >= Self.announcement.count }
                #expect(rig.witness[carrier.call].ending == nil)
                again.stop()
                #expect(try await rig.ended(carrier.call).ending == .callerHungUp)
            }
        }
    }

    @Test func `S53 a carrier that refuses leaves the caller where he is, and no secret in the log`() async throws {
        let refusal = #"{"code":20003,"message":"Authenticate +15005550009","status":401}"#
        try await withFakeServer({ _, _ in .now(401, refusal) }) { server in
            try await withService(Self.plan(server)) { rig in
                let (carrier, session) = try await transfer(rig, server)
                #expect(try await session.output(of: "call_1").contains("did not accept"))
                #expect(server.requests.count == 1, "a redirect that may have worked is not repeated")
                #expect(carrier.close == nil && rig.witness[carrier.call].ending == nil)
                #expect(rig.metric(#"media_bridge_tools_total{outcome="errand_refused"}"#) == 1)
            }
        }
    }

    @Test func `S53 the caller hangs up while it rings`() async throws {
        try await withFakeServer({ _, _ in .now(200, "{}") }) { server in
            try await withService(Self.plan(server)) { rig in
                let (carrier, _) = try await transfer(rig, server)
                streamStops(carrier)
                let form = ServiceRig.form(call: carrier.call).map {
                    $0.name == "CallStatus" ? ($0.name, "completed") : $0
                }
                let post = FormPost(
                    url: rig.origin + "/twilio/status", form: form, authToken: ServiceRig.authToken,
                    trustedAuthoritiesFile: nil)
                #expect(try await post.send().status == 204)
                #expect(try await rig.ended(carrier.call).ending == .callerHungUp)
                #expect(try await afterDial(rig, carrier.call, "no-answer").verbs.map(\.name) == ["Hangup"])
            }
        }
    }

    @Test func `keys for the far end: pressed by the carrier, then the stream is back and the tool done`() async throws
    {
        try await withFakeServer({ _, _ in .now(200, "{}") }) { server in
            try await withService(Self.plan(server)) { rig in
                let (carrier, session) = try await rig.listeningCall()
                session.use([("call_1", "send_dtmf", #"{"digits":"1;rm"}"#)])
                #expect(try await session.output(of: "call_1").contains("digits"))
                #expect(server.requests.isEmpty)
                session.use([("call_2", "send_dtmf", #"{"digits":"1w23#"}"#)], response: "resp_t2")
                try await eventually("the REST request") { server.requests.count == 1 }
                let verbs = try twiML(server.requests[0])
                #expect(verbs.map(\.name) == ["Play", "Connect"])
                #expect(verbs[0].attributes["digits"] == "1w23#")
                streamStops(carrier)
                try await eventually("the stream to be gone") { carrier.close != nil }
                let url = try #require(verbs[1].children.first?.attributes["url"])
                let again = rig.carrier(url, call: carrier.call)
                #expect(try await again.opened())
                again.start()
                #expect(try await session.output(of: "call_2") == #"{"ok":true}"#)
            }
        }
    }
}
