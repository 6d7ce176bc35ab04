/// A listening socket whose connections go to the least-loaded of its loops.
public final class Listener: @unchecked Sendable {
    /// Bound port, also when 0 was asked for.
    public let port: Int

    /// Binds and starts accepting. `loops` are running.
    public init(_ options: ListenerOptions, loops: [EventLoop], service: any HTTPService) throws(TransportError) {
        port = options.port
    }

    /// Any thread. Reads certificate and key again; new connections use them, old ones stay. On an error the old stay.
    public func reloadCertificate() throws(TransportError) {}
    /// Any thread. Stops accepting; connections that stand are left alone.
    public func close() {}
}

public struct ListenerOptions: Sendable {
    public var host = "127.0.0.1"
    public var port = 0
    /// PEM files; nil serves plain.
    public var tls: TLSIdentity?
    public var limits = HTTPLimits()
    public init() {}
}

public struct TLSIdentity: Sendable, Equatable {
    public var certificateFile: String
    public var keyFile: String
    public init(certificateFile: String, keyFile: String) {
        (self.certificateFile, self.keyFile) = (certificateFile, keyFile)
    }
}

public struct HTTPLimits: Sendable {
    public var maximumHeadBytes = 16 * 1024
    public var maximumBodyBytes = 256 * 1024
    /// From the connection to a whole request.
    public var requestDeadlineMilliseconds = 10_000
    public var keepAliveMilliseconds = 30_000
    public var maximumConnections = 4_096
    public init() {}
}
