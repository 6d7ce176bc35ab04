/// Where the time went from the end of the caller's words to the agent's first sample in the caller's ear.
///
/// One for each turn of the agent that answers something; nil parts did not exist in that turn. The parts are cut from
/// one line of moments, so that they always add up to `heard`, to the microsecond. All values are microseconds, never
/// negative.
public struct TurnLatency: Sendable, Equatable {
    /// What the turn answers: the moment from which it is counted.
    public enum Origin: String, Sendable, CaseIterable {
        /// The end of the caller's words: the local detector's, else the model's less its silence window.
        case callerSpeech
        /// The last key of an entry.
        case keys
        /// The result of a tool, when the caller was answered already while it ran.
        case toolResult
        /// The carrier's `start`: the greeting.
        case callStart
        /// Nothing outside: a prompt after silence, a goodbye, what the model says by itself.
        case ownAccord
    }

    /// The parts, in the order of time.
    public enum Part: String, Sendable, CaseIterable {
        /// Until the caller's words were accepted as a turn, or the keys as an entry.
        case endpointing
        /// Until a response was asked for: what was still going on had to end. For the greeting: until the model's
        /// session was ready.
        case request
        /// From the first request to the last, where one was not enough: a tool ran, an answer was withdrawn, refused
        /// or lost with its session.
        case followUp
        /// Until the first audio of the answer came from the model.
        case model
        /// Until its first frame went to the carrier: ours.
        case queueing
        /// Until the caller heard that frame: the carrier's buffer and the way there, from marks where they came.
        case carrier
    }

    public var origin: Origin
    public var endpointing: Int64?
    public var request: Int64?
    public var followUp: Int64?
    public var model: Int64
    public var queueing: Int64
    /// Until a mark of the turn has come back, what the paced clock says.
    public var carrier: Int64
    /// The whole: the sum of the parts.
    public var heard: Int64

    public init(
        origin: Origin, endpointing: Int64? = nil, request: Int64? = nil, followUp: Int64? = nil, model: Int64,
        queueing: Int64, carrier: Int64
    ) {
        (self.origin, self.endpointing, self.request, self.followUp) = (origin, endpointing, request, followUp)
        (self.model, self.queueing, self.carrier) = (model, queueing, carrier)
        heard = (endpointing ?? 0) + (request ?? 0) + (followUp ?? 0) + model + queueing + carrier
    }

    /// A mark has told when the first frame was heard.
    mutating func correct(sentAt: CallInstant, heardAt: CallInstant) {
        heard -= carrier
        carrier = max(0, heardAt.nanoseconds / 1_000 - sentAt.nanoseconds / 1_000)
        heard += carrier
    }

    public subscript(part: Part) -> Int64? {
        switch part {
        case .endpointing: endpointing
        case .request: request
        case .followUp: followUp
        case .model: model
        case .queueing: queueing
        case .carrier: carrier
        }
    }
}

/// What the statement that a turn was heard rests on.
public enum HeardBy: String, Sendable, CaseIterable {
    /// Marks of this very turn came back.
    case marks
    /// The paced clock alone: the carrier echoes no marks, or none came in time.
    case clock
}
