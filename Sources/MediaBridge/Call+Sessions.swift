import AudioPipeline
import CallControl
import Conversation
import RealtimeBridge
import Telemetry
import Transport
import TurnStore

/// The call's sessions with models: the one in use, and the one that is to take over from it.
extension Call {
    func openModel(_ route: ModelRoute, at now: UInt64) {
        model?.close()
        if route == .preferred, let link = shard.takeWarm(grant.call, prompt: prompt) {
            model = link
            return link.adopt(by: self, at: now)
        }
        model = connect(route)
        if model == nil { happen(.modelClosed(.unreachable), at: now) }
    }

    func openStandby(_ route: ModelRoute, at now: UInt64) {
        standby?.close()
        standby = connect(route)
        if standby == nil { happen(.standby(.closed(.unreachable)), at: now) }
    }

    /// - Returns: nil when the address can never work.
    private func connect(_ route: ModelRoute) -> ModelLink? {
        guard route.index < tenant.endpoints.count else { return nil }
        let link = ModelLink(self, shard: shard)
        do {
            try link.connect(to: tenant.endpoints[route.index], options: service.modelSocketOptions)
            return link
        } catch { return nil }
    }

    /// Events of the one come as the other's from here on; what the old one still says reaches nobody.
    func switchToStandby() {
        model?.close()
        model = standby
        standby = nil
    }

    func closeStandby() {
        standby?.close()
        standby = nil
    }

    func send(_ command: ModelCommand, on link: ModelLink?) {
        if link?.send(command, prompt: prompt, options: tenant.sessionOptions) == false {
            shard.counters.add(.modelRefusedSend)
        }
    }

    /// Which address, and why (R17).
    func routeFailed(_ route: ModelRoute, _ failure: RouteFailure, at now: UInt64) {
        shard.routeFailures.add(RouteFailureCount(route, failure))
        shard.diagnose(.modelLost, self, at: now, value: route.index)
        guard route.index < tenant.endpoints.count else { return }
        service.routeFailed(self, route, tenant.endpoints[route.index], failure)
    }

    /// What the model has cost so far: stored with the call, and counted by kind.
    func used(_ used: CallUsage) {
        for kind in ModelUsage.Kind.allCases {
            shard.usage.add(UsageCount(kind), UInt64(max(0, used.usage[kind] - lastUsage.usage[kind])))
        }
        shard.usage.add(.costMicros, UInt64(max(0, used.costMicros - lastUsage.costMicros)))
        lastUsage = used
        store(.used(call: grant.call, used, currency: tenant.currency))
    }
}
