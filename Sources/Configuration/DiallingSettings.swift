/// Who finds out whether a machine has picked up, and when.
public enum MachineDetection: String, Sendable, CaseIterable {
    /// Nobody.
    case off
    /// The carrier, before the agent has the call: whoever picks up waits some seconds in silence.
    case beforeConnecting
    /// The carrier, while the agent has the call already.
    case whileConnected
}

/// What a tenant allows of calls that this service makes.
public struct DiallingSettings: Sendable, Equatable {
    /// One number is called once in so many seconds; 0: as often as is asked.
    public var sameNumberSeconds = 60
    public var callsPerMinute = 60
    /// How long it rings.
    public var ringSeconds = 30
    /// Nil: `off` where `answeringMachine` is `ignore`, else `whileConnected`.
    public var machineDetection: MachineDetection?

    public init() {}

    init(reading fields: FieldReader) {
        sameNumberSeconds = fields.integer("sameNumberSeconds", in: 0...86_400, default: sameNumberSeconds)
        callsPerMinute = fields.integer("callsPerMinute", in: 1...10_000, default: callsPerMinute)
        ringSeconds = fields.integer("ringSeconds", in: 5...600, default: ringSeconds)
        if fields.has("machineDetection") {
            machineDetection = fields.choice("machineDetection", default: MachineDetection.off)
        }
        fields.finish()
    }

    func write(into fields: YAMLFields) {
        fields.number("sameNumberSeconds", sameNumberSeconds)
        fields.number("callsPerMinute", callsPerMinute)
        fields.number("ringSeconds", ringSeconds)
        fields.text("machineDetection", machineDetection?.rawValue)
    }
}
