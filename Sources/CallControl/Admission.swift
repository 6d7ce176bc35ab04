public import Configuration
import Synchronization

/// Why a call was not let in.
public enum AdmissionRefusal: String, Error, Sendable, CaseIterable {
    /// The service's limit.
    case full
    /// The tenant's limit.
    case tenantFull
    /// The shards' clocks have no slack for another call.
    case noSlack
    /// The service is shutting down.
    case draining
    /// Not a tenant of this service.
    case unknownTenant
}

/// How many calls there are, and may be. One atomic counter for the service and one per tenant: never one too many,
/// however many threads ask at once.
public final class Admission: Sendable {
    /// Places of one tenant, or of the service.
    fileprivate final class Seats: Sendable {
        let taken = Atomic<Int>(0)
        let limit: Atomic<Int>
        init(limit: Int) { self.limit = Atomic(limit) }

        func take() -> Bool {
            var seen = taken.load(ordering: .relaxed)
            while seen < limit.load(ordering: .relaxed) {
                let (exchanged, original) = taken.weakCompareExchange(
                    expected: seen, desired: seen + 1, ordering: .acquiringAndReleasing)
                if exchanged { return true }
                seen = original
            }
            return false
        }

        func leave() { taken.wrappingSubtract(1, ordering: .acquiringAndReleasing) }
    }

    private let service: Seats
    private let tenants: Mutex<[String: Seats]>
    private let draining = Atomic<Bool>(false)
    private let slack = Atomic<Bool>(true)

    public init(limits: LimitConfiguration, tenants: [Tenant]) {
        service = Seats(limit: limits.maximumCalls)
        self.tenants = Mutex([:])
        update(limits: limits, tenants: tenants)
    }

    /// Any thread. Calls above a lowered limit, and those of a tenant that is gone, go on; the next ones are refused.
    public func update(limits: LimitConfiguration, tenants: [Tenant]) {
        service.limit.store(limits.maximumCalls, ordering: .relaxed)
        self.tenants.withLock { known in
            var kept: [String: Seats] = [:]
            for tenant in tenants where kept[tenant.id] == nil {
                let limit = tenant.maximumCalls ?? limits.maximumCallsPerTenant ?? .max
                // The same seats: calls that hold them are still this tenant's.
                let seats = known[tenant.id] ?? Seats(limit: limit)
                seats.limit.store(limit, ordering: .relaxed)
                kept[tenant.id] = seats
            }
            known = kept
        }
    }

    /// Any thread. The place is held until the ticket is released or let go.
    public func admit(_ tenant: String) throws(AdmissionRefusal) -> AdmissionTicket {
        let ticket = try admitUnidentified()
        try ticket.assign(to: tenant)
        return ticket
    }

    /// Any thread. For a stream that says only later whose it is; `AdmissionTicket.assign` completes it.
    public func admitUnidentified() throws(AdmissionRefusal) -> AdmissionTicket {
        if isDraining { throw .draining }
        guard hasSlack else { throw .noSlack }
        guard service.take() else { throw .full }
        return AdmissionTicket(self)
    }

    /// Any thread. From now on nobody new is let in; running calls go on.
    public func drain() { draining.store(true, ordering: .releasing) }
    public var isDraining: Bool { draining.load(ordering: .acquiring) }

    /// Any thread. Without slack nobody new is let in; places already held, and the streams that come for them, are not
    /// asked again.
    public func setHasSlack(_ hasSlack: Bool) { slack.store(hasSlack, ordering: .relaxed) }
    public var hasSlack: Bool { slack.load(ordering: .relaxed) }

    /// Calls let in and not yet over.
    public var active: Int { service.taken.load(ordering: .relaxed) }
    public var limit: Int { service.limit.load(ordering: .relaxed) }
    /// Any thread. Calls above a lowered limit go on; the next ones wait for them to end.
    public func setLimit(_ calls: Int) { service.limit.store(max(0, calls), ordering: .relaxed) }

    public func active(of tenant: String) -> Int {
        tenants.withLock { $0[tenant] }?.taken.load(ordering: .relaxed) ?? 0
    }

    fileprivate func take(_ tenant: String) throws(AdmissionRefusal) -> Seats {
        guard let seats = tenants.withLock({ $0[tenant] }) else { throw .unknownTenant }
        guard seats.take() else { throw .tenantFull }
        return seats
    }

    fileprivate func leave(_ seats: Seats?) {
        seats?.leave()
        service.leave()
    }
}

/// One call's place. Given back once: by `release()`, or when the last reference goes.
public final class AdmissionTicket: Sendable {
    private struct State {
        var seats: Admission.Seats?
        var isReleased = false
    }
    private let admission: Admission
    private let state = Mutex(State())

    fileprivate init(_ admission: Admission) { self.admission = admission }

    deinit { release() }

    /// Counts the place as this tenant's as well. On a refusal the ticket is released.
    public func assign(to tenant: String) throws(AdmissionRefusal) {
        let refusal: AdmissionRefusal? = state.withLock { state in
            guard !state.isReleased, state.seats == nil else { return nil }
            do throws(AdmissionRefusal) {
                state.seats = try admission.take(tenant)
                return nil
            } catch { return error }
        }
        guard let refusal else { return }
        release()
        throw refusal
    }

    /// Any thread, any number of times.
    public func release() {
        state.withLock { state in
            guard !state.isReleased else { return }
            state.isReleased = true
            admission.leave(state.seats)
        }
    }
}
