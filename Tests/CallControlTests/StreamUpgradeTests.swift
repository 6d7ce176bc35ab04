import CallControl
import Configuration
import Conversation
import Foundation
import Synchronization
import Testing
import Transport
import TurnStore

@Suite struct `Media stream upgrades` {
    @Test func `an announced stream comes in once, with its call's place`() throws {
        let service = try Service()
        let path = try Service.streamPath(service.voice())
        #expect(service.upgrade(path) == .accepted)
        let call = try #require(service.acceptor.calls.first)
        guard case .announced(let grant) = call.identity else {
            Issue.record("\(call.identity)")
            return
        }
        #expect(grant.call == callID && grant.tenant.id == "clinic" && grant.direction == .inbound)
        #expect(grant.from == "+15005550006" && grant.to == clinicNumber)
        #expect(call.ticket != nil && !call.isTakeover)
        #expect(call.grant(call: callID, account: account) == grant)
        #expect(call.grant(call: "CA2", account: account) == nil)
        #expect(call.grant(call: callID, account: otherAccount) == nil)
        #expect(service.admission.active == 1)
        #expect(service.counters[.streamAccepted] == 1)
    }

    @Test func `the place is held until the call is let go`() throws {
        let service = try Service()
        #expect(service.upgrade(try Service.streamPath(service.voice())) == .accepted)
        service.clock.advance(seconds: 3_600)
        #expect(service.tokens.waitingCount == 0)
        #expect(service.admission.active == 1)
        service.acceptor.dropAll()
        #expect(service.admission.active == 0)
    }

    @Test func `S63 a stream without a right signature is refused and its token stays good`() throws {
        let service = try Service()
        let path = try Service.streamPath(service.voice())
        #expect(service.upgrade(path, key: nil) == .refused(403))
        #expect(service.upgrade(path, key: "another-token") == .refused(403))
        #expect(service.upgrade(path, signed: "/twilio/media") == .refused(403))
        #expect(service.counters[.signatureMissing] == 1 && service.counters[.signatureWrong] == 2)
        #expect(service.acceptor.calls.isEmpty)
        #expect(service.upgrade(path) == .accepted)
    }

    @Test(arguments: ["/twilio/media/deadbeef", "/twilio/media/%2e", "/twilio/media/a/b", "/twilio/media//"])
    func `R16 a token nobody gave out opens nothing`(path: String) throws {
        let service = try Service()
        _ = try service.voice()
        #expect(service.upgrade(path) == .refused(403))
        #expect(service.counters[.tokenUnknown] == 1)
    }

    @Test func `a token expires, and gives the place back`() throws {
        let service = try Service()
        let path = try Service.streamPath(service.voice())
        service.clock.advance(seconds: 61)
        #expect(service.upgrade(path) == .refused(403))
        #expect(service.admission.active == 0 && service.tokens.waitingCount == 0)
    }

    @Test func `S24 the same call's carrier tries again and takes over, without a second place`() throws {
        let service = try Service()
        let path = try Service.streamPath(service.voice())
        #expect(service.upgrade(path) == .accepted)
        service.clock.advance(seconds: 1_800)
        #expect(service.upgrade(path) == .accepted)
        #expect(service.acceptor.calls.map(\.isTakeover) == [false, true])
        #expect(service.acceptor.calls[1].ticket == nil)
        #expect(service.admission.active == 1 && service.counters[.streamTakenOver] == 1)
        // When the call is over its token opens nothing.
        service.tokens.end(callID, wasSpokenTo: true)
        #expect(service.upgrade(path) == .refused(403))
    }

    @Test func `a second use needs a right signature even where verification is off`() throws {
        let service = try Service { $0.twilio.verifySignatures = false }
        let path = try Service.streamPath(service.voice())
        #expect(service.upgrade(path, key: nil) == .accepted)
        #expect(service.upgrade(path, key: nil) == .refused(403))
        #expect(service.counters[.tokenReused] == 1)
        #expect(service.upgrade(path) == .accepted)
    }

    @Test func `two upgrades with one token in the same moment share one place`() throws {
        for _ in 0..<20 {
            let service = try Service()
            let path = try Service.streamPath(service.voice())
            let results = Mutex<[Service.Upgrade]>([])
            nonisolated(unsafe) let shared = service
            DispatchQueue.concurrentPerform(iterations: 2) { _ in
                let result = unsafe shared.upgrade(path)
                results.withLock { $0.append(result) }
            }
            #expect(results.withLock { $0 } == [.accepted, .accepted])
            #expect(service.acceptor.calls.count { $0.ticket != nil } == 1)
            #expect(service.admission.active == 1)
        }
    }

    @Test func `a declined stream gives its place back and is answered 503`() throws {
        let service = try Service()
        let path = try Service.streamPath(service.voice())
        service.acceptor.declines.store(true, ordering: .relaxed)
        #expect(service.upgrade(path) == .refused(503))
        #expect(service.admission.active == 0)
        service.waitForStore()
        #expect(try service.store.call(callID)?.endReason == "streamDeclined")
        guard case .ended(_, wasSpokenTo: false) = service.tokens.ending(of: callID, account: account) else {
            Issue.record("\(service.tokens.ending(of: callID, account: account))")
            return
        }
    }

    @Test func `another path is not found`() throws {
        #expect(try Service().upgrade("/twilio/voice") == .refused(404))
        #expect(try Service().upgrade("/twilio/mediaX") == .refused(404))
    }

    // MARK: The fixed path

    @Test(arguments: ["/twilio/media", "/twilio/media/"])
    func `the fixed path opens to a signature, whatever the configuration says`(path: String) throws {
        let service = try Service { $0.twilio.verifySignatures = false }
        #expect(service.upgrade(path, key: nil) == .refused(403))
        #expect(service.upgrade(path, key: "wrong") == .refused(403))
        #expect(service.admission.active == 0)
        #expect(service.upgrade(path) == .accepted)
        let call = try #require(service.acceptor.calls.first)
        let grant = call.grant(call: callID, account: account, parameters: ["from": "+1", "direction": "outbound"])
        #expect(grant?.tenant.id == "clinic" && grant?.direction == .outbound && grant?.from == "+1")
        #expect(service.admission.active(of: "clinic") == 1)
        #expect(call.grant(call: callID, account: otherAccount) == nil)
    }

    @Test func `of several tenants of an account the stream must name its own`() throws {
        let service = try Service {
            $0.tenants = [makeTenant("a", "+15005550001"), makeTenant("b", "+15005550002")]
        }
        #expect(service.upgrade("/twilio/media") == .accepted)
        let call = try #require(service.acceptor.calls.first)
        #expect(call.grant(call: callID, account: account) == nil)
        #expect(call.grant(call: callID, account: account, parameters: ["tenant": "c"]) == nil)
        #expect(call.grant(call: callID, account: account, parameters: ["tenant": "b"])?.tenant.id == "b")
    }

    @Test func `the fixed path has no place beyond the limit`() throws {
        let service = try Service { $0.limits.maximumCalls = 1 }
        #expect(service.upgrade("/twilio/media") == .accepted)
        #expect(service.upgrade("/twilio/media") == .refused(503))
        #expect(service.counters[.serviceFull] == 1)
    }
}
