import Glibc
import Synchronization
import Testing

@testable import FaultProxy

/// What the other tests trust the proxy to do.
@Suite struct `Fault proxy` {
    /// A client, the proxy, and the server's end of the same connection. Reads block for at most five seconds.
    private final class Line {
        let proxy: FaultProxy
        let listener: CInt
        var client: CInt = -1
        var server: CInt = -1

        init(smallBuffers: Bool = false) throws {
            listener = try LoopbackSocket.bound(nonBlocking: false)
            guard listen(listener, 8) == 0 else { throw ProxyError("listen") }
            proxy = try FaultProxy(to: try LoopbackSocket.port(of: listener), smallBuffers: smallBuffers)
        }

        func connect() throws {
            client = try #require(LoopbackSocket.connected(to: proxy.port, smallBuffers: false))
            server = accept(listener, nil, nil)
            for descriptor in [client, server] {
                _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) & ~O_NONBLOCK)
                var limit = timeval(tv_sec: 5, tv_usec: 0)
                _ = unsafe setsockopt(
                    descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
            }
        }

        deinit {
            proxy.stop()
            for descriptor in [client, server, listener] where descriptor >= 0 { close(descriptor) }
        }
    }

    private enum Received: Equatable { case bytes([UInt8]), end, reset, nothing }

    private static func receive(_ descriptor: CInt, atMost maximum: Int = 65_536, waits: Bool = true) -> Received {
        var count = 0
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: maximum) { buffer, length in
            count = unsafe recv(descriptor, buffer.baseAddress!, maximum, waits ? 0 : CInt(MSG_DONTWAIT))
            length = max(0, count)
        }
        if count > 0 { return .bytes(bytes) }
        if count == 0 { return .end }
        return errno == ECONNRESET ? .reset : .nothing
    }

    private static func transmit(_ descriptor: CInt, _ bytes: [UInt8]) {
        let sent = unsafe send(descriptor, bytes, bytes.count, CInt(MSG_NOSIGNAL))
        #expect(sent == bytes.count)
    }

    @Test func `passes bytes both ways, and an end that one side has made`() throws {
        let line = try Line()
        try line.connect()
        Self.transmit(line.client, [1, 2, 3])
        #expect(Self.receive(line.server) == .bytes([1, 2, 3]))
        shutdown(line.client, CInt(SHUT_WR))
        #expect(Self.receive(line.server) == .end)
        Self.transmit(line.server, [4])
        #expect(Self.receive(line.client) == .bytes([4]))
        shutdown(line.server, CInt(SHUT_WR))
        #expect(Self.receive(line.client) == .end)
        #expect(line.proxy.passed(.toServer) == 3)
        #expect(line.proxy.passed(.toClient) == 1)
    }

    @Test func `a delay holds every byte back, in order`() throws {
        let line = try Line()
        try line.connect()
        line.proxy.set(.toServer) { ($0.delayMilliseconds, $0.jitterMilliseconds) = (50, 30) }
        let begun = ContinuousClock.now
        var all: [UInt8] = []
        for byte in 0..<10 as Range<UInt8> { Self.transmit(line.client, [byte]) }
        while all.count < 10, case .bytes(let bytes) = Self.receive(line.server) { all += bytes }
        #expect(ContinuousClock.now - begun >= .milliseconds(50))
        #expect(all == Array(0..<10))
    }

    @Test func `a held direction delivers everything once it is let go`() throws {
        let line = try Line()
        try line.connect()
        line.proxy.set(.toServer) { $0.isHeld = true }
        Self.transmit(line.client, [1, 2])
        // The other direction shows that the proxy has been round.
        Self.transmit(line.server, [9])
        #expect(Self.receive(line.client) == .bytes([9]))
        #expect(Self.receive(line.server, waits: false) == .nothing)
        line.proxy.heal()
        #expect(Self.receive(line.server) == .bytes([1, 2]))
    }

    @Test func `what is lost is lost, without a close`() throws {
        let line = try Line()
        try line.connect()
        line.proxy.set(.toServer) { $0.isLost = true }
        Self.transmit(line.client, [1, 2])
        Self.transmit(line.server, [9])
        #expect(Self.receive(line.client) == .bytes([9]))
        while line.proxy.state.withLock({ state in !state.pairs.isEmpty && Self.isUnread(state.pairs[0].client) }) {
            usleep(1_000)
        }
        line.proxy.heal()
        Self.transmit(line.client, [3])
        #expect(Self.receive(line.server) == .bytes([3]))
    }

    private static func isUnread(_ descriptor: CInt) -> Bool {
        var byte: UInt8 = 0
        return unsafe recv(descriptor, &byte, 1, CInt(MSG_PEEK | MSG_DONTWAIT)) > 0
    }

    @Test func `a slow direction takes its time, and a dribble is byte by byte`() throws {
        let line = try Line()
        try line.connect()
        line.proxy.set(.toServer) { ($0.bytesPerSecond, $0.dribbles) = (1_000, true) }
        let begun = ContinuousClock.now
        Self.transmit(line.client, [UInt8](repeating: 7, count: 200))
        var count = 0
        var largest = 0
        while count < 200, case .bytes(let bytes) = Self.receive(line.server) {
            count += bytes.count
            largest = max(largest, bytes.count)
        }
        #expect(count == 200)
        #expect(ContinuousClock.now - begun >= .milliseconds(199))
        // A reader that comes late finds several at once; never a tenth of them.
        #expect(largest < 20)
    }

    @Test(arguments: [FaultProxy.Cut.fin, .rst])
    func `a cut reaches both sides as it was made`(cut: FaultProxy.Cut) throws {
        let line = try Line()
        try line.connect()
        Self.transmit(line.client, [1])
        #expect(Self.receive(line.server) == .bytes([1]))
        line.proxy.cut(cut)
        for descriptor in [line.client, line.server] {
            #expect(Self.receive(descriptor) == (cut == .fin ? .end : .reset))
        }
        #expect(line.proxy.live == 0)
    }

    @Test func `a door that is shut resets, and a silent one does not answer`() throws {
        let line = try Line()
        line.proxy.setDoor(.resets)
        let refused = try #require(LoopbackSocket.connected(to: line.proxy.port, smallBuffers: false))
        defer { close(refused) }
        while Self.receive(refused, waits: false) == .nothing { usleep(1_000) }
        #expect(line.proxy.connections == 1)
        line.proxy.setDoor(.silent)
        let ignored = try #require(LoopbackSocket.connected(to: line.proxy.port, smallBuffers: false))
        defer { close(ignored) }
        while line.proxy.live == 0 { usleep(1_000) }
        Self.transmit(ignored, [1])
        line.proxy.heal()
        #expect(Self.receive(ignored, waits: false) == .nothing)
        #expect(line.proxy.passed(.toServer) == 0)
    }

    @Test func `a closed port refuses, and is nobody else's`() throws {
        let port = try ClosedPort()
        #expect(LoopbackSocket.connected(to: port.port, smallBuffers: false) == nil)
    }
}
