import AudioPipeline
import Configuration
import RecognizerServers
import Testing
import VAD

@testable import PlugIns

/// A detector behind a WebSocket.
@Suite struct `A server's door` {
    private func hear(_ seat: DetectorSeat, _ level: Int16, until done: (Bool?) -> Bool) async throws {
        let frame = [Int16](repeating: level, count: 160)
        for _ in 0..<1_000 {
            if done(seat.hear(frame.span)) { return }
            try await Task.sleep(for: .milliseconds(20))
        }
        Issue.record("never happened; \(seat.fault as Any)")
    }

    @Test func `a server hears windows of 32 ms, is missed when it hangs up, and is found again`() async throws {
        let server = try ScriptedDetectorServer()
        defer { server.stop() }
        let settings = PlugInSettings(name: "far", door: .server(server.url))
        let detector = try PluggedDetector(settings) { _, _ in }
        defer { detector.stop() }
        let seat = detector.seat()
        try await hear(seat, 8_000) { $0 == true }
        try await hear(seat, 0) { $0 == false }
        server.hangUp()
        try await hear(seat, 0) { _ in seat.fault == .gone }
        #expect(detector.counters[.ended] == 1)
        try await hear(seat, 8_000) { $0 == true }
        #expect(server.connections == 2)
        #expect(detector.counters[.restarted] == 1)
    }

    @Test func `a server that is not there is gone, not waited for`() async throws {
        let detector = try PluggedDetector(
            PlugInSettings(name: "far", door: .server("ws://127.0.0.1:1/vad"))
        ) { _, _ in }
        defer { detector.stop() }
        let seat = detector.seat()
        try await hear(seat, 0) { _ in seat.fault == .gone && detector.counters[.notStarted] > 0 }
    }
}
