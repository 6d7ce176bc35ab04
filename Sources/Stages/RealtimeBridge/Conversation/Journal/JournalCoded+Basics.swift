// What the parts of events and actions are made of.

extension Bool: JournalCoded {
    package func encode(into encoder: inout JournalEncoder) { encoder.byte(self ? 1 : 0) }
    package init(from decoder: inout JournalDecoder) throws(JournalDamage) {
        let byte = try decoder.byte()
        guard byte < 2 else { throw decoder.damage("neither true nor false: \(byte)") }
        self = byte == 1
    }
}

extension Int64: JournalCoded {
    package func encode(into encoder: inout JournalEncoder) { encoder.signed(self) }
    package init(from decoder: inout JournalDecoder) throws(JournalDamage) { self = try decoder.signed() }
}

extension Int: JournalCoded {
    package func encode(into encoder: inout JournalEncoder) { encoder.signed(Int64(self)) }
    package init(from decoder: inout JournalDecoder) throws(JournalDamage) { self = Int(try decoder.signed()) }
}

extension UInt32: JournalCoded {
    package func encode(into encoder: inout JournalEncoder) { encoder.unsigned(UInt64(self)) }
    package init(from decoder: inout JournalDecoder) throws(JournalDamage) {
        let value = try decoder.unsigned()
        guard let value = UInt32(exactly: value) else { throw decoder.damage("a number of more than 32 bits") }
        self = value
    }
}

/// As its bits: equal or not, without rounding.
extension Double: JournalCoded {
    package func encode(into encoder: inout JournalEncoder) { encoder.unsigned(bitPattern.byteSwapped) }
    package init(from decoder: inout JournalDecoder) throws(JournalDamage) {
        self = Double(bitPattern: try decoder.unsigned().byteSwapped)
    }
}

extension String: JournalCoded {
    package func encode(into encoder: inout JournalEncoder) { encoder.text(self) }
    package init(from decoder: inout JournalDecoder) throws(JournalDamage) { self = try decoder.text() }
}

extension Optional: JournalCoded where Wrapped: JournalCoded {
    package func encode(into encoder: inout JournalEncoder) {
        guard let self else { return encoder.byte(0) }
        encoder.byte(1)
        encoder.put(self)
    }
    package init(from decoder: inout JournalDecoder) throws(JournalDamage) {
        if try decoder.value(Bool.self) { self = .some(try decoder.value()) } else { self = .none }
    }
}

extension Array: JournalCoded where Element: JournalCoded {
    package func encode(into encoder: inout JournalEncoder) {
        encoder.unsigned(UInt64(count))
        for element in self { encoder.put(element) }
    }
    package init(from decoder: inout JournalDecoder) throws(JournalDamage) {
        self = []
        var left = try decoder.unsigned()
        // Nothing is set aside for a count that damage may have made; it runs into the end of the bytes instead.
        while left > 0 {
            append(try decoder.value())
            left -= 1
        }
    }
}

/// Enums without payloads go by name: their order may change, their names may not.
extension JournalCoded where Self: RawRepresentable<String> {
    package func encode(into encoder: inout JournalEncoder) { encoder.text(rawValue) }
    package init(from decoder: inout JournalDecoder) throws(JournalDamage) {
        let name = try decoder.text()
        guard let value = Self(rawValue: name) else {
            throw decoder.damage("\(Self.self) `\(name)` is unknown here: written by another version")
        }
        self = value
    }
}

extension CallDirection: JournalCoded {}
extension CarrierClose: JournalCoded {}
extension OperatorCommand: JournalCoded {}
extension ItemRole: JournalCoded {}
extension ResponseOutcome.Status: JournalCoded {}
extension HangUpReason: JournalCoded {}
extension ConversationNote: JournalCoded {}
extension Turn.Speaker: JournalCoded {}
extension Turn.Text: JournalCoded {}
extension ConversationPolicy.Turns: JournalCoded {}
extension ConversationPolicy.AnsweringMachine: JournalCoded {}
extension ConversationPolicy.LateWords: JournalCoded {}
extension AnsweringParty: JournalCoded {}
extension AudioDrop: JournalCoded {}

/// By its number: new timers go to the end of the list.
extension TimerID: JournalCoded {
    package func encode(into encoder: inout JournalEncoder) { encoder.kind(self) }
    package init(from decoder: inout JournalDecoder) throws(JournalDamage) { self = try decoder.kind() }
}

/// As the words they are compared by.
extension SpokenPhrases: JournalCoded {
    package func encode(into encoder: inout JournalEncoder) { encoder.put(texts) }
    package init(from decoder: inout JournalDecoder) throws(JournalDamage) {
        let texts: [String] = try decoder.value()
        self.init(texts)
    }
}

extension CallInstant: JournalCoded {
    /// Three years: what lies further off was never on a call's clock, and could not be reckoned with.
    static let range: ClosedRange<Int64> = -100_000_000_000_000_000...100_000_000_000_000_000

    package func encode(into encoder: inout JournalEncoder) { encoder.signed(nanoseconds) }
    package init(from decoder: inout JournalDecoder) throws(JournalDamage) {
        self.init(nanoseconds: try decoder.signed(in: Self.range, "nanoseconds of a call"))
    }
}

extension WireID: JournalCoded {
    package func encode(into encoder: inout JournalEncoder) { encoder.name(self) }
    package init(from decoder: inout JournalDecoder) throws(JournalDamage) { self = try decoder.name() }
}

extension PlayoutItem: JournalCoded {
    package func encode(into encoder: inout JournalEncoder) { encoder.put(ordinal) }
    package init(from decoder: inout JournalDecoder) throws(JournalDamage) {
        self.init(ordinal: try decoder.value())
    }
}

extension PlaybackMark: JournalCoded {
    package func encode(into encoder: inout JournalEncoder) {
        encoder.put(generation)
        encoder.put(item)
        encoder.put(samples)
    }
    package init(from decoder: inout JournalDecoder) throws(JournalDamage) {
        self.init(generation: try decoder.value(), item: try decoder.value(), samples: try decoder.value())
    }
}

extension AudioVerdict: JournalCoded {
    package enum JournalKind: UInt8, CaseIterable { case play = 1, drop }

    package func encode(into encoder: inout JournalEncoder) {
        switch self {
        case .play(let item):
            encoder.kind(JournalKind.play)
            encoder.put(item)
        case .drop(let reason):
            encoder.kind(JournalKind.drop)
            encoder.put(reason)
        }
    }
    package init(from decoder: inout JournalDecoder) throws(JournalDamage) {
        switch try decoder.kind(JournalKind.self) {
        case .play: self = .play(try decoder.value())
        case .drop: self = .drop(try decoder.value())
        }
    }
}
