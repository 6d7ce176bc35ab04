/// Times and sizes of a download.
public struct DownloadLimits: Sendable {
    public var maximumBytes: Int64 = 1 << 30
    public var connectMilliseconds = 5_000
    /// The longest silence.
    public var stallMilliseconds = 15_000
    /// A server that sends a byte now and then is never silent: all of it may take this long, and a second more for each
    /// `minimumBytesPerSecond` that came.
    public var patienceMilliseconds = 30_000
    public var minimumBytesPerSecond = 4_000
    public var maximumRedirects = 3
    /// Requests of one fetch: a download that broke off goes on where it was.
    public var tries = 4
    public init() {}
}
