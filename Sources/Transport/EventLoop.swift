import CLibev
import CLinux
import COpenSSL
import Glibc
import Synchronization

/// One thread, one libev loop on epoll: what a shard runs on. Its sockets are its own (`SocketConnection`).
@safe public final class EventLoop: @unchecked Sendable {
    // Sendable: the inbox, the phase and the counters are guarded; everything else belongs to the loop's thread.
    public let name: String

    let evLoop: OpaquePointer
    /// Where every socket of the loop reads into, one after another.
    let input = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: EventLoop.inputBytes)

    /// Of its sockets' send queues.
    let rooms = QueueRooms()

    /// Loop thread. When the frame clock of what lives here is due, CLOCK_MONOTONIC nanoseconds; `.max` without one.
    ///
    /// What comes in the last millisecond before it waits in the kernel and is read just after it. A loop with twenty calls
    /// or more so goes round once a millisecond and not for every message: nobody pays for waking it, and it writes to many
    /// sockets in a row.
    public var nextTick = UInt64.max
    /// Loop thread. What this round reads had to wait for a tick, and came before it.
    public private(set) var hasGathered = false

    private let wake: UnsafeMutablePointer<ev_async>
    private let sweepClock: UnsafeMutablePointer<ev_timer>
    private let beforeSleep: UnsafeMutablePointer<ev_prepare>
    /// What the thread asks the kernel for when it starts.
    private let priority: LoopPriority
    private let grant = Guarded<LoopPriority.Outcome?>(nil)
    private let inbox = Guarded(Inbox())
    private let phase = Guarded(Phase.made)
    private let held = Atomic<Int>(0)
    private let threadIdentity = Atomic<UInt>(0)

    // Loop thread only.
    private var batch: [@Sendable () -> Void] = []
    private var residents: [any LoopResident] = []
    private var condemned: [SocketConnection] = []
    private var writers: [SocketConnection] = []
    private var flushing: [SocketConnection] = []
    private var isGone = false
    private var date = ""
    private var dateSecond = 0
    private var maskKeys = [UInt32](repeating: 0, count: EventLoop.maskKeyCount)
    private var maskKeysUsed = EventLoop.maskKeyCount
    private static var maskKeyCount: Int { 512 }

    private struct Inbox {
        var work: [@Sendable () -> Void] = []
        var isOpen = true
        var stopRequested = false
    }
    private enum Phase { case made, running(pthread_t), stopped }

    /// Connections whose messages wait in the nearest cache before they are written.
    static var writersAtOnce: Int { 32 }
    static var submitLimit: Int { 4_096 }
    /// Largest piece of a stream read at once.
    static var inputBytes: Int { 64 * 1024 }
    static var sweepSeconds: Double { 0.1 }
    /// How long before a tick sockets are left alone.
    public static var gatherNanoseconds: UInt64 { 1_000_000 }

    public init(name: String, priority: LoopPriority = .ordinary) throws(TransportError) {
        (self.name, self.priority) = (name, priority)
        guard let evLoop = unsafe ev_loop_new(UInt32(EVBACKEND_EPOLL)) else {
            throw TransportError(.library, "libev found no epoll")
        }
        unsafe self.evLoop = evLoop
        unsafe wake = .allocate(capacity: 1)
        unsafe wake.initialize(to: ev_async())
        unsafe sweepClock = .allocate(capacity: 1)
        unsafe sweepClock.initialize(to: ev_timer())
        unsafe beforeSleep = .allocate(capacity: 1)
        unsafe beforeSleep.initialize(to: ev_prepare())
        writers.reserveCapacity(1_024)
        flushing.reserveCapacity(1_024)
        batch.reserveCapacity(64)
        inbox.withLock { $0.work.reserveCapacity(64) }
        _ = Self.openFilesRaised
        let me = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe media_bridge_ev_async_init(wake, loopWasWoken)
        unsafe wake.pointee.data = me
        unsafe ev_async_start(evLoop, wake)
        unsafe media_bridge_ev_timer_init(sweepClock, sweepIsDue, Self.sweepSeconds)
        unsafe sweepClock.pointee.data = me
        unsafe ev_timer_start(evLoop, sweepClock)
        unsafe media_bridge_ev_prepare_init(beforeSleep, loopWillSleep)
        unsafe beforeSleep.pointee.data = me
        unsafe ev_prepare_start(evLoop, beforeSleep)
    }

    deinit {
        // A running thread holds the loop, so this one never ran or has ended.
        if !isGone { tearDown() }
        unsafe wake.deallocate()
        unsafe sweepClock.deallocate()
        unsafe beforeSleep.deallocate()
        unsafe input.deallocate()
    }

    /// Starts the thread. Once only.
    public func start() {
        phase.withLock { phase in
            guard case .made = phase else { return }
            var thread = pthread_t()
            let me = unsafe Unmanaged.passRetained(self).toOpaque()
            let status = unsafe pthread_create(&thread, nil, runLoop, me)
            precondition(status == 0, "pthread_create: \(status)")
            phase = .running(thread)
        }
    }

    /// Any thread but the loop's own. Closes every socket, runs what was submitted, joins the thread.
    public func stop() {
        precondition(!isCurrentThread, "a loop cannot stop itself: it would wait for its own thread")
        phase.withLock { phase in
            switch phase {
            case .made:
                close(thenRun: true)
                tearDown()
            case .running(let thread):
                inbox.withLock { inbox in
                    inbox.stopRequested = true
                    unsafe ev_async_send(evLoop, wake)
                }
                pthread_join(thread, nil)
            case .stopped:
                break
            }
            phase = .stopped
        }
    }

    /// Any thread. Runs `work` on the loop's thread, in order. Bounded: false when 4,096 are waiting or the loop has
    /// stopped.
    @discardableResult public func submit(_ work: @escaping @Sendable () -> Void) -> Bool {
        submit(work, limit: Self.submitLimit)
    }

    /// For what is bounded elsewhere, by the number of connections, and must not be refused.
    @discardableResult func submitAlways(_ work: @escaping @Sendable () -> Void) -> Bool { submit(work, limit: .max) }

    private func submit(_ work: @escaping @Sendable () -> Void, limit: Int) -> Bool {
        inbox.withLock { inbox in
            guard inbox.isOpen, inbox.work.count < limit else { return false }
            inbox.work.append(work)
            // Under the lock: the loop is only destroyed after the inbox was closed under it.
            if inbox.work.count == 1 { unsafe ev_async_send(evLoop, wake) }
            return true
        }
    }

    /// Any thread. What came of asking for `LoopPriority.realtime`; nil before the thread has asked, or when it does not.
    public var priorityOutcome: LoopPriority.Outcome? { grant.withLock { $0 } }

    /// Any thread. Connections held now; the acceptor looks at it.
    public var connectionCount: Int { held.load(ordering: .relaxed) }

    public var isCurrentThread: Bool { threadIdentity.load(ordering: .relaxed) == UInt(pthread_self()) }

    /// CLOCK_MONOTONIC, in nanoseconds.
    public static var now: UInt64 { media_bridge_monotonic_nanoseconds() }

    /// Loop thread. A one-shot timer on an absolute monotonic deadline, by timerfd.
    public func makeTimer(_ fire: @escaping (_ now: UInt64) -> Void) throws(TransportError) -> LoopTimer {
        preconditionOnThread()
        return try LoopTimer(loop: self, fire: fire)
    }

    func preconditionOnThread() {
        precondition(isCurrentThread, "\(name): called from another thread than the loop's")
    }

    /// Any thread, for every connection on its way to this loop; `release` when it is gone.
    func reserveConnection() { held.wrappingAdd(1, ordering: .relaxed) }
    func releaseConnection() { held.wrappingSubtract(1, ordering: .relaxed) }

    // MARK: Masks

    /// Loop thread. A client's frames are masked with keys that nobody can foresee, made by OpenSSL a few hundred at a
    /// time. Source: RFC 6455, section 5.3.
    func nextMaskKey() -> UInt32 {
        if maskKeysUsed == Self.maskKeyCount {
            unsafe maskKeys.withUnsafeMutableBytes { bytes in
                let status = unsafe RAND_bytes(
                    bytes.baseAddress!.assumingMemoryBound(to: UInt8.self), CInt(bytes.count))
                precondition(status == 1, "OpenSSL has no random bytes")
            }
            maskKeysUsed = 0
        }
        maskKeysUsed += 1
        return maskKeys[maskKeysUsed - 1]
    }

    /// As many as the system lets us have, up to what a host's calls can need: a call takes two.
    private static let openFilesRaised: Void = {
        let openFiles = __rlimit_resource_t(bitPattern: RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard unsafe getrlimit(openFiles, &limit) == 0 else { return }
        let wanted = min(limit.rlim_max, 65_536)
        guard limit.rlim_cur < wanted else { return }
        limit.rlim_cur = wanted
        unsafe _ = setrlimit(openFiles, &limit)
    }()

    // MARK: Residents: what lives on the loop. Loop thread.

    func add(_ resident: any LoopResident) {
        resident.residentIndex = residents.count
        residents.append(resident)
    }

    func remove(_ resident: any LoopResident) {
        let index = resident.residentIndex
        guard index >= 0 else { return }
        resident.residentIndex = -1
        let last = residents.removeLast()
        if last !== resident {
            residents[index] = last
            last.residentIndex = index
        }
    }

    /// Ends a connection's socket once none of its events is on the stack.
    func condemn(_ connection: SocketConnection) {
        condemned.append(connection)
        unsafe ev_async_send(evLoop, wake)
    }

    /// Lets a connection write once this round's events are done, or enough connections want to: what they queued goes
    /// out in one piece, and nobody asks epoll whether a socket that nearly always can be written to can.
    func flushLater(_ connection: SocketConnection) { writers.append(connection) }

    /// Loop thread, between two events, or two calls that one event serves.
    ///
    /// Writing at once would wake peers for every message; writing at the end of a long round touches memory for each
    /// socket of it, which the next round finds cold.
    ///
    /// - Returns: whether it took the time to write.
    @discardableResult public func flushIfMany() -> Bool {
        guard writers.count >= Self.writersAtOnce else { return false }
        flush()
        return true
    }

    private func flush() {
        // A drained socket may be written to again at once; a few times, then the loop takes another round.
        for _ in 0..<4 {
            guard !writers.isEmpty else { return }
            swap(&writers, &flushing)
            // By index: an iterator would hold the array, and emptying it would then allocate.
            for index in flushing.indices { flushing[index].flushNow() }
            flushing.removeAll(keepingCapacity: true)
        }
        if !writers.isEmpty { unsafe ev_async_send(evLoop, wake) }
    }

    /// Before the loop asks the kernel what has come.
    fileprivate func prepare() {
        flush()
        hasGathered = writers.isEmpty && sleepUntilTick()
    }

    /// - Returns: whether a tick was so near that it was waited for.
    private func sleepUntilTick() -> Bool {
        let now = Self.now
        guard nextTick > now, nextTick - now <= Self.gatherNanoseconds else { return false }
        var tick = timespec(tv_sec: Int(nextTick / 1_000_000_000), tv_nsec: Int(nextTick % 1_000_000_000))
        // A signal ends it early, and nothing is lost by that.
        return unsafe clock_nanosleep(CLOCK_MONOTONIC, CInt(TIMER_ABSTIME), &tick, nil) == 0
    }

    private func endCondemned() {
        while let connection = condemned.popLast() { connection.destroySocket() }
    }

    /// Stops and frees a watcher whose owner is going away, on whatever thread that happens.
    func release(_ watcher: UnsafeMutablePointer<ev_io>, closing descriptor: CInt) {
        let remains = unsafe WatcherRemains(watcher: watcher, descriptor: descriptor)
        if isCurrentThread && !isGone {
            unsafe remains.free(stoppedOn: evLoop)
        } else if !submitAlways({ [self] in unsafe remains.free(stoppedOn: isGone ? nil : evLoop) }) {
            unsafe remains.free(stoppedOn: nil)
        }
    }

    /// Loop thread. For the Date header, made anew once a second.
    func httpDate() -> String {
        let second = time(nil)
        if second != dateSecond {
            dateSecond = second
            date = httpDateText(second)
        }
        return date
    }

    // MARK: The thread

    fileprivate func run() {
        threadIdentity.store(UInt(pthread_self()), ordering: .relaxed)
        var signals = sigset_t()
        // Signals are for the process's main thread; faults stay deliverable.
        unsafe sigfillset(&signals)
        for fault in [SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS] { unsafe sigdelset(&signals, fault) }
        unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
        unsafe media_bridge_name_thread(name)
        if priority == .realtime {
            let reason = media_bridge_run_first(LoopPriority.realtimeLevel)
            grant.withLock { $0 = reason == 0 ? .granted : .refused(describe(errno: reason)) }
        }
        unsafe ev_run(evLoop, 0)
        tearDown()
        threadIdentity.store(0, ordering: .relaxed)
    }

    fileprivate func woken() {
        endCondemned()
        let stopRequested = runInbox()
        endCondemned()
        guard stopRequested else { return }
        close(thenRun: true)
        unsafe ev_break(evLoop, CInt(EVBREAK_ALL))
    }

    private func runInbox() -> Bool {
        let stopRequested = inbox.withLock { inbox in
            swap(&inbox.work, &batch)
            return inbox.stopRequested
        }
        for work in batch { work() }
        batch.removeAll(keepingCapacity: true)
        return stopRequested
    }

    /// Ends every resident and refuses further work.
    private func close(thenRun: Bool) {
        for resident in residents { resident.loopIsStopping() }
        endCondemned()
        inbox.withLock { $0.isOpen = false }
        _ = runInbox()
        for resident in residents { resident.loopIsStopping() }
        endCondemned()
    }

    private func tearDown() {
        inbox.withLock { $0.isOpen = false }
        isGone = true
        unsafe ev_async_stop(evLoop, wake)
        unsafe ev_timer_stop(evLoop, sweepClock)
        unsafe ev_prepare_stop(evLoop, beforeSleep)
        unsafe ev_loop_destroy(evLoop)
    }

    fileprivate func sweep() {
        let now = Self.now
        // Backwards: sweeping a resident may remove it, which moves the last one into its place.
        var index = residents.count - 1
        while index >= 0 {
            if index < residents.count { residents[index].sweep(now: now) }
            index -= 1
        }
    }
}

/// Something a loop looks after: it is looked at ten times a second and told when the loop stops.
protocol LoopResident: AnyObject {
    /// Where the loop keeps it; -1 when it does not.
    var residentIndex: Int { get set }
    func sweep(now: UInt64)
    func loopIsStopping()
}

/// Sendable: handed from a dying owner to the loop, with nobody else left who knows it.
@safe private struct WatcherRemains: @unchecked Sendable {
    let watcher: UnsafeMutablePointer<ev_io>
    let descriptor: CInt

    func free(stoppedOn evLoop: OpaquePointer?) {
        if let evLoop = unsafe evLoop { unsafe ev_io_stop(evLoop, watcher) }
        close(descriptor)
        unsafe watcher.deallocate()
    }
}

private func runLoop(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    let loop = unsafe Unmanaged<EventLoop>.fromOpaque(argument!).takeRetainedValue()
    loop.run()
    return nil
}

private func loopWasWoken(_: OpaquePointer?, watcher: UnsafeMutablePointer<ev_async>?, _: CInt) {
    unsafe Unmanaged<EventLoop>.fromOpaque(watcher!.pointee.data).takeUnretainedValue().woken()
}

private func loopWillSleep(_: OpaquePointer?, watcher: UnsafeMutablePointer<ev_prepare>?, _: CInt) {
    unsafe Unmanaged<EventLoop>.fromOpaque(watcher!.pointee.data).takeUnretainedValue().prepare()
}

private func sweepIsDue(_: OpaquePointer?, watcher: UnsafeMutablePointer<ev_timer>?, _: CInt) {
    unsafe Unmanaged<EventLoop>.fromOpaque(watcher!.pointee.data).takeUnretainedValue().sweep()
}

/// An IMF-fixdate. Source: RFC 9110, section 5.6.7. By hand, for strftime's names follow the locale.
func httpDateText(_ second: Int) -> String {
    var second = second
    var parts = unsafe tm()
    unsafe gmtime_r(&second, &parts)
    func two(_ number: CInt) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    let (day, month, year) = unsafe (days[Int(parts.tm_wday)], months[Int(parts.tm_mon)], parts.tm_year + 1900)
    let (hour, minute, seconds) = unsafe (two(parts.tm_hour), two(parts.tm_min), two(parts.tm_sec))
    return unsafe "\(day), \(two(parts.tm_mday)) \(month) \(year) \(hour):\(minute):\(seconds) GMT"
}

func describe(errno code: CInt) -> String { unsafe String(cString: strerror(code)) }
