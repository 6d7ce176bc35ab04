@testable import Conversation
import Testing

@Suite struct `Journal coding` {
    private func bytes(_ value: some JournalCoded) -> [UInt8] {
        var encoder = JournalEncoder(shortensNames: false)
        encoder.put(value)
        return encoder.bytes
    }

    private func restored<Value: JournalCoded>(_ value: Value) throws -> Value {
        var decoder = JournalDecoder(bytes(value))
        let restored: Value = try decoder.value()
        #expect(decoder.isAtEnd, "\(value) leaves bytes")
        return restored
    }

    @Test func `every event comes back as it was`() throws {
        for event in JournalSamples.events { #expect(try restored(event) == event) }
    }

    @Test func `every action comes back as it was`() throws {
        for action in JournalSamples.actions { #expect(try restored(action) == action) }
        for verdict in [AudioVerdict.play(PlayoutItem(ordinal: 3)), .drop(.staleResponse), .drop(.notPlaying)] {
            #expect(try restored(verdict) == verdict)
        }
    }

    /// A case without a sample would not be tested: add it to `JournalSamples`.
    @Test func `no case is without a sample`() {
        func missing<Kind: CaseIterable & RawRepresentable<UInt8>>(
            _ type: Kind.Type, in samples: [any JournalCoded], behind offset: Int = 0
        ) -> [Kind] {
            let seen = samples.map { bytes($0)[offset] }
            return type.allCases.filter { !seen.contains($0.rawValue) }
        }
        #expect(missing(ConversationEvent.JournalKind.self, in: JournalSamples.events) == [])
        #expect(missing(ModelEvent.JournalKind.self, in: JournalSamples.modelEvents) == [])
        #expect(missing(ConversationAction.JournalKind.self, in: JournalSamples.actions) == [])
        #expect(missing(ModelCommand.JournalKind.self, in: JournalSamples.commands) == [])
    }

    /// A field that is not journalled keeps its default when it comes back, and a sample at its default cannot show that.
    @Test func `no field is without a sample`() {
        func untouched<Value>(_ sample: Value, _ plain: Value) -> [String] {
            zip(Mirror(reflecting: sample).children, Mirror(reflecting: plain).children).compactMap { given, usual in
                "\(given.value)" == "\(usual.value)" ? given.label ?? "?" : nil
            }
        }
        let plainTurn = Turn(index: 0, speaker: .caller, item: nil, startedAt: .start)
        #expect(untouched(JournalSamples.turn, plainTurn) == [])
        let plainLatency = TurnLatency(origin: .callerSpeech, model: 0, queueing: 0, carrier: 0)
        #expect(untouched(JournalSamples.latency, plainLatency) == [])
        let plainOutcome = ResponseOutcome(response: "r", status: .completed)
        #expect(untouched(JournalSamples.outcome, plainOutcome) == [])
        #expect(untouched(JournalSamples.echo, SessionEcho(inputFormat: "", outputFormat: "")) == [])
        #expect(untouched(JournalSamples.error, ModelError()) == [])
        #expect(untouched(JournalSamples.policy, ConversationPolicy()) == [])
    }

    @Test func `a policy comes back by the names of its settings`() throws {
        let labels = Mirror(reflecting: ConversationPolicy()).children.compactMap(\.label)
        #expect(Set(ConversationPolicy.journalFields.map(\.name)) == Set(labels))
        let policy = JournalSamples.policy
        #expect(try restored(policy) == policy)
        #expect(try restored(ConversationPolicy()) == ConversationPolicy())
    }

    @Test func `a prompt comes back with its tools`() throws {
        let source = PromptSource(
            inbound: .init(instructions: "You sell tea.", greeting: "Hello."), language: "he",
            tools: [
                ToolDefinition(
                    name: "price", description: "Of a tea.", filler: "One moment.", fillerMilliseconds: 900,
                    timeoutMilliseconds: 4_000)
            ], vocabulary: ["oolong", "Darjeeling"])
        let prompt = try PromptBuilder().build(from: source, direction: .inbound, callerContext: "A regular.")
        #expect(try restored(prompt) == prompt)
        #expect(Mirror(reflecting: prompt).children.count == 11, "a new field belongs into SessionPrompt+Journal")
        #expect(Mirror(reflecting: prompt.tools[0]).children.count == 6, "a new field belongs into it too")
    }

    /// They are journalled by number.
    @Test func `timers keep their numbers`() {
        let names = TimerID.allCases.map { "\($0)" }
        #expect(
            names.prefix(13) == [
                "modelConfigure", "modelGiveUp", "modelReconnect", "confirmInterruption", "hangUpAfterGoodbye",
                "silence", "maximumDuration", "responseStart", "toolTimeout", "transcriptGrace", "playoutHeard",
                "digitGap", "toolFiller",
            ])
        #expect(TimerID.allCases.map(\.rawValue) == Array(0..<UInt8(names.count)))
    }

    @Test func `a name said again takes one byte, however many came between`() throws {
        var encoder = JournalEncoder(shortensNames: true)
        let names = (0..<80).map { WireID("item_\($0)")! }
        let said = names + names.suffix(32) + [names[0], names[79], names[0]]
        for name in said { encoder.name(name) }
        var decoder = JournalDecoder(encoder.bytes)
        for name in said { #expect(try decoder.name() == name) }
        #expect(decoder.isAtEnd)
        encoder.removeAll()
        encoder.name(names[0])
        #expect(encoder.bytes.count == 1)
    }

    @Test func `bytes that are cut anywhere are damage, never a value and never a trap`() {
        for event in JournalSamples.events { expectDamageWhereverCut(event) }
        for action in JournalSamples.actions { expectDamageWhereverCut(action) }
    }

    private func expectDamageWhereverCut<Value: JournalCoded>(_ value: Value) {
        let whole = bytes(value)
        for count in 0..<min(whole.count, 200) {
            var decoder = JournalDecoder(Array(whole.prefix(count)))
            #expect(
                damage { () throws(JournalDamage) in _ = try decoder.value(Value.self) } != nil, "\(value), \(count)")
        }
    }

    private func damage(_ body: () throws(JournalDamage) -> Void) -> JournalDamage? {
        do throws(JournalDamage) { try body() } catch { return error }
        return nil
    }

    @Test func `an unknown kind is named`() {
        var decoder = JournalDecoder([0xEE])
        let damage = damage { () throws(JournalDamage) in _ = try decoder.value(ConversationEvent.self) }
        #expect(damage?.offset == 0)
        #expect(damage?.what.contains("238 is unknown") == true)
    }

    @Test func `a key that a provider repeats is not written down`() throws {
        let error = ModelError(
            code: "invalid_api_key", message: "Incorrect API key provided: sk-abcdefghijklmnop. It is wrong.")
        let restored = try restored(error)
        #expect(restored.message == "Incorrect API key provided: [left out] It is wrong.")
    }
}
