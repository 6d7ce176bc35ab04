/// Some addresses of a chain.
struct RouteSet: Equatable, Sendable {
    private var bits: UInt8 = 0

    func contains(_ route: ModelRoute) -> Bool { bits >> UInt8(route.index) & 1 == 1 }
    mutating func insert(_ route: ModelRoute) { bits |= 1 << UInt8(route.index) }
    mutating func removeAll() { bits = 0 }
}

/// The tenant's chain of model addresses (S58): tried in order, the first again after the last, all within the time in
/// which a model must be found. What an address refuses for good is not asked there again.
extension Conversation {
    /// The first address of the chain that may still be tried, from `start` on and round; `fresh`: not in this round yet.
    func route(from start: Int, fresh: Bool, tried: RouteSet) -> ModelRoute? {
        let count = min(max(1, policy.modelRoutes), ModelRoute.capacity)
        for step in 0..<count {
            let route = ModelRoute(index: (start + step) % count)
            if !link.refused.contains(route), !fresh || !tried.contains(route) { return route }
        }
        return nil
    }

    /// Another address than the present one might hold the session.
    var hasOtherRoute: Bool {
        guard let other = route(from: link.route.index + 1, fresh: false, tried: link.tried) else { return false }
        return other != link.route
    }

    /// One of the others has not been tried in this round.
    private var freshRoute: ModelRoute? {
        var tried = link.tried
        tried.insert(link.route)
        return route(from: link.route.index + 1, fresh: true, tried: tried)
    }
    var hasFreshRoute: Bool { freshRoute != nil }

    /// What is left to do when no session is open: where to try next, and when.
    /// - Returns: false when there is nowhere to go, or no try is left.
    mutating func chooseRoute(after failure: RouteFailure, wasReady: Bool, _ actions: inout ActionList) -> Bool {
        if failure.isFinal { link.refused.insert(link.route) }
        if wasReady, !failure.isFinal {  // It was there a moment ago.
            link.attempts += 1
            link.retryMilliseconds = policy.reconnectMilliseconds
            return true
        }
        let next = freshRoute
        link.tried.insert(link.route)
        if let next {
            link.retryMilliseconds = 0
            changeRoute(to: next, &actions)
            return true
        }
        // Round again, later.
        guard link.attempts < policy.reconnectAttempts, let first = route(from: 0, fresh: false, tried: link.tried)
        else { return false }
        link.attempts += 1
        link.tried.removeAll()
        link.retryMilliseconds = min(2_000, policy.reconnectMilliseconds << Int64(min(link.attempts - 1, 10)))
        changeRoute(to: first, &actions)
        return true
    }

    private mutating func changeRoute(to route: ModelRoute, _ actions: inout ActionList) {
        guard route != link.route else { return }
        link.route = route
        link.sendsOptionalFields = true
        actions.append(.note(.modelRouteChanged))
    }

    /// One address has had its time, and another waits.
    mutating func routeOverdue(_ actions: inout ActionList) {
        guard link.stage == .opening || link.stage == .configuring else { return }
        abandonRoute(.timedOut, &actions)
    }

    /// The session is of no use here: the next address, or the fallback message.
    mutating func abandonRoute(_ failure: RouteFailure, _ actions: inout ActionList) {
        guard hasOtherRoute else {
            if link.stage != .closed, link.stage != .waiting { actions.append(.routeFailed(link.route, failure)) }
            return giveUpModel(&actions)
        }
        if link.stage != .closed, link.stage != .waiting { actions.append(.closeModel) }
        loseSession(failure, &actions)
    }
}

extension RouteFailure {
    init(_ close: ModelClose) {
        self =
            switch close {
            case .refused(429): .throttled
            case .refused(let status) where (400..<500).contains(status): .refused
            case .refused, .unreachable: .unreachable
            case .timedOut: .timedOut
            case .closed: .closed
            case .protocolViolation: .protocolViolation
            }
    }

    /// What an error event says of the address as a whole; nil: nothing, the session goes on.
    init?(errorCode code: String) {
        switch code {
        case "beta_api_shape_disabled", "invalid_api_key", "model_not_found": self = .refused
        case "insufficient_quota": self = .quotaSpent
        default: return nil
        }
    }
}
