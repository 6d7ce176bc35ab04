import AudioPipeline
import Configuration
import Foundation
import Synchronization
import Testing
import Transport
import VAD

@testable import PlugIns

/// A detector behind a WebSocket.
@Suite struct `A server's door` {
    /// Speech when a sample is over 1,000; forgets nothing, closes when it is told.
    private final class Server: HTTPService, WebSocketHandler, @unchecked Sendable {
        // Sendable: `socket` is the loop's alone.
        let loop: EventLoop
        private let listener = Mutex<Listener?>(nil)
        let connections = Mutex(0)
        private var socket: WebSocket?

        init() throws {
            loop = try EventLoop(name: "judge")
            loop.start()
            let made = try Listener(ListenerOptions(), loops: [loop], service: self)
            listener.withLock { $0 = made }
        }

        var port: Int { listener.withLock { $0?.port ?? 0 } }
        func hangUp() { loop.submit { [self] in socket?.close() } }
        func stop() {
            listener.withLock { $0?.close() }
            loop.stop()
        }

        func handle(_ request: HTTPRequest, _ exchange: any HTTPExchange) { exchange.respond(.text(404, "no\n")) }
        func upgrade(_ request: HTTPRequest, on loop: EventLoop) -> UpgradeDecision {
            connections.withLock { $0 += 1 }
            return .accept(self, WebSocketOptions())
        }
        func webSocketDidOpen(_ socket: WebSocket) {
            self.socket = socket
            socket.sendText(#"{"role":"vad","sampleRateHz":16000,"windowSamples":512}"#)
        }
        func webSocket(_ socket: WebSocket, didReceive message: Span<UInt8>, isText: Bool) {
            func number(_ place: Int) -> Int { (0..<4).reduce(0) { $0 | Int(message[place + $1]) << (8 * $1) } }
            guard !isText, message.count == 12 + number(8), number(4) == 1 else { return }
            // Above 1,000 somewhere: by the high byte of a sample.
            var isLoud = false
            for place in stride(from: 13, to: message.count, by: 2) where (4..<0x80).contains(message[place]) {
                isLoud = true
            }
            socket.sendText(#"{"call":\#(number(0)),"probability":\#(isLoud ? 0.9 : 0.1)}"#)
        }
        func webSocketDidDrain(_ socket: WebSocket) {}
        func webSocketDidClose(_ socket: WebSocket, _ close: WebSocketClose) { self.socket = nil }
    }

    private func hear(_ seat: DetectorSeat, _ level: Int16, until done: (Bool?) -> Bool) async throws {
        let frame = [Int16](repeating: level, count: 160)
        for _ in 0..<1_000 {
            if done(seat.hear(frame.span)) { return }
            try await Task.sleep(for: .milliseconds(20))
        }
        Issue.record("never happened; \(seat.fault as Any)")
    }

    @Test func `a server hears windows of 32 ms, is missed when it hangs up, and is found again`() async throws {
        let server = try Server()
        defer { server.stop() }
        let settings = PlugInSettings(name: "far", door: .server("ws://127.0.0.1:\(server.port)/vad"))
        let detector = try PluggedDetector(settings) { _, _ in }
        defer { detector.stop() }
        let seat = detector.seat()
        try await hear(seat, 8_000) { $0 == true }
        try await hear(seat, 0) { $0 == false }
        server.hangUp()
        try await hear(seat, 0) { _ in seat.fault == .gone }
        #expect(detector.counters[.ended] == 1)
        try await hear(seat, 8_000) { $0 == true }
        #expect(server.connections.withLock { $0 } == 2)
        #expect(detector.counters[.restarted] == 1)
    }

    @Test func `a server that is not there is gone, not waited for`() async throws {
        let detector = try PluggedDetector(
            PlugInSettings(name: "far", door: .server("ws://127.0.0.1:1/vad"))
        ) { _, _ in }
        defer { detector.stop() }
        let seat = detector.seat()
        try await hear(seat, 0) { _ in seat.fault == .gone && detector.counters[.ended] > 0 }
    }
}
