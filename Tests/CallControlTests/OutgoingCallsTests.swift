import Configuration
import Synchronization
import Testing

@testable import CallControl

@Suite struct `Calls that the carrier makes` {
    private final class Clock: Sendable {
        let seconds = Atomic<UInt64>(1_000)
        var now: @Sendable () -> UInt64 { { self.seconds.load(ordering: .relaxed) * 1_000_000_000 } }
        func pass(_ more: UInt64) { seconds.wrappingAdd(more, ordering: .relaxed) }
    }
    private static let tenant = Tenant(
        id: "clinic", numbers: [clinicNumber], accountSid: account, authToken: Secret(authToken), fallback: .text("no"))

    private let clock = Clock()
    private let admission: Admission
    private let calls: OutgoingCalls

    init() {
        admission = Admission(limits: LimitConfiguration(), tenants: [Self.tenant])
        calls = OutgoingCalls(clock: clock.now)
    }

    private func add(_ request: String) throws {
        calls.add(
            request, tenant: Self.tenant, context: "Anna", ticket: try admission.admit("clinic"), ringSeconds: 30)
    }

    @Test func `a call nobody tells of gives its place back after its time, and its record is closed`() throws {
        try add("r1")
        try add("r2")
        calls.name("r2", as: "CA2")
        #expect(admission.active == 2 && calls.count == 2)
        clock.pass(30 + UInt64(OutgoingCalls.graceSeconds) - 1)
        #expect(calls.takeOverdue() == [] && admission.active == 2)
        clock.pass(1)
        #expect(calls.takeOverdue() == ["CA2"])
        #expect(admission.active == 0 && calls.count == 0)
    }

    @Test func `the place goes to the first webhook alone, and comes back when nobody keeps it`() throws {
        try add("r1")
        var claim = calls.claim("r1", call: "CA1", account: account)
        #expect(claim?.context == "Anna" && claim?.ticket != nil && admission.active == 1)
        #expect(calls.claim("r1", call: "CA1", account: account)?.ticket == nil)
        claim = nil
        #expect(admission.active == 0)
        #expect(!calls.finished("r1", call: "CA1", account: account), "its stream's own end closes the record")
    }

    @Test func `R13 one request is one call of its own account`() throws {
        try add("r1")
        #expect(calls.claim("r1", call: "CA1", account: otherAccount) == nil)
        #expect(calls.claim("r9", call: "CA1", account: account) == nil)
        #expect(calls.claim("r1", call: "CA1", account: account) != nil)
        #expect(calls.claim("r1", call: "CA2", account: account) == nil, "somebody has the address of another's call")
        #expect(calls.claim(nil, call: "CA1", account: account) != nil, "its id is enough from then on")
    }

    @Test func `a call that ends without a stream is over once`() throws {
        try add("r1")
        calls.name("r1", as: "CA1")
        #expect(calls.tenant(of: "CA1")?.id == "clinic")
        #expect(calls.finished(nil, call: "CA1", account: account))
        #expect(!calls.finished("r1", call: "CA1", account: account))
        #expect(admission.active == 0)
    }

    @Test func `what is heard late of a call that may have been made is told once`() throws {
        let told = Mutex<[String]>([])
        calls.whenHeardLate { request, call in told.withLock { $0.append("\(request) \(call)") } }
        try add("r1")
        #expect(calls.markUnknown("r1") == nil)
        calls.heard(of: "r1", call: "CA1", account: account)
        calls.heard(of: "r1", call: "CA1", account: account)
        #expect(told.withLock { $0 } == ["r1 CA1"])
        #expect(calls.markUnknown("r1") == "CA1")
        try add("r2")
        calls.remove("r2")
        #expect(admission.active == 1)
    }
}
