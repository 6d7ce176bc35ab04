/// One call as a carrier would make it: where to, who, and what the caller does.
public struct CarrierPhoneOptions: Sendable {
    public enum Destination: Sendable {
        /// Asks this voice webhook (`http://` or `https://`) for TwiML first, as the carrier does.
        case webhook(url: String)
        /// Opens this media stream (`ws://` or `wss://`) at once, with these custom parameters.
        case stream(url: String, parameters: [(name: String, value: String)] = [])
    }

    /// Call progress that is posted to `statusCallback`.
    public enum StatusEvent: String, Sendable, CaseIterable {
        case initiated, ringing, answered, completed
    }

    public var destination: Destination
    public var from = "+15005550006"
    public var to = "+15005550001"
    /// As the carrier names it: `inbound`, or `outbound-api` for a call that was asked for.
    public var direction = "inbound"
    public var accountSid = "AC00000000000000000000000000000001"
    /// A new one for each value of this type.
    public var callSid = Self.newSid("CA")
    public var streamSid = Self.newSid("MZ")
    /// Signs webhooks and the upgrade; empty sends no signature.
    public var authToken = ""

    public var utterances: [PhoneUtterance] = []
    public var keys: [PhoneKey] = []
    /// The first that comes true ends the call; the agent may always end it earlier.
    public var hangUp: [HangUpRule] = [.after(milliseconds: 60_000)]
    /// Silence that ends a turn of the agent, as the caller hears it.
    public var agentHangoverMilliseconds = 600

    /// PEM file of the authorities to trust, for webhooks and stream, instead of the system's.
    public var trustedAuthoritiesFile: String?
    public var statusCallback: String?
    public var statusEvents: [StatusEvent] = [.completed]
    /// Off for a load generator: 16 kB a second and call.
    public var keepsAudio = true
    /// Frames, counted from 0, that the carrier loses on the way: their numbers and times are spent, nothing is sent.
    public var lostFrames: [Range<Int>] = []

    public init(_ destination: Destination) { self.destination = destination }

    private static func newSid(_ prefix: String) -> String {
        prefix + (0..<32).map { _ in String("0123456789abcdef".randomElement()!) }.joined()
    }
}

/// When the caller does something.
public enum PhoneMoment: Sendable, Equatable {
    /// Since the stream began.
    case at(milliseconds: Int)
    /// Once the agent's n-th turn (from 1) has ended; the pause counts from its last sound.
    case afterAgentTurn(Int, pauseMilliseconds: Int)
    /// While the agent speaks: this long after the n-th turn (from 1) began.
    case intoAgentTurn(Int, milliseconds: Int)
}

/// A key the caller presses.
public struct PhoneKey: Sendable, Equatable {
    /// `0` to `9`, `*`, `#`, `A` to `D`.
    public var digit: Character
    public var moment: PhoneMoment
    public init(_ digit: Character, _ moment: PhoneMoment) { (self.digit, self.moment) = (digit, moment) }
}

/// When the caller hangs up.
public enum HangUpRule: Sendable, Equatable {
    case after(milliseconds: Int)
    case afterAgentTurn(Int, pauseMilliseconds: Int)
    /// Neither side made a sound for this long; utterances still to come do not count.
    case afterSilence(milliseconds: Int)
}
