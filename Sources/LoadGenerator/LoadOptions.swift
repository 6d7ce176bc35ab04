/// What a load run does: how many calls, through which door, for how long.
public struct LoadOptions: Sendable {
    /// How callers reach the bridge.
    public enum Door: Sendable, Equatable {
        /// A media stream's address, `ws://` or `wss://`.
        case stream(url: String)
        /// The carrier's signed voice webhook, `http://` or `https://`; its TwiML says where the stream goes.
        case webhook(url: String, authToken: String, accountSid: String, to: String)
    }

    public var door: Door
    public var calls: Int
    /// New calls a second until all are up, 1 ... 10,000.
    public var callsPerSecond = 200.0
    /// After the last call has begun and before anything is measured.
    public var warmUpSeconds = 5.0
    public var seconds = 20.0
    /// Audio in one delta of the model, 20 ... 1,000 ms, in steps of 20.
    public var deltaMilliseconds = 20
    /// Every so many-th call is a latency probe; 0 for none.
    public var probeEvery = 10
    /// Where the model listens; 0 takes a free port.
    public var modelPort = 0
    /// PEM files for the model's side; nil leaves it plain.
    public var modelCertificate: String?
    public var modelKey: String?
    /// The bridge's process, for processor time and memory; nil measures neither.
    public var bridgeProcess: Int32?
    /// Calls that are asked for beyond `calls` while it measures, so many a second: an overload.
    public var extraCallsPerSecond = 0.0
    /// How long each of those stays before it hangs up; 0 for to the end.
    public var extraCallSeconds = 0.0

    public init(door: Door, calls: Int) { (self.door, self.calls) = (door, calls) }
}
