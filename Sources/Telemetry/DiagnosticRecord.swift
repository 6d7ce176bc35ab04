public import AudioPipeline

/// Something a shard wants told, without a logger: fixed size, written into a ring on the frame path.
public struct DiagnosticRecord: Equatable, Sendable, BitwiseCopyable {
    public var kind: DiagnosticKind
    /// The shard's number for the call; 0 when it is about the shard itself.
    public var call: UInt64
    /// Monotonic nanoseconds.
    public var at: UInt64
    /// How much, in the unit of `kind`.
    public var value: Int64

    public init(_ kind: DiagnosticKind, call: UInt64 = 0, at: UInt64, value: Int64 = 0) {
        (self.kind, self.call, self.at, self.value) = (kind, call, at, value)
    }
}

public typealias DiagnosticRing = RecordRing<DiagnosticRecord>
public typealias DiagnosticWriter = RecordWriter<DiagnosticRecord>
public typealias DiagnosticReader = RecordReader<DiagnosticRecord>

/// What can be told, each a cause and not a symptom (R17).
public enum DiagnosticKind: UInt8, CounterName, BitwiseCopyable {
    /// Our thread came late to a tick; nanoseconds.
    case lateTick
    /// Ticks skipped after a stall of ours; ticks.
    case missedTicks
    /// The carrier's timestamps jumped; milliseconds of audio that never came.
    case carrierGap
    /// Nothing from the carrier for a while; milliseconds.
    case carrierStalled
    /// The carrier does not take what we send; bytes waiting.
    case carrierBackpressure
    /// A message of the carrier we could not use.
    case carrierMalformed
    /// A message of the model we could not use.
    case modelMalformed
    /// The model ran dry in the middle of an utterance; milliseconds that the caller heard nothing.
    case modelUnderrun
    /// The same, because our thread had not come round.
    case ownUnderrun
    /// The same, because the carrier's socket took nothing, or the carrier played later than it was sent to.
    case carrierUnderrun
    /// A call's playout quota was full and its model socket paused.
    case modelPaused
    /// The connection to the model was lost.
    case modelLost
    /// Frames let go for want of room; frames.
    case framesDropped
    /// A worker's tap was skipped over; frames.
    case tapSkipped
    /// Events for the store found no room.
    case storeRefused
    /// A call was refused for want of capacity.
    case callRefused
    /// A connection without valid credentials.
    case connectionRefused
    /// The books of a call did not balance; frames missing.
    case ledgerImbalance
    /// A call's journal had no room; the rest of the call is not in it.
    case journalBroken
    /// An operator's webhook did not take an event; it will be tried again.
    case eventFailed
    /// An event that an operator's webhook will not be told any more.
    case eventGivenUp
    /// The outbox could not be read or written.
    case eventStoreFailed
    // One part of a call's frame took over 2 ms, a tenth of the tick; nanoseconds.
    case slowHear, slowForward, slowInbound, slowQueue, slowSend, slowOutbound
    /// A stage was too dear by the thread's own clock: the call goes on without it.
    case stageDemoted
}

extension DiagnosticKind {
    /// What the line says: constant, so that it can be searched for.
    var message: String {
        switch self {
        case .lateTick: "late tick"
        case .missedTicks: "ticks missed"
        case .carrierGap: "carrier audio missing"
        case .carrierStalled: "carrier silent"
        case .carrierBackpressure: "carrier not reading"
        case .carrierMalformed: "carrier message not understood"
        case .modelMalformed: "model message not understood"
        case .modelUnderrun: "model audio late"
        case .ownUnderrun: "our own thread late, the caller heard a hole"
        case .carrierUnderrun: "carrier late, the caller heard a hole"
        case .modelPaused: "model paused, playout full"
        case .modelLost: "model connection lost"
        case .framesDropped: "frames dropped"
        case .tapSkipped: "worker behind, audio skipped"
        case .storeRefused: "store not keeping up"
        case .callRefused: "call refused"
        case .connectionRefused: "connection refused"
        case .ledgerImbalance: "frame ledger does not balance"
        case .journalBroken: "journal broken, writer behind"
        case .eventFailed: "webhook event not delivered"
        case .eventGivenUp: "webhook event given up"
        case .eventStoreFailed: "webhook events not readable"
        case .slowHear: "over budget: decode and voice detection"
        case .slowForward: "over budget: message to the model"
        case .slowInbound: "over budget: inbound tick"
        case .slowQueue: "over budget: model audio into playout"
        case .slowSend: "over budget: frame to the carrier"
        case .slowOutbound: "over budget: outbound tick"
        case .stageDemoted: "echo reference too dear, the call goes on with the energy detector"
        }
    }

    /// Key under which `value` is told; nil when there is none.
    var valueKey: String? {
        switch self {
        case .lateTick, .slowHear, .slowForward, .slowInbound, .slowQueue, .slowSend, .slowOutbound: "worst_ns"
        case .missedTicks: "worst_ticks"
        case .carrierGap, .carrierStalled, .modelUnderrun, .ownUnderrun, .carrierUnderrun: "worst_ms"
        case .carrierBackpressure: "worst_bytes"
        case .framesDropped, .tapSkipped, .ledgerImbalance: "worst_frames"
        default: nil
        }
    }

    /// Single ones are remembered for whoever asks (`Diagnostics.recent`).
    var isKept: Bool {
        switch self {
        case .slowHear, .slowForward, .slowInbound, .slowQueue, .slowSend, .slowOutbound, .stageDemoted: true
        default: false
        }
    }

    var isError: Bool { [.ledgerImbalance, .storeRefused, .eventGivenUp, .eventStoreFailed].contains(self) }
}
