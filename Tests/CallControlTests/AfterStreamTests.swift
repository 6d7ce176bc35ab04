import Configuration
import Conversation
import Foundation
import Testing
import TurnStore

@testable import CallControl

/// What comes after the stream, and what a process that was killed leaves for the next (R4, R5).
@Suite struct `After the stream` {
    /// The rows of the table in docs/CALL_STATE_MACHINE.md.
    private static func table() throws -> [[String]] {
        var root = URL(fileURLWithPath: #filePath)
        while root.lastPathComponent != "Tests" { root.deleteLastPathComponent() }
        root.deleteLastPathComponent()
        let text = try String(contentsOf: root.appendingPathComponent("docs/CALL_STATE_MACHINE.md"), encoding: .utf8)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let start = try #require(lines.firstIndex { $0.hasPrefix("| what is known of the call |") })
        return lines[(start + 2)...].prefix { $0.hasPrefix("|") }.map { line in
            line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
        }
    }

    @Test func `R5 each situation is answered as docs/CALL_STATE_MACHINE.md says`() throws {
        let rows = try Self.table()
        #expect(rows.map { $0[0] } == AfterStream.Situation.allCases.map(\.rawValue))
        for row in rows {
            let situation = try #require(AfterStream.Situation(rawValue: row[0]))
            #expect(AfterStream.answer(situation, hasWords: true).rawValue == row[2], "\(row)")
            #expect(AfterStream.answer(situation, hasWords: false).rawValue == row[3], "\(row)")
        }
    }

    /// The words between the tags, and `<Say>`s.
    private static func isSilent(_ twiML: String) -> Bool {
        !twiML.contains("<Say") && !twiML.contains("<Play>") && !twiML.contains("<Gather")
    }

    @Test
    func `R4 no answer to the carrier greets: what it says is a fallback after which it hangs up, and nothing else`()
        throws
    {
        let origin = try #require(PublicOrigin("https://bridge.example.com"))
        let stream = CallStream(path: "/twilio/media/0", tenant: "clinic")
        let answers = [
            TwiML.reject(busy: true), TwiML.reject(busy: false), TwiML.hangUp,
            TwiML.stream("wss://x/", afterStream: "https://x/", statusCallback: "https://x/"),
            TwiML.streamAgain(stream, origin: origin), TwiML.streamAgain(stream, afterKeys: "12#", origin: origin),
            TwiML.dial("+15005550009", ringSeconds: 20, callerID: nil, afterDial: "https://x/"),
            TwiML.dial("sip:desk@example.com", ringSeconds: 20, callerID: "+15005550001", afterDial: "https://x/"),
        ]
        for answer in answers { #expect(Self.isSilent(answer), "\(answer)") }
        let said = TwiML.sayAndHangUp("Sorry.", language: "en")
        #expect(said.contains("<Say") && said.hasSuffix("<Hangup/></Response>"))

        // And as the webhooks answer, in every situation.
        let service = try Service { configuration in
            configuration.tenants[0].inbound = .init(instructions: "Be brief.", greeting: "Welcome to the clinic.")
            configuration.tenants[0].outbound = .init(instructions: "Brief.", greeting: "This is the clinic calling.")
        }
        let all = [
            try service.voice().text, try service.voice().text,
            try service.post(Service.form("/twilio/after-stream", Service.voiceFields())).text,
            try service.post(Service.form("/twilio/after-dial", Service.voiceFields())).text,
            try service.post(Service.form("/twilio/voice", Service.voiceFields(to: "+15005559999"))).text,
        ]
        for answer in all {
            #expect(!answer.contains("Welcome") && !answer.contains("This is the clinic"), "\(answer)")
            if answer.contains("<Say") { #expect(answer.hasSuffix("<Hangup/></Response>")) }
        }
    }

    // MARK: Another process had the call

    private func leave(_ service: Service, _ records: [StoreRecord]) throws {
        for record in records {
            let done = DispatchSemaphore(value: 0)
            service.store.appendDurably(record) { _ in done.signal() }
            #expect(done.wait(timeout: .now() + 10) == .success)
        }
    }

    /// As a process that was killed in mid-call leaves the store.
    private func leaveCallUp(_ service: Service, facts: [OnceFact], tenant: String = "clinic") throws {
        let started = Int64(Date().timeIntervalSince1970 * 1_000) - 60_000
        var turn = Turn(index: 4, speaker: .agent, item: nil, startedAt: .init(milliseconds: 2_000))
        turn.text = "Four before."
        try leave(
            service,
            [
                .callStarted(
                    CallStart(
                        call: callID, tenant: tenant, direction: .inbound, from: "+15005550006", to: clinicNumber,
                        startedAtUnixMilliseconds: started)),
                .streamStarted(call: callID, stream: "MZ1", atUnixMilliseconds: started),
                .turn(call: callID, turn),
                .carrierEvent(
                    CarrierEvent(
                        account: account, call: callID, kind: "voice", receivedAtUnixMilliseconds: started), nil),
            ] + facts.map { .fact($0, call: callID, atUnixMilliseconds: started) })
    }

    private func grant(_ service: Service, _ answer: String) throws -> StreamGrant {
        let token = try #require(answer.firstMatch(of: #//twilio/media/([0-9a-f]{48})/#)?.1)
        guard case .waiting(let grant) = service.tokens.look(up: String(token)) else {
            throw FakeExchange.NoAnswer()
        }
        return grant
    }

    @Test func `R4 a call that is announced again to another process is known to have been greeted`() throws {
        let service = try Service()
        try leaveCallUp(service, facts: [.greeted, .noticeSpoken])
        let grant = try grant(service, try service.voice().text)
        #expect(grant.history.wasGreeted && grant.history.heardNotice && !grant.history.wasHungUp)
        #expect(grant.history.isResumed && grant.history.turns == 5)
    }

    @Test func `R4 a call that no process has greeted is greeted`() throws {
        let fresh = try Service()
        #expect(try grant(fresh, try fresh.voice().text).history == CallHistory())
        let service = try Service()
        try leaveCallUp(service, facts: [])
        #expect(try grant(service, try service.voice().text).history.wasGreeted == false)
    }

    @Test func `R5 a call that was hung up is not taken up again, and takes no place`() throws {
        let service = try Service()
        try leaveCallUp(service, facts: [.greeted, .hungUp])
        #expect(try service.voice().text.hasSuffix("<Response><Hangup/></Response>"))
        #expect(service.admission.active == 0)
        let answer = try service.post(Service.form("/twilio/after-stream", Service.voiceFields())).text
        #expect(answer.hasSuffix("<Response><Hangup/></Response>"))
    }

    @Test func `R4 a call that a killed process left up goes on in the next, however often the carrier asks`() throws {
        let service = try Service()
        try leaveCallUp(service, facts: [.greeted])
        let first = try service.post(Service.form("/twilio/after-stream", Service.voiceFields())).text
        #expect(first.contains("<Connect") && Self.isSilent(first))
        #expect(try grant(service, first).history.wasGreeted)
        #expect(try service.post(Service.form("/twilio/after-stream", Service.voiceFields())).text == first)
        #expect(service.admission.active == 1)
    }

    @Test func `R13 a call of another account's tenant is not taken up`() throws {
        let service = try Service()
        try leaveCallUp(service, facts: [.greeted], tenant: "salon")
        let answer = try service.post(Service.form("/twilio/after-stream", Service.voiceFields())).text
        #expect(answer.hasSuffix("<Response><Hangup/></Response>"))
        #expect(service.admission.active == 0)
    }
}
