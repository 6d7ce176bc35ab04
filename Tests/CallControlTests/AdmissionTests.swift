import CallControl
import Configuration
import Foundation
import Synchronization
import Testing
import TurnStore

@Suite struct `Admission of calls` {
    private func make(_ limit: Int, perTenant: Int? = nil) -> Admission {
        var limits = LimitConfiguration()
        (limits.maximumCalls, limits.maximumCallsPerTenant) = (limit, perTenant)
        return Admission(limits: limits, tenants: [makeTenant("a", "+15005550001"), makeTenant("b", "+15005550002")])
    }

    private func refusal(_ admission: Admission, _ tenant: String) -> AdmissionRefusal? {
        do {
            _ = try admission.admit(tenant)
            return nil
        } catch { return error }
    }

    @Test func `S71 the 51st call at a limit of 50 is refused`() throws {
        let admission = make(50)
        var tickets = try (0..<50).map { _ in try admission.admit("a") }
        #expect(refusal(admission, "a") == .full)
        tickets.removeLast()
        #expect(refusal(admission, "a") == nil)
        #expect(admission.active == 49 && admission.active(of: "a") == 49)
        tickets.removeAll()
        #expect(admission.active == 0 && admission.active(of: "a") == 0)
    }

    @Test func `S71 two threads race for the last place, and never both have it`() throws {
        let admission = make(50)
        let held = try (0..<49).map { _ in try admission.admit("a") }
        final class Tally: Sendable { let holders = Atomic<Int>(0), tooMany = Atomic<Int>(0), wins = Atomic<Int>(0) }
        let tally = Tally()
        onTwoThreads {
            guard let ticket = try? admission.admit("a") else { return }
            if tally.holders.wrappingAdd(1, ordering: .sequentiallyConsistent).newValue > 1 || admission.active > 50 {
                tally.tooMany.wrappingAdd(1, ordering: .relaxed)
            }
            tally.wins.wrappingAdd(1, ordering: .relaxed)
            tally.holders.wrappingSubtract(1, ordering: .sequentiallyConsistent)
            ticket.release()
        }
        #expect(tally.tooMany.load(ordering: .relaxed) == 0)
        #expect(tally.wins.load(ordering: .relaxed) > 0)
        #expect(admission.active == 49 && admission.active(of: "a") == 49)
        withExtendedLifetime(held) {}
    }

    @Test func `no place is lost or counted twice when two threads come and go`() throws {
        let admission = make(10_000)
        onTwoThreads { _ = try? admission.admit("a") }
        #expect(admission.active == 0 && admission.active(of: "a") == 0)
    }

    /// For most of a second: on a busy host two threads meet only now and then. Threads of their own, because a
    /// dispatch pool may well run both halves one after the other.
    private func onTwoThreads(_ body: @escaping @Sendable () -> Void) {
        let done = DispatchSemaphore(value: 0)
        let end = DispatchTime.now() + .milliseconds(800)
        for _ in 0..<2 {
            Thread {
                while DispatchTime.now() < end { for _ in 0..<1_000 { body() } }
                done.signal()
            }.start()
        }
        for _ in 0..<2 { done.wait() }
    }

    @Test func `a tenant's limit leaves the others their places`() throws {
        let admission = make(3, perTenant: 1)
        let first = try admission.admit("a")
        #expect(refusal(admission, "a") == .tenantFull)
        #expect(admission.active == 1)
        let second = try admission.admit("b")
        first.release()
        first.release()
        #expect(admission.active == 1 && admission.active(of: "a") == 0)
        #expect(refusal(admission, "nobody") == .unknownTenant)
        #expect(admission.active == 1)
        withExtendedLifetime(second) {}
    }

    @Test func `draining lets nobody in and nobody out`() throws {
        let admission = make(3)
        let ticket = try admission.admit("a")
        admission.drain()
        #expect(refusal(admission, "a") == .draining)
        #expect(admission.active == 1)
        withExtendedLifetime(ticket) {}
    }

    @Test func `a stream that says later whose it is`() throws {
        let admission = make(3, perTenant: 1)
        let first = try admission.admitUnidentified(), second = try admission.admitUnidentified()
        try first.assign(to: "a")
        #expect(throws: AdmissionRefusal.tenantFull) { try second.assign(to: "a") }
        #expect(admission.active == 1)
    }
}

@Suite struct `Call status machine` {
    static let orders: [[CallStatus]] = permutations([.queued, .ringing, .inProgress, .completed])

    @Test(arguments: orders) func `S61 whatever the order and repetition, one final state`(order: [CallStatus]) {
        var status: CallStatus?
        var history = [CallStatus]()
        for next in order.flatMap({ [$0, $0] }) where CallStatus.allows(status, next) {
            status = next
            history.append(next)
        }
        #expect(status == .completed)
        // A legal history: strictly forward.
        let ranks = history.compactMap { CallStatus.allCases.firstIndex(of: $0) }
        #expect(ranks == ranks.sorted() && Set(ranks).count == ranks.count)
    }

    @Test(arguments: CallStatus.allCases.filter(\.isFinal)) func `final stays final`(status: CallStatus) {
        for next in CallStatus.allCases { #expect(!CallStatus.allows(status, next)) }
    }

    @Test func `knows the carrier's other spellings, and not more`() {
        #expect(CallStatusMachine.status(named: "initiated") == .queued)
        #expect(CallStatusMachine.status(named: "answered") == .inProgress)
        #expect(CallStatusMachine.status(named: "cancelled") == .canceled)
        #expect(CallStatusMachine.status(named: "no-answer") == .noAnswer)
        #expect(CallStatusMachine.status(named: "Completed") == nil && CallStatusMachine.status(named: "") == nil)
    }
}
