/// Where a call's stream comes in.
public struct CallStream: Sendable, Equatable {
    /// From the public origin; holds the call's token, if it has one.
    public var path: String
    /// Has to be said in the stream's parameters when the path does not say it.
    var tenant: String?
}
