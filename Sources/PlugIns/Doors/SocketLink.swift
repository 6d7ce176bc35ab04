import AudioPipeline
import Foundation
import Transport

/// A WebSocket server that judges: each message of the framing is one binary message, each answer one text message. The
/// socket lives on an event loop of its own; this end is the worker's.
final class SocketLink: StageLink, @unchecked Sendable {  // The worker's; what the loop touches is in `shared`.
    private let url: String
    private let loop: EventLoop
    private let shared = Guarded(Shared())
    private let arrival = DispatchSemaphore(value: 0)

    private struct Shared {
        var lines: [[UInt8]] = []
        var outgoing: [UInt8] = []
        var isGone = true
        var reason = ""
        /// Which attempt to connect these are of.
        var life = 0
    }

    /// - Throws: an address that can never work.
    init(_ url: String) throws(StageFault) {
        self.url = url
        do throws(TransportError) { loop = try EventLoop(name: "plug-in") } catch {
            throw StageFault("url `\(url)`: no event loop: \(error)")
        }
        loop.start()
    }

    deinit {
        // The last who holds this may be the loop itself, with a socket that has just ended; it cannot stop itself.
        DispatchQueue.global().async { [loop] in loop.stop() }
    }

    func open() throws(StageFault) {
        let life = shared.withLock { shared in
            shared = Shared(isGone: false, life: shared.life + 1)
            return shared.life
        }
        loop.submit { [self] in
            let end = SocketEnd(self, life: life)
            var options = WebSocketOptions()
            options.maximumMessageBytes = StageAnswer.maximumBytes
            options.sendQueueBytes = 2 * RemoteRound.backlogAtMost
            options.pingIntervalMilliseconds = 5_000
            do throws(TransportError) {
                end.socket = try WebSocket.connect(to: url, options: options, on: loop, handler: end)
            } catch { lost("\(error)", life) }
        }
    }

    var backlog: Int { shared.withLock { $0.outgoing.count } }

    func send(_ bytes: [UInt8]) -> Bool {
        let (isThere, life) = shared.withLock { shared in
            if !shared.isGone { shared.outgoing += bytes }
            return (!shared.isGone, shared.life)
        }
        if isThere, !bytes.isEmpty { loop.submit { [self] in ends.first { $0.life == life }?.flush() } }
        return isThere
    }

    func lines(_ body: (ArraySlice<UInt8>) -> Void) -> Bool {
        let (lines, isThere) = shared.withLock { shared in
            defer { shared.lines = [] }
            return (shared.lines, !shared.isGone)
        }
        for line in lines { body(line[...]) }
        return isThere
    }

    func wait(milliseconds: Int32) { _ = arrival.wait(timeout: .now() + .milliseconds(Int(milliseconds))) }

    var residentBytes: Int? { nil }
    var lastWords: String { shared.withLock { $0.reason } }

    func close() {
        let life = shared.withLock { shared in
            shared.isGone = true
            shared.outgoing = []
            return shared.life
        }
        loop.submit { [self] in
            for end in ends where end.life <= life { end.socket?.close() }
        }
    }

    // MARK: Loop thread

    /// Open sockets: one, and those that are on their way out.
    private var ends: [SocketEnd] = []

    fileprivate func opened(_ end: SocketEnd) {
        ends.append(end)
        end.flush()
    }

    fileprivate func said(_ line: [UInt8], _ life: Int) {
        shared.withLock { if $0.life == life { $0.lines.append(line) } }
        arrival.signal()
    }

    fileprivate func lost(_ reason: String, _ life: Int) {
        ends.removeAll { $0.life == life }
        shared.withLock { if $0.life == life { ($0.isGone, $0.reason) = (true, reason) } }
        arrival.signal()
    }

    /// What waits to go out, in whole messages, while the socket has room.
    fileprivate func takeOutgoing(_ life: Int, _ send: (Span<UInt8>) -> Bool) {
        shared.withLock { shared in
            guard shared.life == life else { return }
            var start = 0
            while shared.outgoing.count - start >= StageMessage.headerBytes {
                let size = (0..<4).reduce(0) { $0 | Int(shared.outgoing[start + 8 + $1]) << (8 * $1) }
                let end = start + StageMessage.headerBytes + size
                guard end <= shared.outgoing.count, send(shared.outgoing.span.extracting(start..<end)) else { break }
                start = end
            }
            shared.outgoing.removeFirst(start)
        }
    }
}

/// One socket of a link's. Loop thread.
private final class SocketEnd: WebSocketHandler {
    private let link: SocketLink
    let life: Int
    var socket: WebSocket?
    private var isOpen = false

    init(_ link: SocketLink, life: Int) { (self.link, self.life) = (link, life) }

    func flush() {
        guard isOpen, let socket else { return }
        link.takeOutgoing(life) { socket.sendBinary($0) }
    }

    func webSocketDidOpen(_ socket: WebSocket) {
        (self.socket, isOpen) = (socket, true)
        link.opened(self)
    }

    func webSocket(_ socket: WebSocket, didReceive message: Span<UInt8>, isText: Bool) {
        guard isText else { return }
        var line: [UInt8] = []
        line.reserveCapacity(message.count)
        for index in message.indices { line.append(message[index]) }
        link.said(line, life)
    }

    func webSocketDidDrain(_ socket: WebSocket) { flush() }

    func webSocketDidClose(_ socket: WebSocket, _ close: WebSocketClose) {
        (self.socket, isOpen) = (nil, false)
        link.lost("connection closed: \(close.cause)", life)
    }
}
