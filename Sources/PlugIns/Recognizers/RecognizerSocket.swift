import AudioPipeline
import CLinux
import Dispatch
import Foundation
import SpeechToText
import Synchronization
import Transport

/// The event loop of all sockets that one recogniser's calls have; made with the first of them.
final class RecognizerLoop: Sendable {
    private let made = Mutex<EventLoop?>(nil)

    deinit {
        // The last who holds this may be the loop itself, with a socket that has just ended; it cannot stop itself.
        if let loop = made.withLock({ $0 }) { DispatchQueue.global().async { loop.stop() } }
    }

    func loop() throws(RecognitionError) -> EventLoop {
        let result: Result<EventLoop, TransportError> = made.withLock { made in
            if let made { return .success(made) }
            do throws(TransportError) {
                let loop = try EventLoop(name: "recogniser")
                loop.start()
                made = loop
                return .success(loop)
            } catch { return .failure(error) }
        }
        do { return try result.get() } catch { throw RecognitionError(.engine, "no event loop: \(error)") }
    }
}

/// One call's connection to a streaming recogniser: messages go out in order, texts come back. The worker's end of it; the
/// socket lives on an event loop.
final class RecognizerSocket: Sendable {
    /// Bytes that may wait to go out, over ten seconds of 16-bit sound at 16 kHz.
    static let backlogAtMost = 512 * 1_024
    /// Texts that may wait to be read; a server that says more is ended.
    static let textsAtMost = 4_096

    private enum Message { case text(String), binary([UInt8]) }
    private struct Shared {
        var outgoing: [Message] = []
        var outgoingBytes = 0
        var texts: [[UInt8]] = []
        var isOpen = false
        var end: String?
    }
    private let owner: RecognizerLoop
    private let loop: EventLoop
    private let shared = Mutex(Shared())
    private let news = DispatchSemaphore(value: 0)
    private let end = SocketSeat()

    /// Begins to connect; what is sent meanwhile waits.
    init(
        _ url: String, headers: [(name: String, value: String)] = [], authorities: String? = nil,
        on owner: RecognizerLoop
    ) throws(RecognitionError) {
        self.owner = owner
        loop = try owner.loop()
        var options = WebSocketOptions()
        options.maximumMessageBytes = 256 * 1_024
        options.sendQueueBytes = Self.backlogAtMost
        options.pingIntervalMilliseconds = 10_000
        options.trustedAuthoritiesFile = authorities
        let made = options
        loop.submit { [self] in
            let handler = SocketTalk(self)
            do throws(TransportError) {
                end.socket = try WebSocket.connect(
                    to: url, headers: headers, options: made, on: loop, handler: handler)
            } catch { gone("\(error)") }
        }
    }

    // MARK: Worker

    func send(_ text: String) throws(RecognitionError) { try send(.text(text), bytes: text.utf8.count) }
    func send(_ bytes: [UInt8]) throws(RecognitionError) { try send(.binary(bytes), bytes: bytes.count) }

    private func send(_ message: Message, bytes: Int) throws(RecognitionError) {
        let failure: String? = shared.withLock { shared in
            if let end = shared.end { return end }
            guard shared.outgoingBytes + bytes <= Self.backlogAtMost else {
                return "it has not taken \(shared.outgoingBytes / 1_024) KB of sound"
            }
            shared.outgoing.append(message)
            shared.outgoingBytes += bytes
            return nil
        }
        if let failure { throw RecognitionError(.engine, failure) }
        loop.submit { [self] in flush() }
    }

    /// The oldest text that was not taken; nil: none so far.
    /// - Throws: why the connection has ended, when there is no text any more.
    func next() throws(RecognitionError) -> [UInt8]? {
        let (text, end) = shared.withLock { shared -> ([UInt8]?, String?) in
            shared.texts.isEmpty ? (nil, shared.end) : (shared.texts.removeFirst(), nil)
        }
        if let end { throw RecognitionError(.engine, end) }
        return text
    }

    /// Until a text comes, the connection ends, or the time is over.
    func wait(milliseconds: Int) { _ = news.wait(timeout: .now() + .milliseconds(milliseconds)) }

    func close() {
        loop.submit { [self] in end.socket?.close() }
    }

    // MARK: Loop thread

    fileprivate func opened(_ socket: WebSocket) {
        end.socket = socket
        shared.withLock { $0.isOpen = true }
        flush()
    }

    fileprivate func flush() {
        guard let socket = end.socket else { return }
        shared.withLock { shared in
            guard shared.isOpen else { return }
            var count = 0
            sending: for message in shared.outgoing {
                switch message {
                case .text(let text):
                    guard socket.sendText(text) else { break sending }
                    shared.outgoingBytes -= text.utf8.count
                case .binary(let bytes):
                    guard socket.sendBinary(bytes.span) else { break sending }
                    shared.outgoingBytes -= bytes.count
                }
                count += 1
            }
            shared.outgoing.removeFirst(count)
        }
    }

    fileprivate func said(_ text: [UInt8]) {
        let isTooMuch = shared.withLock { shared in
            shared.texts.append(text)
            return shared.texts.count > Self.textsAtMost
        }
        if isTooMuch {
            shared.withLock { $0.texts.removeAll() }
            gone("it says more than anybody can read")
            end.socket?.abort()
        }
        news.signal()
    }

    fileprivate func gone(_ reason: String) {
        end.socket = nil
        shared.withLock { shared in
            if shared.end == nil { shared.end = reason }
            shared.outgoing.removeAll()
        }
        news.signal()
    }
}

/// Where the loop keeps a socket that another thread's object stands for. Loop thread.
private final class SocketSeat: @unchecked Sendable {
    var socket: WebSocket?
}

private final class SocketTalk: WebSocketHandler {
    private let link: RecognizerSocket
    init(_ link: RecognizerSocket) { self.link = link }

    func webSocketDidOpen(_ socket: WebSocket) { link.opened(socket) }
    func webSocket(_ socket: WebSocket, didReceive message: Span<UInt8>, isText: Bool) {
        guard isText else { return }
        var text: [UInt8] = []
        text.reserveCapacity(message.count)
        for index in message.indices { text.append(message[index]) }
        link.said(text)
    }
    func webSocketDidDrain(_ socket: WebSocket) { link.flush() }
    func webSocketDidClose(_ socket: WebSocket, _ close: WebSocketClose) {
        let status = close.httpStatus.map { ", HTTP status \($0)" } ?? ""
        link.gone("connection closed: \(close.cause)\(status)")
    }
}
