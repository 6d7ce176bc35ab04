import Configuration
import Conversation
import Foundation
import GRDB
import Synchronization
import Testing
import Transport
import TurnStore

@testable import CallControl

@Suite struct `Twilio webhooks` {
    // MARK: voice

    @Test func `a call to a tenant's number is on disk and then handed to us`() throws {
        let service = try Service()
        let response = try service.voice()
        #expect(response.status == 200)
        #expect(response.headers["content-type"] == "text/xml; charset=utf-8")
        let path = try Service.streamPath(response)
        #expect(path.wholeMatch(of: #//twilio/media/[0-9a-f]{48}/#) != nil)
        #expect(
            response.text == """
                <?xml version="1.0" encoding="UTF-8"?><Response><Connect \
                action="https://bridge.example.com/twilio/after-stream" method="POST"><Stream \
                url="wss://bridge.example.com\(path)" \
                statusCallback="https://bridge.example.com/twilio/stream-status"/></Connect></Response>
                """)
        let call = try #require(try service.store.call(callID))
        #expect(call.tenant == "clinic" && call.direction == "inbound" && call.status == "ringing")
        #expect(call.from == "+15005550006" && call.to == clinicNumber)
        let events = try service.store.reader.carrierEvents(of: callID)
        #expect(events.map(\.kind) == ["voice"])
        #expect(events[0].fields.contains(.init("CallerCity", "")))
        #expect(service.admission.active == 1)
    }

    @Test func `the same webhook again gives the same token and takes no second place`() throws {
        let service = try Service()
        let first = try service.voice(), second = try service.voice()
        #expect(first == second)
        #expect(service.admission.active == 1)
    }

    @Test(arguments: [
        "+15005559999", "", "client:bob", "5005550001", "+1500555000", salonNumber,
    ]) func `S26 a number of nobody, or of another account, is rejected without a call`(number: String) throws {
        let service = try Service()
        let response = try service.post(Service.form("/twilio/voice", Service.voiceFields(to: number)))
        #expect(response.text.hasSuffix("<Response><Reject/></Response>"))
        #expect(try service.store.calls().isEmpty)
        #expect(service.admission.active == 0 && service.tokens.waitingCount == 0)
        #expect(service.counters[.numberUnknown] == 1)
    }

    @Test func `R13 no inbound words on an outbound call`() throws {
        let service = try Service()
        var fields = Service.voiceFields(to: "+15005550006")
        fields.removeAll { $0.0 == "Direction" || $0.0 == "From" }
        fields += [("Direction", "outbound-api"), ("From", clinicNumber)]
        let response = try service.post(Service.form("/twilio/voice", fields))
        #expect(response.text.contains("<Reject/>"))
        #expect(service.counters[.nothingWrittenForDirection] == 1)
    }

    @Test func `S71 the call above the limit is rejected as busy`() throws {
        let service = try Service { $0.limits.maximumCalls = 1 }
        let first = try service.voice("CA1"), second = try service.voice("CA2")
        #expect(first.text.contains("<Stream"))
        #expect(second.text.contains(#"<Reject reason="busy"/>"#))
        #expect(try service.store.calls().map(\.id) == ["CA1"])
        #expect(service.counters[.serviceFull] == 1)
        // Nobody came for the first one's stream: its place is free again.
        service.clock.advance(seconds: 61)
        #expect(try service.voice("CA3").text.contains("<Stream"))
    }

    @Test func `a call whose stream never came gets an end, one that streams does not`() throws {
        let service = try Service()
        _ = try service.voice("CA1")
        #expect(service.upgrade(try Service.streamPath(service.voice("CA2"))) == .accepted)
        service.clock.advance(seconds: 61)
        _ = try service.voice("CA3")
        service.waitForStore()
        #expect(try service.store.call("CA1")?.endReason == "noStream")
        #expect(try service.store.call("CA2")?.endReason == nil)
        #expect(try service.store.call("CA3")?.endReason == nil)
    }

    @Test func `a service that drains rejects as busy`() throws {
        let service = try Service()
        service.admission.drain()
        #expect(try service.voice().text.contains(#"<Reject reason="busy"/>"#))
        #expect(service.counters[.draining] == 1)
    }

    @Test func `S65 a store that is away for a while turns nobody away, and acknowledges no event`() throws {
        var options = TurnStoreOptions()
        (options.durableMilliseconds, options.busyMilliseconds) = (50, 10)
        let service = try Service(store: options)
        let lock = try StoreLock("\(service.directory)/store.sqlite")
        #expect(try service.voice().text.contains("<Stream"))
        #expect(service.counters[.answeredBeforeDurable] == 1)
        #expect(try service.post(Service.form("/twilio/status", Self.statusFields("in-progress", 1))).status == 503)
        try lock.release()
        for _ in 0..<2_000 where try service.store.call(callID)?.status != "in-progress" { usleep(5_000) }
        #expect(try service.store.call(callID)?.status == "in-progress")
    }

    @Test func `R11 when nothing can be kept, new calls are rejected as busy`() throws {
        let service = try Service()
        service.store.close()
        #expect(try service.voice().text.contains(#"<Reject reason="busy"/>"#))
        #expect(service.admission.active == 0)
    }

    // MARK: signatures and forms

    @Test(arguments: [
        "/twilio/voice", "/twilio/status", "/twilio/stream-status", "/twilio/amd", "/twilio/after-stream",
    ])
    func `S63 a wrong or missing signature is refused with 403 and changes nothing`(path: String) throws {
        let service = try Service()
        let fields = Service.voiceFields()
        var other = Service.form("/twilio/voiceX", fields)
        other.target = path
        #expect(try service.post(Service.form(path, fields, key: nil)).status == 403)
        #expect(try service.post(Service.form(path, fields, key: "another-token")).status == 403)
        #expect(try service.post(other).status == 403)
        let stranger = Service.voiceFields(account: "AC00000000000000000000000000000009")
        #expect(try service.post(Service.form(path, stranger, key: authToken)).status == 403)
        // Another tenant's token does not open this one's account.
        #expect(try service.post(Service.form(path, fields, key: "another-token")).status == 403)
        #expect(service.counters[.signatureMissing] == 1 && service.counters[.accountUnknown] == 1)
        #expect(service.counters[.signatureWrong] == 3)
        #expect(try service.store.calls().isEmpty)
        #expect(try service.store.reader.carrierEvents(of: callID).isEmpty)
        #expect(service.admission.active == 0)
    }

    @Test func `an unsigned webhook passes only where verification was turned off`() throws {
        let service = try Service { $0.twilio.verifySignatures = false }
        let response = try service.post(Service.form("/twilio/voice", Service.voiceFields(), key: nil))
        #expect(response.text.contains("<Stream"))
    }

    @Test func `what is no webhook is answered properly`() throws {
        let service = try Service()
        func status(_ method: String, _ target: String) throws -> HTTPResponse {
            try service.post(HTTPRequest(method: method, target: target))
        }
        #expect(try status("GET", "/healthz").text == "ok\n")
        #expect(try status("POST", "/healthz").status == 405)
        #expect(try status("GET", "/twilio/voice").headers["allow"] == "POST")
        #expect(try status("GET", "/twilio/other").status == 404)
        #expect(try status("GET", "/").status == 404)
        #expect(try status("GET", "/twilio/media").status == 426)
        #expect(try status("GET", "/twilio/media/abc").status == 426)
        var json = Service.form("/twilio/voice", Service.voiceFields())
        json.headers = HTTPHeaders([("Content-Type", "application/json")])
        #expect(try service.post(json).status == 400)
        var broken = Service.form("/twilio/voice", Service.voiceFields())
        broken.body += Array("&a=%".utf8)
        #expect(try service.post(broken).status == 400)
        let noCall = Service.voiceFields("").filter { $0.0 != "CallSid" }
        #expect(try service.post(Service.form("/twilio/voice", noCall)).status == 400)
        #expect(try service.post(Service.form("/twilio/voice", Service.voiceFields("CA 1'"))).status == 400)
    }

    @Test func `without a public URL the service is named by its listener`() throws {
        let service = try Service { $0.publicListener.publicURL = nil }
        service.webhooks.listening(onPort: 49_152)
        let request = Service.form("/twilio/voice", Service.voiceFields(), origin: "http://127.0.0.1:49152")
        #expect(try service.post(request).text.contains(#"url="ws://127.0.0.1:49152/twilio/media/"#))
    }

    // MARK: status

    static func statusFields(_ status: String, _ sequence: Int?) -> [(String, String)] {
        [("AccountSid", account), ("CallSid", callID), ("CallStatus", status)]
            + (sequence.map { [("SequenceNumber", "\($0)")] } ?? [])
    }

    @Test func `R12 webhooks in any order lead to one status, a repeated one to nothing`() throws {
        let service = try Service()
        _ = try service.voice()
        for (status, sequence) in [
            ("completed", 3), ("initiated", 0), ("in-progress", 2), ("ringing", 1), ("completed", 3),
        ] {
            let response = try service.post(Service.form("/twilio/status", Self.statusFields(status, sequence)))
            #expect(response.status == 204 && response.body.isEmpty)
        }
        #expect(try service.store.call(callID)?.status == "completed")
        let events = try service.store.reader.carrierEvents(of: callID).filter { $0.kind == "status" }
        #expect(Set(events.map(\.sequence)) == [0, 1, 2, 3] && events.count == 4)
        #expect(service.counters[.eventStored] == 4 && service.counters[.eventRepeated] == 1)
    }

    @Test func `without sequence numbers each status is its own event, and an unknown one changes nothing`() throws {
        let service = try Service()
        for status in ["ringing", "completed", "on-the-moon"] {
            #expect(try service.post(Service.form("/twilio/status", Self.statusFields(status, nil))).status == 204)
        }
        let kinds = try service.store.reader.carrierEvents(of: callID).map(\.kind)
        #expect(Set(kinds) == ["status-ringing", "status-completed", "status-on-the-moon"])
        #expect(service.counters[.statusUnknown] == 1)
    }

    @Test(arguments: AnsweringParty.allCases)
    func `S52 the carrier's verdict on who picked up reaches the call, and the record`(party: AnsweringParty) throws {
        let service = try Service()
        _ = try service.voice()
        let names: [AnsweringParty: String] = [
            .human: "human", .machineStart: "machine_start", .machineEndBeep: "machine_end_beep",
            .machineEndSilence: "machine_end_silence", .machineEndOther: "machine_end_other", .fax: "fax",
            .unknown: "unknown",
        ]
        let fields = [("AccountSid", account), ("CallSid", callID), ("AnsweredBy", names[party] ?? "")]
        #expect(try service.post(Service.form("/twilio/amd", fields)).status == 204)
        #expect(service.acceptor.verdicts.withLock { $0 } == [callID: [party]])
        #expect(try service.store.reader.carrierEvents(of: callID).map(\.kind).contains("amd-\(names[party] ?? "")"))
    }

    @Test func `S52 R13 a verdict of another account, of an unknown call, or in unknown words reaches nobody`() throws {
        let service = try Service()
        _ = try service.voice()
        let foreign = [("AccountSid", otherAccount), ("CallSid", callID), ("AnsweredBy", "fax")]
        _ = try service.post(Service.form("/twilio/amd", foreign, key: "another-token"))
        let unknown = [("AccountSid", account), ("CallSid", "CA77"), ("AnsweredBy", "fax")]
        #expect(try service.post(Service.form("/twilio/amd", unknown)).status == 204)
        let odd = [("AccountSid", account), ("CallSid", callID), ("AnsweredBy", "martian")]
        #expect(try service.post(Service.form("/twilio/amd", odd)).status == 204)
        #expect(service.counters[.answeringPartyUnknown] == 1)
        #expect(service.acceptor.verdicts.withLock { $0 }.isEmpty)
    }

    @Test func `a caller who hangs up before the stream gives the place back`() throws {
        let service = try Service()
        let path = try Service.streamPath(service.voice())
        #expect(service.admission.active == 1)
        _ = try service.post(Service.form("/twilio/status", Self.statusFields("completed", 1)))
        #expect(service.admission.active == 0)
        #expect(service.upgrade(path) == .refused(403))
        service.waitForStore()
        #expect(try service.store.call(callID)?.endReason == "noStream")
        // And the webhook that started it, replayed, starts nothing.
        #expect(try service.voice().text.contains("<Hangup/>"))
        #expect(service.counters[.callOver] == 1)
    }

    @Test func `R13 an account that names another one's call learns nothing and changes nothing`() throws {
        let service = try Service()
        let path = try Service.streamPath(service.voice())
        func asSalon(_ endpoint: String, _ fields: [(String, String)]) throws -> String {
            try service.post(Service.form(endpoint, fields, key: "another-token")).text
        }
        let voice = Service.voiceFields(to: salonNumber, account: otherAccount)
        #expect(try asSalon("/twilio/voice", voice).contains("<Reject/>"))
        #expect(try asSalon("/twilio/after-stream", voice).contains("<Response><Hangup/>"))
        _ = try asSalon(
            "/twilio/status", [("AccountSid", otherAccount), ("CallSid", callID), ("CallStatus", "failed")])
        #expect(try service.store.call(callID)?.status == "ringing")
        #expect(service.upgrade(path) == .accepted)
    }

    @Test func `S61 all 5,040 orders of seven webhooks, each said twice, end in one state`() throws {
        var options = TurnStoreOptions()
        options.inletCapacity = 131_072
        let service = try Service(store: options)
        let events: [(kind: String, sequence: Int64, status: CallStatus?)] = [
            ("status", 0, .queued), ("status", 1, .ringing), ("status", 2, .inProgress), ("stream-started:MZ1", 0, nil),
            ("stream-stopped:MZ1", 0, nil), ("recording", 0, nil), ("status", 3, .completed),
        ]
        let histories = Mutex<[String: [CallStatus]]>([:])
        for (number, order) in permutations(Array(events.indices)).enumerated() {
            for index in order.flatMap({ [$0, $0] }) {
                let status = events[index].status
                let event = CarrierEvent(
                    account: account, call: "CA\(number)", kind: events[index].kind, sequence: events[index].sequence,
                    receivedAtUnixMilliseconds: 1)
                service.webhooks.statusWriter.append(
                    event, status: status, durationSeconds: status == .completed ? 42 : nil, by: ["clinic"]
                ) { outcome in
                    guard outcome == .committed(isNew: true, statusChanged: true), let status else { return }
                    histories.withLock { $0["CA\(number)", default: []].append(status) }
                }
            }
        }
        service.store.close()
        #expect(service.store.health.refused == 0 && service.store.health.rejected == 0)
        let all = histories.withLock { $0 }
        #expect(all.count == 5_040)
        for (call, history) in all {
            let isLegal = zip([nil] + history.map(Optional.some), history).allSatisfy { CallStatus.allows($0, $1) }
            #expect(history.last == .completed && isLegal, "\(call): \(history)")
        }
        let rows = try DatabaseQueue(path: service.store.path).read {
            try Int.fetchOne($0, sql: "SELECT count(*) FROM call_status WHERE status = 'completed' AND duration_s = 42")
        }
        #expect(rows == 5_040)
    }

    @Test func `seconds are not minutes, and what is no number is no length`() throws {
        let service = try Service()
        _ = try service.voice()
        func completed(_ sequence: Int, _ more: [(String, String)]) throws {
            let fields = [
                ("AccountSid", account), ("CallSid", callID), ("CallStatus", "completed"),
                ("SequenceNumber", "\(sequence)"),
            ]
            #expect(try service.post(Service.form("/twilio/status", fields + more)).status == 204)
        }
        try completed(3, [("Duration", "2")])
        #expect(try service.store.call(callID)?.durationSeconds == nil)
        for (number, text) in ["", "-1", "61.5", "99999999999999999999", "604801"].enumerated() {
            try completed(4 + number, [("CallDuration", text)])
            #expect(try service.store.call(callID)?.durationSeconds == nil, "\(text)")
        }
        try completed(20, [("Duration", "2"), ("CallDuration", "61")])
        try completed(21, [("Duration", "3"), ("CallDuration", "121")])
        let call = try #require(try service.store.call(callID))
        #expect(call.durationSeconds == 61 && call.status == "completed")
    }

    @Test func `answered is in-progress, and comes late without harm`() throws {
        let service = try Service()
        _ = try service.voice()
        for (number, name) in ["answered", "initiated", "ringing"].enumerated() {
            let fields = [
                ("AccountSid", account), ("CallSid", callID), ("CallStatus", name), ("SequenceNumber", "\(9 - number)"),
            ]
            #expect(try service.post(Service.form("/twilio/status", fields)).status == 204)
            #expect(try service.store.call(callID)?.status == "in-progress")
        }
    }

    @Test func `a leg that the carrier dialled is a call of its own, under its parent's tenant`() throws {
        let service = try Service()
        _ = try service.voice()
        let child = [
            ("AccountSid", account), ("CallSid", "CAchild"), ("ParentCallSid", callID), ("Direction", "outbound-dial"),
            ("From", clinicNumber), ("To", "+15005550009"), ("CallStatus", "ringing"), ("SequenceNumber", "1"),
        ]
        #expect(try service.post(Service.form("/twilio/status", child)).status == 204)
        var leg = try #require(try service.store.call("CAchild"))
        #expect(
            leg.parent == callID && leg.tenant == "clinic" && leg.direction == "outbound" && leg.status == "ringing")
        let after = [
            ("AccountSid", account), ("CallSid", callID), ("DialCallSid", "CAchild"), ("DialCallStatus", "completed"),
            ("DialCallDuration", "75"), ("Duration", "2"),
        ]
        for _ in 0..<2 { #expect(try service.post(Service.form("/twilio/after-dial", after)).status == 200) }
        service.waitForStore()
        leg = try #require(try service.store.call("CAchild"))
        #expect(leg.status == "completed" && leg.durationSeconds == 75 && leg.to == "+15005550009")
        #expect(leg.direction == "outbound" && leg.startedAtUnixMilliseconds > 0)
        let parent = try #require(try service.store.call(callID))
        #expect(parent.status == "ringing" && parent.direction == "inbound" && parent.durationSeconds == nil)
        let events = try service.store.reader.carrierEvents(of: "CAchild")
        #expect(events.map(\.kind) == ["status", "dial-completed"])
        #expect(events.last?.fields.map(\.name) == ["DialCallSid", "DialCallStatus", "DialCallDuration"])
    }

    @Test func `R13 nobody makes a leg of another account's call`() throws {
        let service = try Service()
        _ = try service.voice()
        let child = [
            ("AccountSid", otherAccount), ("CallSid", "CAchild"), ("ParentCallSid", callID),
            ("Direction", "outbound-dial"), ("CallStatus", "ringing"),
        ]
        #expect(try service.post(Service.form("/twilio/status", child, key: "another-token")).status == 204)
        #expect(try service.store.call("CAchild") == nil)
    }

    @Test func `a direction the carrier does not say is what the numbers allow`() throws {
        let service = try Service { $0.tenants[0].outbound = $0.tenants[0].inbound }
        for (call, from, to) in [("CAin", "+15005550006", clinicNumber), ("CAout", clinicNumber, "+15005550006")] {
            let fields = [("AccountSid", account), ("CallSid", call), ("From", from), ("To", to)]
            #expect(try service.post(Service.form("/twilio/voice", fields)).text.contains("<Stream"))
        }
        #expect(try service.store.call("CAin")?.direction == "inbound")
        #expect(try service.store.call("CAout")?.direction == "outbound")
    }

    // MARK: after the stream

    private func afterStream(_ service: Service) throws -> String {
        try service.post(Service.form("/twilio/after-stream", Service.voiceFields())).text
    }

    @Test func `after a call that was held comes the hang-up, however often it is asked`() throws {
        let service = try Service()
        #expect(service.upgrade(try Service.streamPath(service.voice())) == .accepted)
        for _ in 0..<2 { #expect(try afterStream(service).hasSuffix("<Response><Hangup/></Response>")) }
        service.tokens.end(callID, wasSpokenTo: true)
        service.tokens.end(callID, wasSpokenTo: false)
        #expect(try afterStream(service).hasSuffix("<Response><Hangup/></Response>"))
    }

    @Test func `a caller who heard nothing is told the fallback words, in the tenant's language`() throws {
        let service = try Service()
        let words = #"<Say language="he-IL">Sorry &amp; &lt;goodbye&gt;.</Say><Hangup/>"#
        _ = try service.voice()
        #expect(try afterStream(service).contains(words))  // The stream never came.
        let other = try Service()
        #expect(other.upgrade(try Service.streamPath(other.voice())) == .accepted)
        other.tokens.end(callID, wasSpokenTo: false)
        for _ in 0..<2 { #expect(try afterStream(other).contains(words)) }
    }

    @Test func `after a call nobody knows comes the hang-up`() throws {
        #expect(try afterStream(Service()).contains("<Hangup/>"))
    }

    @Test func `stream events are kept, each once`() throws {
        let service = try Service()
        for name in ["stream-started", "stream-stopped", "stream-started"] {
            let fields = [("AccountSid", account), ("CallSid", callID), ("StreamSid", "MZ1"), ("StreamEvent", name)]
            #expect(try service.post(Service.form("/twilio/stream-status", fields)).status == 204)
        }
        let kinds = try service.store.reader.carrierEvents(of: callID).map(\.kind)
        #expect(Set(kinds) == ["stream-started:MZ1", "stream-stopped:MZ1"] && kinds.count == 2)
    }
}

@Suite struct `Webhooks at once` {
    @Test func `S62 two webhooks and the end of the stream in the same millisecond: no update is lost`() throws {
        let service = try Service()
        for round in 0..<20 {
            let call = "CA\(round)"
            #expect(service.upgrade(try Service.streamPath(service.voice(call))) == .accepted)
            let running = Service.form("/twilio/status", status("in-progress", 1, call))
            let final = Service.form("/twilio/status", status("completed", 2, call))
            let (webhooks, store) = (service.webhooks, service.store)
            let exchanges = [FakeExchange(), FakeExchange()]
            DispatchQueue.concurrentPerform(iterations: 3) { task in
                switch task {
                case 0: webhooks.handle(running, exchanges[0])
                case 1: webhooks.handle(final, exchanges[1])
                default:
                    store.appendDurably(
                        .callEnded(CallEnd(call: call, reason: "callerHungUp", endedAtUnixMilliseconds: 2))
                    ) { _ in }
                }
            }
            service.waitForStore()
            for exchange in exchanges { #expect(try exchange.response().status == 204) }
            let stored = try #require(try service.store.call(call))
            #expect(stored.status == "completed", "whichever came first")
            #expect(stored.endReason == "callerHungUp")
            let kinds = try service.store.reader.carrierEvents(of: call).map(\.kind)
            #expect(kinds.filter { $0 == "status" }.count == 2 && kinds.contains("voice"))
        }
    }

    private func status(_ name: String, _ sequence: Int, _ call: String) -> [(String, String)] {
        [("AccountSid", account), ("CallSid", call), ("CallStatus", name), ("SequenceNumber", "\(sequence)")]
    }
}
