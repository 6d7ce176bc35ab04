import Foundation
import Transport

/// Carries one session over its WebSocket: does what the session wants, and brings back what workers have made.
final class AgentConnection: WebSocketHandler, @unchecked Sendable {
    // Sendable: after `init` everything is touched on the loop's thread only. Workers hold it to submit to that loop.
    private let session: AgentSession
    private let workshop: AgentWorkshop
    private let loop: EventLoop
    private let observer: LocalAgentObserver?
    private let ended: @Sendable () -> Void
    private var socket: WebSocket?
    private var timer: LoopTimer?
    private var running: [Int: Cancellation] = [:]

    /// Above this, sound waits until the client has read what it has.
    private static let busyBytes = 1 << 20

    init(
        settings: AgentSession.Settings, workshop: AgentWorkshop, loop: EventLoop, observer: LocalAgentObserver?,
        ended: @escaping @Sendable () -> Void
    ) {
        session = AgentSession(settings, at: EventLoop.now)
        (self.workshop, self.loop, self.observer, self.ended) = (workshop, loop, observer, ended)
    }

    func webSocketDidOpen(_ socket: WebSocket) {
        self.socket = socket
        do {
            timer = try loop.makeTimer { [weak self] now in self?.fire(now) }
        } catch {
            return socket.abort()
        }
        session.open()
        perform()
    }

    func webSocket(_ socket: WebSocket, didReceive message: Span<UInt8>, isText: Bool) {
        if isText {
            session.receive(unsafe message.withUnsafeBufferPointer { unsafe Array($0) }, at: EventLoop.now)
        } else {
            session.receiveBinary(at: EventLoop.now)
        }
        perform()
    }

    func webSocketDidDrain(_ socket: WebSocket) {}

    func webSocketDidClose(_ socket: WebSocket, _ close: WebSocketClose) {
        for cancellation in running.values { cancellation.set() }
        running.removeAll()
        timer?.cancel()
        timer = nil
        self.socket = nil
        observer?(LocalAgentEvent(session: session.id, kind: .sessionClosed))
        ended()
    }

    private func fire(_ now: UInt64) {
        guard let socket else { return }
        if socket.queuedBytes > Self.busyBytes {
            timer?.schedule(at: now + 50_000_000)
        } else {
            session.tick(at: now)
            perform()
        }
    }

    private func receive(_ result: AgentWorkResult) {
        guard socket != nil else { return }
        switch result {
        case .transcribed(let id, _), .answered(let id, _): running[id] = nil
        default: break
        }
        session.receive(result, at: EventLoop.now)
        perform()
    }

    private func perform() {
        for effect in session.takeEffects() {
            guard let socket else { return }
            switch effect {
            case .send(let text):
                // Sixteen megabytes wait already: this client does not read.
                if !socket.sendText(text) { return socket.abort() }
            case .work(let work): start(work)
            case .cancelWork(let id): running.removeValue(forKey: id)?.set()
            case .observe(let kind): observer?(LocalAgentEvent(session: session.id, kind: kind))
            case .close(let code, let reason): socket.close(code: code, reason: reason)
            }
        }
        if let deadline = session.deadline { timer?.schedule(at: deadline) } else { timer?.cancel() }
    }

    private func start(_ work: AgentWork) {
        let cancellation = Cancellation()
        switch work {
        case .transcribe(let id, _, _), .answer(let id, _, _): running[id] = cancellation
        }
        workshop.perform(work, cancellation: cancellation) { [self, loop] result in
            // The loop's queue is bounded: a worker can wait a little, a result must not be lost.
            for _ in 0..<5_000 where !cancellation.isSet {
                if loop.submit({ [self] in receive(result) }) { return }
                Thread.sleep(forTimeInterval: 0.001)
            }
        }
    }
}
