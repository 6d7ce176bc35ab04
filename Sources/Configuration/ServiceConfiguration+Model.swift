import Conversation

/// The chain of model addresses, and what models cost.
extension ServiceConfiguration {
    static func readAuthentication(_ fields: FieldReader) -> ModelAddress.Authentication? {
        guard fields.has("authentication") else { return nil }
        return fields.choice("authentication", default: ModelAddress.Authentication.bearer)
    }

    static func readFallbacks(_ fields: FieldReader) -> [ModelAddress] {
        let links = fields.list("fallbacks")
        if links.count >= ModelRoute.capacity {
            fields.report("fallbacks", "\(links.count) addresses; at most \(ModelRoute.capacity - 1) were expected")
        }
        return links.prefix(ModelRoute.capacity - 1).map { link in
            let address = ModelAddress(
                url: link.requiredString("url"), model: link.requiredString("model"), apiKey: link.secret("apiKey"),
                authentication: readAuthentication(link))
            if !address.url.isEmpty, let problem = address.problem { link.report("url", problem) }
            if address.isAzure, !link.has("apiKey") { link.report("apiKey", "is missing; Azure asks for one") }
            link.finish()
            return address
        }
    }

    /// Each kind by its name in the file; transcription by time is named by the hour.
    static let priceNames: [(name: String, kind: ModelUsage.Kind)] =
        ModelUsage.Kind.allCases.map { ($0 == .transcriptionMilliseconds ? "transcriptionHour" : $0.rawValue, $0) }

    static func readPrices(_ fields: FieldReader) -> ModelPrices {
        var prices = ModelPrices()
        prices.currency = fields.string("currency", default: prices.currency)
        if prices.currency.isEmpty || prices.currency.count > 8 {
            fields.report("currency", "a label of 1 to 8 characters was expected, as in USD")
        }
        for (name, kind) in priceNames {
            prices.table[kind] = micros(fields.number(name, in: 0...100_000, default: 0))
        }
        fields.finish()
        return prices
    }

    static func micros(_ amount: Double) -> Int64 { Int64((amount * 1_000_000).rounded()) }

    /// As it would be written in the file.
    static func amount(_ micros: Int64) -> String {
        let digits = String(micros % 1_000_000 + 1_000_000).dropFirst()
        let fraction = String(digits.reversed().drop { $0 == "0" }.reversed())
        return "\(micros / 1_000_000)" + (fraction.isEmpty ? "" : ".\(fraction)")
    }

    /// A ceiling in money means nothing without prices.
    static func checkCeilings(_ configuration: ServiceConfiguration, _ root: FieldReader) {
        guard configuration.model.prices.table.isFree, !configuration.tenants.isEmpty else { return }
        for (fields, tenant) in zip(root.list("tenants"), configuration.tenants) where tenant.maximumCostMicros != nil {
            fields.report("maximumCost", "needs `model.prices`: without them nothing costs anything")
        }
    }
}
