extension Conversation {
    mutating func standbySaid(_ event: StandbyEvent, _ actions: inout ActionList) {
        actions.append(.note(.staleEventIgnored))
    }
}
