import AudioPipeline
import CLinux
import COpenSSL
import CarrierPhone
import Foundation
import Glibc
import Transport

/// One load run: callers and the model they are joined to, on one thread, in one process of its own.
///
/// An open loop: each message has an intended time, `start + k x 20 ms` in one of twenty slots of a millisecond, and is
/// sent then whether or not anything came back; what waits is measured from the intended time (no coordinated omission).
/// The generator times itself too, and a run in which it was late is void.
@safe public final class LoadRun {
    public let options: LoadOptions
    /// A line for a person, about once a second.
    private let progress: (String) -> Void

    enum Watched { case caller(Int), model(Int), listener, clock }

    // What callers and sessions share. One thread.
    var figures = LoadFigures()
    let sound: LoadSound
    let runName: String
    let accountSid: String
    let input = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: LoadRun.inputBytes)
    let output = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: LoadRun.messageBytes + 1_024)
    var deltaText: [UInt8] = []
    /// Whole server frames.
    let mulawDeltas: [[UInt8]], linearDeltas: [[UInt8]]
    let streamAddress: WebAddress?
    let webhookAddress: WebAddress?
    let clientTLS: OpaquePointer?
    private let serverTLS: OpaquePointer?

    private let epoll: CInt
    private let clock: CInt
    private let listener: CInt
    /// Where the model listens.
    public let modelPort: Int

    private var callers: [CallerStream] = []
    private var sessions: [ModelSession] = []
    private var callersOfSlot = [[Int]](repeating: [], count: 20)
    private var speakersOfSlot = [[Int]](repeating: [], count: 20)
    private var addresses: [String: LoadAddress] = [:]
    private var mask: UInt32 = 0x1234_5678
    private var start: UInt64 = 0
    /// Slots done, one a millisecond.
    private var slotsDone: UInt64 = 0

    /// Read at once from one socket.
    static let inputBytes = 1 << 18
    /// Largest message that is taken; what is said back of one is a little longer.
    static let messageBytes = 1 << 20

    static let deltaHead = Array(
        #"{"type":"response.output_audio.delta","event_id":"event_5","response_id":"resp_load","item_id":"item_load","output_index":0,"content_index":0,"delta":""#
            .utf8)
    static let deltaTail = Array(#""}"#.utf8)

    /// - Throws: `LoadError`, saying which option cannot be used.
    public init(_ options: LoadOptions, progress: @escaping (String) -> Void = { _ in }) throws {
        self.options = options
        self.progress = progress
        sound = LoadSound(deltaMilliseconds: options.deltaMilliseconds)
        mulawDeltas = sound.speechMulaw.map(Self.deltaFrame)
        linearDeltas = sound.speechLinear.map(Self.deltaFrame)
        runName = String(format: "%016llx", UInt64.random(in: 0 ... .max))
        switch options.door {
        case .stream(let url):
            streamAddress = try WebAddress(url, schemes: ["ws", "wss"], field: "--url")
            (webhookAddress, accountSid) = (nil, "AC00000000000000000000000000000000")
        case .webhook(let url, _, let account, _):
            webhookAddress = try WebAddress(url, schemes: ["http", "https"], field: "--voice-url")
            (streamAddress, accountSid) = (nil, account)
        }
        unsafe clientTLS = SSL_CTX_new(TLS_client_method())
        // Whoever the bridge says it is: what is measured is its work, and its certificate is made for a run.
        unsafe media_bridge_ssl_client_options(clientTLS)
        unsafe SSL_CTX_set_verify(clientTLS, SSL_VERIFY_NONE, nil)
        unsafe serverTLS = try Self.serverContext(options)
        epoll = epoll_create1(CInt(EPOLL_CLOEXEC))
        clock = timerfd_create(CLOCK_MONOTONIC, CInt(TFD_NONBLOCK) | CInt(TFD_CLOEXEC))
        (listener, modelPort) = try Self.listen(on: options.modelPort)
        add(listener, .listener)
        add(clock, .clock)
    }

    deinit {
        unsafe input.deallocate()
        unsafe output.deallocate()
        close(epoll)
        close(clock)
        close(listener)
        unsafe SSL_CTX_free(clientTLS)
        if let serverTLS = unsafe serverTLS { unsafe SSL_CTX_free(serverTLS) }
    }

    // MARK: The run

    /// Blocks this thread until the run is over, or `isCancelled` says so.
    public func run(isCancelled: () -> Bool = { false }) throws -> LoadReport {
        let bridge = options.bridgeProcess.map { BridgeProcess(id: $0) }
        let before = bridge?.read()
        if let bridge, before == nil { throw LoadError("--bridge-pid: there is no process \(bridge.id)") }
        callers = (0..<options.calls).map { number in
            CallerStream(number: number, isProbe: options.probeEvery > 0 && number % options.probeEvery == 0, run: self)
        }
        startClock()
        // All calls, one after another.
        var next = 0
        let setUpEnds = start + UInt64(Double(options.calls) / options.callsPerSecond * 1e9)
        let measureFrom = setUpEnds + UInt64(options.warmUpSeconds * 1e9)
        let measureUntil = measureFrom + UInt64(options.seconds * 1e9)
        var nextLine = start + 1_000_000_000
        var reading: BridgeProcess.Reading?
        var ownTime: UInt64 = 0
        var extra = 0.0
        var hangUps: [(due: UInt64, number: Int)] = []
        var hungUp = 0
        while true {
            let now = EventLoop.now
            while next < options.calls, now >= start + UInt64(Double(next) / options.callsPerSecond * 1e9) {
                callers[next].open(at: now)
                next += 1
            }
            if !figures.isMeasuring, now >= measureFrom {
                figures.isMeasuring = true
                ownTime = Self.processorNanoseconds
                reading = bridge?.read()
            }
            if figures.isMeasuring, options.extraCallsPerSecond > 0 {
                let due = Double(now - measureFrom) / 1e9 * options.extraCallsPerSecond
                while extra + 1 <= due {
                    let caller = CallerStream(number: callers.count, isProbe: false, run: self)
                    callers.append(caller)
                    figures.extra.asked += 1
                    if options.extraCallSeconds > 0 {
                        hangUps.append((now + UInt64(options.extraCallSeconds * 1e9), caller.number))
                    }
                    caller.open(at: now)
                    extra += 1
                }
                while hungUp < hangUps.count, hangUps[hungUp].due <= now {
                    callers[hangUps[hungUp].number].hangUp()
                    hungUp += 1
                }
            }
            if now >= measureUntil { break }
            if isCancelled() { throw LoadError("interrupted: the run is not whole, and nothing was measured") }
            if now >= nextLine {
                nextLine += 1_000_000_000
                say(now, next, measureFrom, measureUntil)
            }
            step()
        }
        figures.isMeasuring = false
        figures.generatorCores = Double(Self.processorNanoseconds - ownTime) / (options.seconds * 1e9)
        let after = bridge?.read()
        return report(
            process: before.flatMap { before in
                reading.flatMap { reading in after.map { Self.process(before, reading, $0, self) } }
            })
    }

    private func say(_ now: UInt64, _ opened: Int, _ from: UInt64, _ until: UInt64) {
        let up = allUpCount
        let phase = now < from ? "setting up" : "measuring, \((until - now) / 1_000_000_000) s left"
        progress(
            "\(phase): \(up) of \(callers.count) calls up, \(figures.refused + figures.extra.refused) refused, "
                + "\(figures.broken + figures.extra.broken) broken")
    }

    /// Of the run's own calls, and with those asked for on top.
    var upCount: Int { callers.prefix(options.calls).count { $0.isUp } }
    var allUpCount: Int { callers.count { $0.isUp } }

    /// Taken at the model's listener since the run began.
    var connectionCount: Int { sessions.count }

    /// Waits for sockets or the next slot, and serves both.
    private func step() {
        var events = unsafe InlineArray<128, epoll_event>(repeating: epoll_event())
        var room = unsafe events.mutableSpan
        let count = unsafe room.withUnsafeMutableBufferPointer { unsafe epoll_wait(epoll, $0.baseAddress, 128, 100) }
        guard count > 0 else { return }
        for index in 0..<Int(count) {
            let tag = unsafe events[index].data.u64
            let number = Int(tag >> 2)
            switch tag & 3 {
            case 0: callers[number].ready()
            case 1: sessions[number].ready()
            case 2: accept()
            default:
                var expirations: UInt64 = 0
                unsafe _ = read(clock, &expirations, 8)
            }
            // Slots do not wait for a long round of sockets.
            serveSlots()
        }
    }

    private func serveSlots() {
        let now = EventLoop.now
        while start + slotsDone * 1_000_000 <= now {
            let intended = start + slotsDone * 1_000_000
            let slot = Int(slotsDone % 20)
            if figures.isMeasuring, !callersOfSlot[slot].isEmpty {
                figures.lateness.record(nanoseconds: EventLoop.now - intended)
            }
            for number in callersOfSlot[slot] { callers[number].speak(intended: intended) }
            if slotsDone % UInt64(options.deltaMilliseconds) < 20 {
                for number in speakersOfSlot[slot] { sessions[number].speak() }
            }
            slotsDone += 1
        }
    }

    private func startClock() {
        start = EventLoop.now + 1_000_000
        var time = itimerspec()
        time.it_value = timespec(tv_sec: Int(start / 1_000_000_000), tv_nsec: Int(start % 1_000_000_000))
        time.it_interval = timespec(tv_sec: 0, tv_nsec: 1_000_000)
        unsafe _ = timerfd_settime(clock, CInt(TFD_TIMER_ABSTIME), &time, nil)
    }

    private static var processorNanoseconds: UInt64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    // MARK: What callers and sessions ask for

    /// A caller's stream is open: it speaks in a slot of its own choosing, spread so that neighbours lie apart.
    func began(_ caller: CallerStream) { callersOfSlot[caller.number * 7 % 20].append(caller.number) }

    func left(_ caller: CallerStream) { callersOfSlot[caller.number * 7 % 20].removeAll { $0 == caller.number } }

    func spoken(by session: ModelSession) { speakersOfSlot[(session.number * 7 + 3) % 20].append(session.number) }

    /// Any key will do for a mask, as long as it changes.
    func nextMask() -> UInt32 {
        mask = mask &* 1_664_525 &+ 1_013_904_223
        return mask
    }

    func look(up address: WebAddress) -> LoadAddress? {
        let key = address.authority
        if let known = addresses[key] { return known }
        let found = LoadAddress(host: address.host, port: address.port)
        addresses[key] = found
        return found
    }

    /// One frame, built in `output`.
    /// - Returns: false when the connection is lost.
    func send(
        _ opcode: FrameOpcode, _ payload: UnsafeBufferPointer<UInt8>, maskKey: UInt32?, over socket: LoadSocket,
        as watched: Watched
    ) -> Bool {
        let count = unsafe FrameEncoder.encode(opcode, payload: payload.span, maskKey: maskKey, into: output)
        guard unsafe socket.send(UnsafeBufferPointer(rebasing: output[..<count])) else { return false }
        if socket.hasBacklog { rewatch(socket, as: watched) }
        return true
    }

    func watch(_ socket: LoadSocket, as watched: Watched) { control(EPOLL_CTL_ADD, socket.descriptor, watched, true) }

    /// Asks to be told of room only while something waits for it.
    func rewatch(_ socket: LoadSocket, as watched: Watched) {
        guard socket.hasBacklog || socket.wasBacklogged else { return }
        socket.wasBacklogged = socket.hasBacklog
        control(EPOLL_CTL_MOD, socket.descriptor, watched, socket.hasBacklog)
    }

    func forget(_ socket: LoadSocket) { control(EPOLL_CTL_DEL, socket.descriptor, .clock, false) }

    private func add(_ descriptor: CInt, _ watched: Watched) { control(EPOLL_CTL_ADD, descriptor, watched, false) }

    private func control(_ operation: CInt, _ descriptor: CInt, _ watched: Watched, _ wantsRoom: Bool) {
        var event = unsafe epoll_event()
        unsafe event.events = EPOLLIN.rawValue | (wantsRoom ? EPOLLOUT.rawValue : 0)
        let tag: UInt64 =
            switch watched {
            case .caller(let number): UInt64(number) << 2
            case .model(let number): UInt64(number) << 2 | 1
            case .listener: 2
            case .clock: 3
            }
        unsafe event.data.u64 = tag
        unsafe _ = epoll_ctl(epoll, operation, descriptor, &event)
    }

    // MARK: The model's listener

    private static func listen(on port: Int) throws -> (CInt, Int) {
        let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | O_NONBLOCK | O_CLOEXEC, 0)
        var one: CInt = 1
        unsafe _ = setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<CInt>.size))
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = UInt16(port).bigEndian
        name.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = unsafe withUnsafeMutablePointer(to: &name) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { name in
                unsafe bind(descriptor, name, size) == 0 && Glibc.listen(descriptor, 1_024) == 0
                    && getsockname(descriptor, name, &size) == 0
            }
        }
        guard isBound else {
            let reason = unsafe String(cString: strerror(errno))
            close(descriptor)
            throw LoadError("--model-port: \(port) cannot be listened on: \(reason)")
        }
        return (descriptor, Int(UInt16(bigEndian: name.sin_port)))
    }

    private func accept() {
        while true {
            let descriptor = accept4(listener, nil, nil, O_NONBLOCK | O_CLOEXEC)
            guard descriptor >= 0 else { return }
            var tls: OpaquePointer?
            if let serverTLS = unsafe serverTLS {
                unsafe tls = SSL_new(serverTLS)
                unsafe SSL_set_accept_state(tls)
            }
            let socket = unsafe LoadSocket(descriptor: descriptor, tls: tls)
            let session = ModelSession(number: sessions.count, socket: socket, run: self)
            sessions.append(session)
            watch(socket, as: .model(session.number))
        }
    }

    private static func serverContext(_ options: LoadOptions) throws -> OpaquePointer? {
        guard let certificate = options.modelCertificate, let key = options.modelKey else { return nil }
        guard let context = unsafe SSL_CTX_new(TLS_server_method()) else { throw LoadError("OpenSSL made no context") }
        unsafe media_bridge_ssl_server_options(context)
        guard unsafe SSL_CTX_use_certificate_chain_file(context, certificate) == 1,
            unsafe SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) == 1
        else { throw LoadError("--model-certificate, --model-key: \(certificate) and \(key) are no PEM pair") }
        return unsafe context
    }

    private static func deltaFrame(_ text: [UInt8]) -> [UInt8] {
        let payload = deltaHead + text + deltaTail
        var frame = [UInt8](repeating: 0, count: FrameEncoder.byteCount(payloadBytes: payload.count, isMasked: false))
        unsafe frame.withUnsafeMutableBufferPointer { room in
            unsafe _ = FrameEncoder.encode(.text, payload: payload.span, into: room)
        }
        return frame
    }
}

/// Why a run cannot be made. The message names the option.
public struct LoadError: Error, CustomStringConvertible {
    public let description: String
    init(_ description: String) { self.description = description }
}
