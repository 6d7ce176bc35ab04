import Glibc
import Synchronization

/// A TCP proxy on loopback that does to connections what networks do: delay, jitter, slow and byte-wise delivery, loss of
/// one direction without a close, an end with FIN or RST, and a door that is shut.
///
/// It does so when a test says so. A command holds when the call returns: no byte passes by the old rule afterwards.
///
/// - Thread: any. One thread of its own moves the bytes.
public final class FaultProxy: Sendable {
    public enum Direction: Int, Sendable, CaseIterable { case toServer, toClient }

    /// What happens to the bytes of one direction. All of it may hold at once.
    public struct Faults: Sendable, Equatable {
        /// Each piece that is read waits this long.
        public var delayMilliseconds = 0
        /// And up to this much longer, by the proxy's seed. Order is kept.
        public var jitterMilliseconds = 0
        /// At most this many bytes a second; 0 lets all pass.
        public var bytesPerSecond = 0
        /// One byte at a time, each in a segment of its own.
        public var dribbles = false
        /// Nothing is read or passed on, and nothing is closed: the sender's window fills. What waits passes later.
        public var isHeld = false
        /// Everything is read and lost, and nothing is closed: the half-open connection of a peer that has gone.
        public var isLost = false
        public init() {}
    }

    /// How a connection ends.
    public enum Cut: Sendable { case fin, rst }

    /// What becomes of a new connection.
    public enum Door: Sendable {
        case open
        /// Reset as soon as it is there.
        case resets
        /// Taken, and never served.
        case silent
    }

    let state: Mutex<ProxyState>
    private let wake: CInt
    /// Where clients connect.
    public let port: Int

    /// - Parameters:
    ///   - server: port on 127.0.0.1 that connections are passed on to; `pointTo` can say it later.
    ///   - seed: of the jitter.
    ///   - smallBuffers: the kernel holds a few kilobytes towards the server instead of megabytes, so that a reader that
    ///     stops is noticed soon.
    /// - Throws: `ProxyError` when a socket cannot be had.
    public init(to server: Int = 0, seed: UInt64 = 1, smallBuffers: Bool = false) throws {
        let listener = try LoopbackSocket.listening(backlog: 128)
        port = try LoopbackSocket.port(of: listener)
        var ends: [CInt] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else { throw ProxyError("pipe: \(errno)") }
        for end in ends { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
        wake = ends[1]
        state = Mutex(
            ProxyState(
                listener: listener, wakes: (ends[0], ends[1]), server: server, seed: seed, smallBuffers: smallBuffers))
        let mover = ProxyMover(self)
        try mover.start()
    }

    /// Ends every connection with a reset and gives the port back.
    public func stop() { command { $0.isStopping = true } }

    // MARK: Commands

    /// Connections from now on go to another port of 127.0.0.1.
    public func pointTo(_ server: Int) { command { $0.server = server } }

    /// From now on, for every connection there is or will be.
    public func set(_ direction: Direction, _ change: @Sendable (inout Faults) -> Void) {
        command { change(&$0.faults[direction.rawValue]) }
    }

    /// Both directions without a fault, and the door open.
    public func heal() {
        command { state in
            state.faults = [Faults(), Faults()]
            state.door = .open
        }
    }

    /// Ends every connection there is, towards both sides. What waits is lost.
    public func cut(_ how: Cut) { command { $0.cutAll(how) } }

    /// Every connection there is becomes half open, for good: nothing passes any more, and nothing is closed. New ones are
    /// served.
    public func abandon() {
        command { state in
            for index in state.pairs.indices { state.pairs[index].isAbandoned = true }
        }
    }

    public func setDoor(_ door: Door) { command { $0.door = door } }

    // MARK: What it saw

    /// Connections taken so far, refused ones included.
    public var connections: Int { state.withLock { $0.taken } }
    /// Connections that are up.
    public var live: Int { state.withLock { $0.pairs.count } }
    /// Bytes passed on so far.
    public func passed(_ direction: Direction) -> Int { state.withLock { $0.passed[direction.rawValue] } }
    /// Bytes read and not yet passed on.
    public func waiting(_ direction: Direction) -> Int {
        state.withLock { state in state.pairs.reduce(0) { $0 + $1.pipes[direction.rawValue].waiting } }
    }

    private func command(_ change: (inout ProxyState) -> Void) {
        state.withLock { state in
            guard !state.isStopping else { return }
            change(&state)
            // A full pipe wakes as well.
            var one: UInt8 = 1
            _ = unsafe write(wake, &one, 1)
        }
    }
}

/// Why a proxy could not be set up.
public struct ProxyError: Error, CustomStringConvertible {
    public var description: String
    init(_ description: String) { self.description = description }
}
