// What belongs to the model's sessions: routes, the standby, usage.

extension ModelRoute: JournalCoded {
    package func encode(into encoder: inout JournalEncoder) { encoder.put(index) }
    package init(from decoder: inout JournalDecoder) throws(JournalDamage) {
        self.init(index: Int(try decoder.signed(in: 0...Int64(ModelRoute.capacity - 1), "a route")))
    }
}

extension RouteFailure: JournalCoded {}

extension StandbyEvent: JournalCoded {
    package enum JournalKind: UInt8, CaseIterable { case opened = 1, model, closed }

    package func encode(into encoder: inout JournalEncoder) {
        switch self {
        case .opened: encoder.kind(JournalKind.opened)
        case .model(let event):
            encoder.kind(JournalKind.model)
            encoder.put(event)
        case .closed(let close):
            encoder.kind(JournalKind.closed)
            encoder.put(close)
        }
    }

    package init(from decoder: inout JournalDecoder) throws(JournalDamage) {
        switch try decoder.kind(JournalKind.self) {
        case .opened: self = .opened
        case .model: self = .model(try decoder.value())
        case .closed: self = .closed(try decoder.value())
        }
    }
}

/// In the order of their kinds; what another version knew and this one does not is damage.
extension ModelUsage: JournalCoded {
    package func encode(into encoder: inout JournalEncoder) { encoder.put(Kind.allCases.map { self[$0] }) }
    package init(from decoder: inout JournalDecoder) throws(JournalDamage) {
        self.init()
        let counts: [Int64] = try decoder.value()
        guard counts.count <= Kind.allCases.count else { throw decoder.damage("\(counts.count) kinds of usage") }
        for (kind, count) in zip(Kind.allCases, counts) { self[kind] = count }
    }
}

extension PriceTable: JournalCoded {
    package func encode(into encoder: inout JournalEncoder) {
        encoder.put(ModelUsage.Kind.allCases.map { self[$0] })
    }
    package init(from decoder: inout JournalDecoder) throws(JournalDamage) {
        self.init()
        let prices: [Int64] = try decoder.value()
        guard prices.count <= ModelUsage.Kind.allCases.count else {
            throw decoder.damage("\(prices.count) kinds of prices")
        }
        for (kind, price) in zip(ModelUsage.Kind.allCases, prices) { self[kind] = price }
    }
}

extension CallUsage: JournalCoded {
    package func encode(into encoder: inout JournalEncoder) {
        encoder.put(usage)
        encoder.put(costMicros)
        encoder.put(sessions)
    }
    package init(from decoder: inout JournalDecoder) throws(JournalDamage) {
        self.init(usage: try decoder.value(), costMicros: try decoder.value(), sessions: try decoder.value())
    }
}
