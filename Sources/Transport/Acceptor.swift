import CLibev
import CLinux
import COpenSSL
import Glibc
import Synchronization

/// A listener's socket and what its connections share. Accepts on the first loop; counters may be read anywhere.
@safe final class Acceptor: LoopResident, @unchecked Sendable {
    // Sendable: what is not atomic or constant belongs to the first loop's thread.
    let service: any HTTPService
    let limits: HTTPLimits
    /// Nil for a plain listener.
    private let tls: ListenerTLS?
    private let loops: [EventLoop]
    private var descriptor: CInt
    private let watcher: UnsafeMutablePointer<ev_io>
    private let open = Atomic<Int>(0)
    let refused = Atomic<Int>(0)

    var residentIndex = -1
    /// Accepting rests until then: the process was out of descriptors or memory.
    private var resumesAt: UInt64 = 0

    static var restMilliseconds: Int { 100 }

    init(
        descriptor: CInt, service: any HTTPService, limits: HTTPLimits, loops: [EventLoop], tls: ListenerTLS?
    ) {
        (self.descriptor, self.service, self.limits, self.loops) = (descriptor, service, limits, loops)
        self.tls = tls
        unsafe watcher = .allocate(capacity: 1)
        unsafe watcher.initialize(to: ev_io())
        unsafe media_bridge_ev_io_init(watcher, listenerIsReadable, descriptor, 0)
    }

    deinit {
        if descriptor >= 0 { Glibc.close(descriptor) }
        unsafe watcher.deallocate()
    }

    /// First loop.
    func start() {
        guard descriptor >= 0 else { return }
        loops[0].add(self)
        unsafe watcher.pointee.data = Unmanaged.passUnretained(self).toOpaque()
        unsafe ev_io_start(loops[0].evLoop, watcher)
    }

    /// First loop. Connections that stand are left alone.
    func stop() {
        guard descriptor >= 0 else { return }
        unsafe ev_io_stop(loops[0].evLoop, watcher)
        Glibc.close(descriptor)
        descriptor = -1
        loops[0].remove(self)
    }

    func loopIsStopping() { stop() }

    func sweep(now: UInt64) {
        guard resumesAt > 0, now > resumesAt else { return }
        resumesAt = 0
        unsafe ev_io_start(loops[0].evLoop, watcher)
    }

    func connectionEnded() { open.wrappingSubtract(1, ordering: .relaxed) }

    fileprivate func accept() {
        // Bounded: a storm of connections must not hold up the calls of this loop.
        for _ in 0..<64 {
            var address = sockaddr_storage()
            var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let accepted = unsafe withUnsafeMutablePointer(to: &address) { address in
                unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe accept4(descriptor, $0, &length, CInt(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue))
                }
            }
            guard accepted >= 0 else {
                switch errno {
                case EAGAIN: return
                case EINTR, ECONNABORTED, EPROTO, ENETDOWN, EHOSTUNREACH, ENETUNREACH, EPERM: continue
                default:
                    // EMFILE, ENFILE, ENOBUFS, ENOMEM: the connection stays in the backlog and would wake us forever.
                    unsafe ev_io_stop(loops[0].evLoop, watcher)
                    resumesAt = EventLoop.now + milliseconds(Self.restMilliseconds)
                    return
                }
            }
            guard open.load(ordering: .relaxed) < limits.maximumConnections else {
                refused.store(refused.load(ordering: .relaxed) + 1, ordering: .relaxed)
                Glibc.close(accepted)
                continue
            }
            let peer = unsafe withUnsafeMutablePointer(to: &address) { address in
                unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe numericHost($0, length) }
            }
            hand(accepted, from: peer ?? "")
        }
    }

    private func hand(_ accepted: CInt, from peer: String) {
        setPromptness(of: accepted)
        var chosen = 0
        for index in loops.indices where loops[index].connectionCount < loops[chosen].connectionCount { chosen = index }
        let (index, loop) = (chosen, loops[chosen])
        open.wrappingAdd(1, ordering: .relaxed)
        loop.reserveConnection()
        if loop.isCurrentThread {
            adopt(accepted, from: peer, on: index)
        } else if !loop.submitAlways({ [self] in adopt(accepted, from: peer, on: index) }) {
            loop.releaseConnection()
            connectionEnded()
            Glibc.close(accepted)
        }
    }

    /// The chosen loop.
    private func adopt(_ accepted: CInt, from peer: String, on index: Int) {
        let loop = loops[index]
        let connection = ServerConnection(acceptor: self, loop: loop, remoteAddress: peer, isSecure: tls != nil)
        connection.join()
        unsafe connection.attach(accepted, tls: tls?.makeSession())
    }
}

private func listenerIsReadable(_: OpaquePointer?, watcher: UnsafeMutablePointer<ev_io>?, _: CInt) {
    unsafe Unmanaged<Acceptor>.fromOpaque(watcher!.pointee.data).takeUnretainedValue().accept()
}
