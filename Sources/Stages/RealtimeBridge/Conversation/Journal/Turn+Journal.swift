extension Turn: JournalCoded {
    package func encode(into encoder: inout JournalEncoder) {
        encoder.put(index)
        encoder.put(speaker)
        encoder.name(item)
        encoder.put(startedAt)
        encoder.put(text)
        encoder.put(textSource)
        // Mostly the same words, said once.
        encoder.put(plannedText == text ? nil : plannedText)
        encoder.put(endedAt)
        encoder.put(interruptedAt)
        encoder.put(responseMilliseconds)
        encoder.put(interruptionMilliseconds)
        encoder.put(latency)
        encoder.put(heardBy)
        encoder.put(holes)
        encoder.put(holeMilliseconds)
    }

    package init(from decoder: inout JournalDecoder) throws(JournalDamage) {
        self.init(
            index: try decoder.value(), speaker: try decoder.value(), item: try decoder.optionalName(),
            startedAt: try decoder.value())
        text = try decoder.value()
        textSource = try decoder.value()
        plannedText = try decoder.value(String?.self) ?? text
        endedAt = try decoder.value()
        interruptedAt = try decoder.value()
        responseMilliseconds = try decoder.value()
        interruptionMilliseconds = try decoder.value()
        latency = try decoder.value()
        heardBy = try decoder.value()
        holes = try decoder.value()
        holeMilliseconds = try decoder.value()
    }
}

extension TurnLatency: JournalCoded {
    package func encode(into encoder: inout JournalEncoder) {
        encoder.put(origin)
        encoder.put(endpointing)
        encoder.put(request)
        encoder.put(followUp)
        encoder.put(model)
        encoder.put(queueing)
        encoder.put(carrier)
        encoder.put(heard)
    }

    package init(from decoder: inout JournalDecoder) throws(JournalDamage) {
        let origin: Origin = try decoder.value()
        let parts: [Int64?] = [try decoder.value(), try decoder.value(), try decoder.value()]
        // The whole is set apart from its parts, which damage may have made too large for a sum.
        self.init(origin: origin, model: 0, queueing: 0, carrier: 0)
        (endpointing, request, followUp) = (parts[0], parts[1], parts[2])
        model = try decoder.value()
        queueing = try decoder.value()
        carrier = try decoder.value()
        heard = try decoder.value()
    }
}

extension TurnHole: JournalCoded {
    package func encode(into encoder: inout JournalEncoder) {
        encoder.put(index)
        encoder.put(turn)
        encoder.put(endedAt)
        encoder.put(hole)
    }

    package init(from decoder: inout JournalDecoder) throws(JournalDamage) {
        self.init(
            index: try decoder.value(), turn: try decoder.value(), endedAt: try decoder.value(),
            hole: try decoder.value())
    }
}

extension PlayoutHole: JournalCoded {
    package func encode(into encoder: inout JournalEncoder) {
        encoder.put(cause)
        encoder.put(milliseconds)
        encoder.put(audibleMilliseconds)
    }

    package init(from decoder: inout JournalDecoder) throws(JournalDamage) {
        self.init(
            cause: try decoder.value(), milliseconds: Int(try decoder.signed(in: Self.range, "a hole")),
            audibleMilliseconds: Int(try decoder.signed(in: Self.range, "a hole")))
    }

    /// A day of milliseconds: what is longer was no hole in a call.
    private static let range: ClosedRange<Int64> = -86_400_000...86_400_000
}

extension TurnLatency.Origin: JournalCoded {}
extension HeardBy: JournalCoded {}
extension PlayoutHole.Cause: JournalCoded {}
