extension SessionPrompt: JournalCoded {
    package func encode(into encoder: inout JournalEncoder) {
        encoder.put(instructions)
        encoder.put(greeting)
        encoder.put(language)
        encoder.put(voice)
        encoder.put(tools)
        encoder.put(callerContext)
        encoder.put(hash)
        encoder.put(direction)
        encoder.put(channel.rawValue)
        encoder.put(vocabulary)
        encoder.put(layers)
    }

    /// The one that `PromptBuilder` made for the call of the journal.
    package init(from decoder: inout JournalDecoder) throws(JournalDamage) {
        self.init(
            instructions: try decoder.value(), greeting: try decoder.value(), language: try decoder.value(),
            voice: try decoder.value(), tools: try decoder.value(), callerContext: try decoder.value(),
            hash: try decoder.value(), direction: try decoder.value(),
            channel: PromptChannel(rawValue: try decoder.value()), vocabulary: try decoder.value(),
            layers: try decoder.value())
    }
}

extension PromptLayer: JournalCoded {
    package func encode(into encoder: inout JournalEncoder) {
        encoder.put(part)
        encoder.put(text)
    }

    package init(from decoder: inout JournalDecoder) throws(JournalDamage) {
        self.init(try decoder.value(), try decoder.value())
    }
}

extension PromptPart: JournalCoded {}

extension ToolDefinition: JournalCoded {
    package func encode(into encoder: inout JournalEncoder) {
        encoder.put(name)
        encoder.put(description)
        encoder.put(parameters)
        encoder.put(filler)
        encoder.put(fillerMilliseconds)
        encoder.put(timeoutMilliseconds)
    }

    package init(from decoder: inout JournalDecoder) throws(JournalDamage) {
        self.init(
            name: try decoder.value(), description: try decoder.value(), parameters: try decoder.value(),
            filler: try decoder.value(), fillerMilliseconds: try decoder.value(),
            timeoutMilliseconds: try decoder.value())
    }
}
