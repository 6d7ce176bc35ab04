/// What the model has cost, and the ceilings (S51).
extension Conversation {
    /// Every report counts, also that of a response nobody wanted: it is billed.
    mutating func spent(_ usage: ModelUsage, _ actions: inout ActionList) {
        guard !usage.isEmpty else { return }
        cost.usage.add(usage)
        cost.costMicros = policy.prices.cost(of: cost.usage)
        cost.sessions = link.sessions
        actions.append(.persist(.used(cost)))
        guard state != .closing, ending?.reason != .costLimit else { return }
        if let limit = policy.maximumTokens, cost.usage.tokens >= limit { return announceEnd(.costLimit, &actions) }
        if let limit = policy.maximumCostMicros, cost.costMicros >= limit { announceEnd(.costLimit, &actions) }
    }

    /// The last word on it, with sessions that were opened and never used.
    mutating func settleCost(_ actions: inout ActionList) {
        guard cost.sessions != link.sessions else { return }
        cost.sessions = link.sessions
        actions.append(.persist(.used(cost)))
    }
}
