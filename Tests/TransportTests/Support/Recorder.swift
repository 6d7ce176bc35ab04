import Synchronization

@testable import Transport

/// A client's handler that writes down what it hears.
final class Recorder: WebSocketHandler, @unchecked Sendable {
    // Sendable: what a test reads is guarded; `socket` belongs to the loop's thread.
    struct Heard {
        var opens = 0
        var texts: [String] = []
        var binaries: [[UInt8]] = []
        var drains = 0
        var closes: [WebSocketClose] = []
    }
    let heard = Guarded(Heard())
    var socket: WebSocket?
    var onOpen: ((WebSocket) -> Void)?
    var onMessage: ((WebSocket) -> Void)?

    func webSocketDidOpen(_ socket: WebSocket) {
        heard.withLock { $0.opens += 1 }
        onOpen?(socket)
    }
    func webSocket(_ socket: WebSocket, didReceive message: Span<UInt8>, isText: Bool) {
        let bytes = unsafe message.withUnsafeBufferPointer { unsafe Array($0) }
        heard.withLock {
            if isText { $0.texts.append(String(decoding: bytes, as: UTF8.self)) } else { $0.binaries.append(bytes) }
        }
        onMessage?(socket)
    }
    func webSocketDidDrain(_ socket: WebSocket) { heard.withLock { $0.drains += 1 } }
    func webSocketDidClose(_ socket: WebSocket, _ close: WebSocketClose) {
        heard.withLock { $0.closes.append(close) }
        self.socket = nil
        // They mostly hold the recorder.
        (onOpen, onMessage) = (nil, nil)
    }

    var close: WebSocketClose? { heard.withLock { $0.closes.first } }
    var texts: [String] { heard.withLock { $0.texts } }

    /// Connects on `loop` and waits for the call to be made; an error of `connect` is returned.
    @discardableResult func connect(
        to url: String, headers: [(name: String, value: String)] = [], options: WebSocketOptions = .init(),
        on loop: EventLoop
    ) -> TransportError? {
        let done = Guarded<(isDone: Bool, error: TransportError?)>((false, nil))
        loop.submit { [self] in
            do throws(TransportError) {
                socket = try WebSocket.connect(to: url, headers: headers, options: options, on: loop, handler: self)
                done.withLock { $0 = (true, nil) }
            } catch {
                done.withLock { $0 = (true, error) }
            }
        }
        _ = eventually { done.withLock { $0.isDone } }
        return done.withLock { $0.error }
    }
}
