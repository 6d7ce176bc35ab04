import Configuration
import Conversation
import Testing

@Suite struct `Model addresses and prices` {
    private static let environment = ["TOKEN": token, "KEY": "sk-1", "AZURE": "azure-key-1"]

    private func read(_ model: String, tenant: String = "") throws(ConfigurationError) -> ServiceConfiguration {
        try parse(
            smallest.replacing("    fallback:", with: tenant + "    fallback:") + model, environment: Self.environment)
    }

    private func problems(_ model: String, tenant: String = "") -> [String] {
        do {
            _ = try read(model, tenant: tenant)
            return []
        } catch { return error.problems.map(\.description) }
    }

    private static let chain = """
        model:
          kind: openai
          apiKey: ${KEY}
          renewalMinutes: 40
          fallbacks:
            - url: wss://clinic.openai.azure.com/openai/v1/realtime
              model: front-desk
              apiKey: ${AZURE}
            - url: wss://clinic.openai.azure.com/openai/realtime?api-version=2025-04-01-preview
              model: front-desk
              apiKey: ${AZURE}
              authentication: bearer
          prices:
            currency: EUR
            inputAudio: 32
            cachedText: 0.4
            transcriptionHour: 0.36

        """

    @Test func `S58 a chain of addresses is read in order, Azure's with its own header`() throws {
        let model = try read(Self.chain).model
        #expect(model.routeCount == 3)
        #expect(!model.address.sendsKeyInHeader)
        #expect(model.fallbacks.map(\.sendsKeyInHeader) == [true, false])
        #expect(model.fallbacks[0].apiKey?.reveal() == "azure-key-1")
        #expect(model.renewalMinutes == 40)
    }

    @Test func `S51 prices are exact, and printed as they were written`() throws {
        let configuration = try read(Self.chain, tenant: "    maximumTokens: 50000\n    maximumCost: 2.50\n")
        let prices = configuration.model.prices
        #expect(prices.currency == "EUR")
        #expect(prices.table[.inputAudio] == 32_000_000)
        #expect(prices.table[.cachedText] == 400_000)
        #expect(prices.table[.transcriptionMilliseconds] == 360_000)
        #expect(prices.table[.outputAudio] == 0)
        #expect(configuration.tenants[0].conversationPolicy.maximumCostMicros == Int64(2_500_000))
        #expect(configuration.tenants[0].conversationPolicy.maximumTokens == Int64(50_000))
        let printed = configuration.effectiveYAML()
        #expect(printed.contains("maximumCost: 2.5\n"))
        #expect(printed.contains("cachedText: 0.4\n"))
        #expect(try parse(printed, environment: Self.environment) == configuration)
        #expect(!printed.contains("azure-key-1"))
    }

    @Test(arguments: [
        (
            "model:\n  fallbacks:\n    - url: http://x\n      model: m\n",
            "x.yaml:12:12: model.fallbacks[0].url: `http://x` does not fit; a ws:// or wss:// address was expected"
        ),
        ("model:\n  fallbacks:\n    - url: wss://h/v1\n", "x.yaml:12:7: model.fallbacks[0].model: is missing"),
        (
            "model:\n  fallbacks:\n    - url: wss://r.openai.azure.com/openai/realtime\n      model: d\n"
                + "      apiKey: ${AZURE}\n",
            "x.yaml:12:12: model.fallbacks[0].url: `wss://r.openai.azure.com/openai/realtime` does not fit; Azure's "
                + "wss://RESOURCE.openai.azure.com/openai/v1/realtime was expected, or its preview form "
                + "/openai/realtime?api-version=VERSION"
        ),
        (
            "model:\n  fallbacks:\n    - url: wss://r.openai.azure.com/openai/v1/realtime\n      model: d\n",
            "x.yaml:12:7: model.fallbacks[0].apiKey: is missing; Azure asks for one"
        ),
        (
            "model:\n  authentication: basic\n",
            "x.yaml:11:19: model.authentication: `basic` does not fit; one of bearer, api-key was expected"
        ),
        (
            "model:\n  prices:\n    inputAudio: -1\n",
            "x.yaml:12:17: model.prices.inputAudio: `-1` does not fit; a number from 0.0 to 100000.0 was expected"
        ),
        (
            "model:\n  prices:\n    inputAudo: 1\n",
            "x.yaml:12:5: model.prices.inputAudo: unknown field; did you mean `inputAudio`?"
        ),
    ])
    func `says what is wrong with an address or a price`(model: String, expected: String) {
        #expect(problems(model) == [expected])
    }

    @Test func `S51 a ceiling in money without prices is refused`() {
        let found = problems("", tenant: "    maximumCost: 2\n")
        #expect(found.count == 1)
        #expect(
            found.first?.hasSuffix("maximumCost: needs `model.prices`: without them nothing costs anything") == true)
    }
}
