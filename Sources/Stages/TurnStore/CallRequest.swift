/// Somebody asked for an outbound call, once.
public struct CallRequest: Sendable, Equatable {
    /// How far the service got. The table's check has the same words.
    public enum State: String, Sendable, CaseIterable {
        /// The carrier is being asked, or was when the service died.
        case dialling
        case made
        /// It was surely not made.
        case refused
        /// The carrier did not answer: it may have been made.
        case unknown
    }

    /// Random; also in the addresses that the carrier calls back.
    public var id: String
    public var tenant: String
    /// Whoever asks twice with one key means one call.
    public var key: String
    /// Of the whole body: the same key with another one is a mistake.
    public var bodyDigest: String
    /// Of tenant and number, so that the table holds no number.
    public var numberDigest: String
    public var state: State
    /// The carrier's id of it, when known.
    public var call: String?
    /// What was answered; nil as long as nothing was.
    public var httpStatus: Int?
    public var answer: String?
    public var madeAtUnixMilliseconds: Int64

    public init(id: String, tenant: String, key: String, bodyDigest: String, numberDigest: String, at: Int64) {
        (self.id, self.tenant, self.key, self.bodyDigest) = (id, tenant, key, bodyDigest)
        (self.numberDigest, madeAtUnixMilliseconds, state) = (numberDigest, at, .dialling)
    }
}

/// What a tenant allows of outbound calls.
public struct CallRequestLimits: Sendable, Equatable {
    /// One number is called once in so many milliseconds; 0: no such limit.
    public var sameNumberMilliseconds: Int64
    /// Calls in a minute.
    public var perMinute: Int

    public init(sameNumberMilliseconds: Int64, perMinute: Int) {
        (self.sameNumberMilliseconds, self.perMinute) = (sameNumberMilliseconds, perMinute)
    }
}

/// What asking came to.
public enum CallRequestVerdict: Sendable, Equatable {
    /// Nobody asked before: to be dialled, by whoever was told this.
    case new
    /// The same was asked for before.
    case repeated(CallRequest)
    /// The key stands for another request.
    case keyReused
    /// The number was called just now, by this request.
    case sameNumber(CallRequest)
    /// The tenant has had its calls of this minute; the next one is possible in so many milliseconds.
    case tooMany(waitMilliseconds: Int64)
}
