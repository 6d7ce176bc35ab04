import Synchronization

/// What came in and what was turned away, by name. Any thread adds, telemetry reads.
public final class CallControlCounters: Sendable {
    public enum Name: String, Sendable, CaseIterable {
        // Let in.
        case voiceAnswered, streamAccepted, streamTakenOver, eventStored, eventRepeated
        /// The store was slow or down: the call was answered with its record still in memory.
        case answeredBeforeDurable
        /// A webhook answered 503 because it was not on disk in time.
        case eventNotDurable
        // Turned away.
        case signatureMissing, signatureWrong, accountUnknown, numberUnknown, nothingWrittenForDirection, callOver
        case serviceFull, tenantFull, noSlack, draining, storeFull, tokenTableFull
        case malformed, notFound, methodNotAllowed
        case tokenUnknown, tokenReused, streamDeclined
        case statusUnknown, answeringPartyUnknown
        /// Told so by the carrier, and hung up or transferred.
        case outsideHours
        case dialAnswered, dialFailed
        case recordingUnwanted, recordingHostRefused
    }

    private final class Count: Sendable { let value = Atomic<Int>(0) }
    private let counts: [Name: Count] = Dictionary(uniqueKeysWithValues: Name.allCases.map { ($0, Count()) })

    public init() {}

    public func add(_ name: Name) { counts[name]?.value.wrappingAdd(1, ordering: .relaxed) }

    public subscript(name: Name) -> Int { counts[name]?.value.load(ordering: .relaxed) ?? 0 }
}
