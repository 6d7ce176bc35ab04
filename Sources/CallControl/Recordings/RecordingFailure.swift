/// Why a recording is not here. Its words are shown to operators and hold no address, number or credential.
public enum RecordingFailure: String, Error, Sendable, CaseIterable {
    // The recording itself.
    /// Not found, and young: carriers say that a call is over before its recording can be had.
    case notYet
    /// Not found, and old enough to have been; or said to be gone.
    case gone
    /// The tenant has no credentials, or does not let the carrier record any more.
    case notWanted
    /// The credentials are not taken. Trying again would only lock the account.
    case unauthorized
    /// Another answer that means no.
    case refused
    // Where it is said to be.
    /// An address, or a redirect, that leads to a host recordings never come from.
    case hostNotAllowed
    /// A host of the list that resolves to an address inside somebody's network.
    case privateAddress
    case tooManyRedirects
    // The way there.
    case unreachable, throttled, serverError
    /// Nothing came for a while, or too little.
    case timedOut
    /// The host failed several times in a row and is left alone for a while.
    case hostResting
    // What came.
    /// Fewer bytes than were promised.
    case truncated
    case empty
    /// Neither a WAV nor an Ogg file, or one whose length contradicts it.
    case wrongType
    case tooLarge
    /// No HTTP.
    case malformed
    // Here.
    /// The file cannot be written, or the store cannot be read.
    case disk
    /// Another process is at it, or was a moment ago.
    case elsewhere

    /// Trying again changes nothing.
    public var isFinal: Bool {
        switch self {
        case .gone, .notWanted, .unauthorized, .hostNotAllowed, .privateAddress, .tooManyRedirects, .wrongType,
            .tooLarge:
            true
        case .notYet, .refused, .unreachable, .throttled, .serverError, .timedOut, .hostResting, .truncated, .empty,
            .malformed, .disk, .elsewhere:
            false
        }
    }

    /// The host is not well; what is said about one recording says nothing about it.
    var blamesHost: Bool {
        switch self {
        case .unreachable, .throttled, .serverError, .timedOut, .truncated, .malformed: true
        default: false
        }
    }

    /// What came so far may be continued, at once.
    var isWorthResuming: Bool { self == .truncated || self == .timedOut }
}
