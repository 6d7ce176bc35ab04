extension CarrierErrand: JournalCoded {
    package enum JournalKind: UInt8, CaseIterable { case transfer = 1, sendDigits }

    package func encode(into encoder: inout JournalEncoder) {
        switch self {
        case .transfer(let name):
            encoder.kind(JournalKind.transfer)
            encoder.put(name)
        case .sendDigits(let digits):
            encoder.kind(JournalKind.sendDigits)
            encoder.put(digits)
        }
    }

    package init(from decoder: inout JournalDecoder) throws(JournalDamage) {
        switch try decoder.kind(JournalKind.self) {
        case .transfer: self = .transfer(to: try decoder.value())
        case .sendDigits: self = .sendDigits(try decoder.value())
        }
    }
}

extension ErrandOutcome: JournalCoded {}
