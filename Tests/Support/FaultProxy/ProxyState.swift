import Glibc

/// One direction of one connection: what was read and when it may go on.
struct ProxyPipe {
    private struct Piece {
        var due: UInt64
        var bytes: [UInt8]
        var sent = 0
    }

    /// More than this is left with the sender.
    static let maximumWaiting = 256 * 1024

    private var pieces: [Piece] = []
    private(set) var waiting = 0
    /// The sender has finished.
    var hasEnd = false
    /// And the receiver knows.
    var hasPassedEnd = false
    private var nextWrite: UInt64 = 0
    private var lastDue: UInt64 = 0

    var wantsMore: Bool { !hasEnd && waiting < Self.maximumWaiting }

    mutating func take(_ bytes: [UInt8], due: UInt64) {
        lastDue = max(lastDue, due)
        pieces.append(Piece(due: lastDue, bytes: bytes))
        waiting += bytes.count
    }

    /// When the next byte may go; nil when none waits.
    var due: UInt64? { pieces.first.map { max($0.due, nextWrite) } }

    /// Passes on what is due.
    /// - Returns: bytes passed; nil when the receiver is gone.
    mutating func pass(to descriptor: CInt, _ faults: FaultProxy.Faults, now: UInt64) -> Int? {
        var total = 0
        while let first = pieces.first, max(first.due, nextWrite) <= now {
            var count = first.bytes.count - first.sent
            // Twenty portions a second.
            if faults.bytesPerSecond > 0 { count = min(count, max(1, faults.bytesPerSecond / 20)) }
            if faults.dribbles { count = 1 }
            let start = first.sent
            let sent = unsafe first.bytes.withUnsafeBytes { bytes in
                unsafe send(descriptor, bytes.baseAddress! + start, count, CInt(MSG_NOSIGNAL))
            }
            guard sent > 0 else {
                if sent < 0, errno == EAGAIN || errno == EINTR { break }
                return nil
            }
            total += sent
            waiting -= sent
            if faults.bytesPerSecond > 0 {
                nextWrite = max(nextWrite, now) + UInt64(sent) * 1_000_000_000 / UInt64(faults.bytesPerSecond)
            }
            pieces[0].sent += sent
            if pieces[0].sent == first.bytes.count { pieces.removeFirst() }
        }
        return total
    }
}

/// A client's connection and ours to the server.
struct ProxyPair {
    var client: CInt
    /// Negative for a client that is never served.
    var server: CInt
    /// Left as it is: neither read nor closed.
    var isAbandoned = false
    /// By `FaultProxy.Direction`.
    var pipes = [ProxyPipe(), ProxyPipe()]

    func source(_ direction: Int) -> CInt { direction == 0 ? client : server }
    func sink(_ direction: Int) -> CInt { direction == 0 ? server : client }

    func end(_ how: FaultProxy.Cut) {
        for descriptor in [client, server] where descriptor >= 0 {
            switch how {
            case .fin: close(descriptor)
            case .rst: LoopbackSocket.reset(descriptor)
            }
        }
    }
}

/// Everything a proxy knows; behind its mutex.
struct ProxyState {
    var listener: CInt
    /// A pipe: read by the mover, written by commands.
    let wakes: (read: CInt, write: CInt)
    var server: Int
    let smallBuffers: Bool
    var faults = [FaultProxy.Faults(), FaultProxy.Faults()]
    var door = FaultProxy.Door.open
    var pairs: [ProxyPair] = []
    var taken = 0
    var passed = [0, 0]
    var isStopping = false
    private var random: UInt64

    init(listener: CInt, wakes: (read: CInt, write: CInt), server: Int, seed: UInt64, smallBuffers: Bool) {
        (self.listener, self.wakes, self.server, self.smallBuffers) = (listener, wakes, server, smallBuffers)
        random = seed
    }

    mutating func cutAll(_ how: FaultProxy.Cut) {
        for pair in pairs {
            // A close with bytes unread would be a reset.
            if how == .fin { Self.drain(pair) }
            pair.end(how)
        }
        pairs.removeAll()
    }

    private static func drain(_ pair: ProxyPair) {
        for descriptor in [pair.client, pair.server] where descriptor >= 0 {
            shutdown(descriptor, CInt(SHUT_WR))
            while case .bytes = read(descriptor, 65_536) {}
        }
    }

    // MARK: Moving bytes

    /// - Returns: how long nothing will be due, in nanoseconds; nil for ever.
    mutating func move(at now: UInt64) -> UInt64? {
        takeNew()
        var wait: UInt64?
        var index = 0
        while index < pairs.count {
            var pair = pairs[index]
            if serve(&pair, now, &wait) {
                pairs[index] = pair
                index += 1
            } else {
                pairs.remove(at: index)
            }
        }
        return wait
    }

    private mutating func takeNew() {
        while true {
            let client = accept(listener, nil, nil)
            guard client >= 0 else { return }
            taken += 1
            LoopbackSocket.prepare(client)
            switch door {
            case .resets: LoopbackSocket.reset(client)
            case .silent: pairs.append(ProxyPair(client: client, server: -1))
            case .open:
                if let upstream = LoopbackSocket.connected(to: server, smallBuffers: smallBuffers) {
                    pairs.append(ProxyPair(client: client, server: upstream))
                } else {
                    LoopbackSocket.reset(client)
                }
            }
        }
    }

    /// - Returns: false when the connection is over, and closed.
    private mutating func serve(_ pair: inout ProxyPair, _ now: UInt64, _ wait: inout UInt64?) -> Bool {
        guard pair.server >= 0, !pair.isAbandoned else { return true }
        for direction in 0..<2 {
            let rule = faults[direction]
            guard !rule.isHeld else { continue }
            while pair.pipes[direction].wantsMore {
                switch Self.read(pair.source(direction), 16_384) {
                case .bytes(let bytes):
                    if !rule.isLost { pair.pipes[direction].take(bytes, due: due(rule, now)) }
                    continue
                case .end: pair.pipes[direction].hasEnd = true
                case .nothing: break
                case .gone:
                    pair.end(.rst)
                    return false
                }
                break
            }
            if rule.isLost { continue }
            guard let count = pair.pipes[direction].pass(to: pair.sink(direction), rule, now: now) else {
                pair.end(.rst)
                return false
            }
            passed[direction] += count
            let pipe = pair.pipes[direction]
            if pipe.hasEnd, pipe.waiting == 0, !pipe.hasPassedEnd {
                pair.pipes[direction].hasPassedEnd = true
                shutdown(pair.sink(direction), CInt(SHUT_WR))
            }
            if let due = pipe.due, due > now { wait = min(wait ?? .max, due - now) }
        }
        if pair.pipes[0].hasPassedEnd, pair.pipes[1].hasPassedEnd {
            pair.end(.fin)
            return false
        }
        return true
    }

    private mutating func due(_ rule: FaultProxy.Faults, _ now: UInt64) -> UInt64 {
        var milliseconds = UInt64(rule.delayMilliseconds)
        if rule.jitterMilliseconds > 0 {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            milliseconds += (random >> 33) % UInt64(rule.jitterMilliseconds + 1)
        }
        return now + milliseconds * 1_000_000
    }

    private enum Reading { case bytes([UInt8]), end, nothing, gone }

    private static func read(_ descriptor: CInt, _ maximum: Int) -> Reading {
        var count = 0
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: maximum) { buffer, length in
            count = unsafe recv(descriptor, buffer.baseAddress!, maximum, 0)
            length = max(0, count)
        }
        if count > 0 { return .bytes(bytes) }
        if count == 0 { return .end }
        return errno == EAGAIN || errno == EINTR ? .nothing : .gone
    }

    // MARK: Waiting

    /// What the next `poll` is to watch.
    var watched: [pollfd] {
        var watched = [
            pollfd(fd: wakes.read, events: Int16(POLLIN), revents: 0),
            pollfd(fd: listener, events: Int16(POLLIN), revents: 0),
        ]
        for pair in pairs where pair.server >= 0 && !pair.isAbandoned {
            for (descriptor, incoming, outgoing) in [(pair.client, 0, 1), (pair.server, 1, 0)] {
                var events = 0
                if pair.pipes[incoming].wantsMore, !faults[incoming].isHeld { events |= Int(POLLIN) }
                let leaving = pair.pipes[outgoing]
                if leaving.waiting > 0, !faults[outgoing].isHeld, (leaving.due ?? 0) <= ProxyMover.now {
                    events |= Int(POLLOUT)
                }
                // A descriptor without events would still report that the peer is gone, for ever.
                watched.append(pollfd(fd: events == 0 ? -1 : descriptor, events: Int16(events), revents: 0))
            }
        }
        return watched
    }
}
