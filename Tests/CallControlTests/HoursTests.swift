import Configuration
import Conversation
import Testing
import TurnStore

@testable import CallControl

@Suite struct `Calls outside business hours` {
    /// The clinic never opens.
    private static func closed(_ outside: BusinessHours.Outside) -> (inout ServiceConfiguration) -> Void {
        { configuration in
            configuration.tenants[0].hours = BusinessHours(openings: [], outside: outside)
            var desk = TransferSettings()
            desk.destinations = [.init(name: "desk", purpose: "", address: "+15005550009")]
            configuration.tenants[0].tools.transfer = desk
        }
    }

    @Test func `a message is spoken, then the call ends; it takes no place, and its record says why`() throws {
        let service = try Service(Self.closed(.message("סגור & <חג>", transfer: nil)))
        let first = try service.voice(), second = try service.voice()
        #expect(
            first.text == """
                <?xml version="1.0" encoding="UTF-8"?><Response><Say language="he-IL">סגור &amp; &lt;חג&gt;</Say>\
                <Hangup/></Response>
                """)
        #expect(first == second)
        #expect(service.admission.active == 0 && service.tokens.waitingCount == 0)
        #expect(service.counters[.outsideHours] == 2 && service.counters[.voiceAnswered] == 0)
        // One queue, in order: when this is on disk, so is what came before.
        _ = try service.post(
            Service.form(
                "/twilio/status", [("AccountSid", account), ("CallSid", callID), ("CallStatus", "completed")]))
        let call = try #require(try service.store.call(callID))
        #expect(call.tenant == "clinic" && call.direction == "inbound" && call.endReason == "outsideHours")
        #expect(try service.store.calls().count == 1)
    }

    @Test func `a message and then a person; nobody there ends the call`() throws {
        let service = try Service(Self.closed(.message("Closed.", transfer: "desk")))
        let answer = try service.voice().text
        #expect(answer.contains(#"<Say language="he-IL">Closed.</Say><Dial answerOnBridge="true" timeout="20""#))
        #expect(answer.contains(#"action="https://bridge.example.com/twilio/after-dial""#))
        #expect(answer.contains("<Number>+15005550009</Number></Dial>"))
        let after = try service.post(
            Service.form(
                "/twilio/after-dial",
                [("AccountSid", account), ("CallSid", callID), ("DialCallStatus", "no-answer")]))
        #expect(after.text.hasSuffix("<Response><Hangup/></Response>"))
    }

    @Test func `an agent that answers outside hours is announced as such, and holds a place`() throws {
        let service = try Service(Self.closed(.agent(instructions: "Closed.", greeting: nil)))
        let token = try Service.streamPath(service.voice()).split(separator: "/").last.map(String.init) ?? ""
        guard case .waiting(let grant) = service.tokens.look(up: token) else {
            Issue.record("no call waits")
            return
        }
        #expect(grant.isOutsideHours && service.admission.active == 1)
    }

    @Test func `a call announced before closing time keeps its answer when the webhook comes again`() throws {
        let service = try Service(Self.closed(.message("Closed.", transfer: nil)))
        let open = makeTenant("clinic", clinicNumber, language: "he")
        let grant = StreamGrant(
            call: callID, tenant: open, direction: .inbound, from: "+15005550006", to: clinicNumber)
        _ = try service.tokens.mint(for: grant) { () throws(AdmissionRefusal) in try service.admission.admit("clinic") }
        #expect(try service.voice().text.contains("<Connect"))
        #expect(service.counters[.outsideHours] == 0)
    }

    @Test func `hours are of calls that come in`() throws {
        let service = try Service { configuration in
            Self.closed(.message("Closed.", transfer: nil))(&configuration)
            configuration.tenants[0].outbound = .init(instructions: "Remind.")
        }
        var fields = Service.voiceFields(to: "+15005550006")
        fields.removeAll { $0.0 == "Direction" || $0.0 == "From" }
        fields += [("Direction", "outbound-api"), ("From", clinicNumber)]
        #expect(try service.post(Service.form("/twilio/voice", fields)).text.contains("<Connect"))
    }
}
