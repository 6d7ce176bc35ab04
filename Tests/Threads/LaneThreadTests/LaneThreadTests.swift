import AudioPipeline
import Configuration
import Foundation
import PlugIns
import Synchronization
import Testing
import VAD

/// Calls on several shards' threads and the worker that judges for them all, meant for `swift test --sanitize=thread
/// -Xswiftc -O`: what they share are rings, a word for each call, and the inbox. When a thread that was given up goes on
/// with its calls, the sanitizer reports their windows and their frames as raced on.
@Suite(.serialized) struct `Lanes between shards and workers` {
    /// Loud is speech; windows of 32 ms at 16 kHz, so that raising and cutting are the worker's too.
    private struct Loud: VoiceActivityDetector, ~Copyable {
        /// Where the next call that is heard holds its thread.
        final class Trap: Sendable { let isSet = Atomic<Bool>(false) }
        let trap: Trap
        private(set) var windows = 0
        init(_ trap: Trap) { self.trap = trap }
        var window: DetectorWindow { try! DetectorWindow(sampleRateHz: 16_000, samples: 512) }
        var latencyMilliseconds: Int { 0 }
        var cost: StageCost { .worker }
        mutating func analyze(_ window: borrowing Span<Int16>) -> VoiceActivity {
            while trap.isSet.load(ordering: .relaxed) { usleep(1_000) }
            windows += 1
            let isLoud = window[window.count / 2] > 1_000
            return VoiceActivity(probability: isLoud ? 1 : 0, isSpeech: isLoud)
        }
        mutating func reset() { windows = 0 }
    }

    /// Three shards with three calls each at a time, twelve after each other: each speaks, has gaps, and ends.
    /// - Returns: how many calls were heard by the detector, of 108.
    private func callsHeard(_ detector: PluggedDetector) -> Int {
        let heard = Atomic<Int>(0)
        let shards = (0..<3).map { _ in
            let done = DispatchSemaphore(value: 0)
            let thread = Thread {
                let loud = [Int16](repeating: 8_000, count: 160)
                for _ in 0..<12 {
                    let seats = (0..<3).map { _ in detector.seat() }
                    var believed = [false, false, false]
                    for frame in 0..<60 {
                        for (index, seat) in seats.enumerated() {
                            if frame % 23 == 11 { seat.restart() }
                            if seat.hear(loud.span) == true { believed[index] = true }
                        }
                        usleep(4_000)
                    }
                    for seat in seats { seat.leave() }
                    heard.add(believed.count { $0 }, ordering: .relaxed)
                }
                done.signal()
            }
            thread.start()
            return done
        }
        for shard in shards { shard.wait() }
        return heard.load(ordering: .relaxed)
    }

    @Test func `calls come and go on three shards while one worker judges`() throws {
        let trap = Loud.Trap()
        Stages.detectors.add(DetectorEntry(name: "lanes-loud", about: "for this test") { Loud(trap) })
        let detector = try PluggedDetector(PlugInSettings(name: "loud", door: .engine("lanes-loud"))) { _, _ in }
        #expect(callsHeard(detector) > 54)
        detector.stop()
        #expect(detector.counters[.silent] == 0)
    }

    @Test func `a worker that hangs hands its calls to another, and comes back to none`() throws {
        let trap = Loud.Trap()
        Stages.detectors.add(DetectorEntry(name: "lanes-trap", about: "for this test") { Loud(trap) })
        let detector = try PluggedDetector(PlugInSettings(name: "trap", door: .engine("lanes-trap"))) { _, _ in }
        let loud = [Int16](repeating: 8_000, count: 160)
        func hear(_ seats: [DetectorSeat], until done: () -> Bool) -> Bool {
            for _ in 0..<5_000 {
                for seat in seats { _ = seat.hear(loud.span) }
                if done() { return true }
                usleep(4_000)
            }
            return false
        }
        let seats = (0..<4).map { _ in detector.seat() }
        #expect(hear(seats) { seats.allSatisfy { $0.fault == nil } })
        trap.isSet.store(true, ordering: .relaxed)
        #expect(hear(seats) { detector.counters[.restarted] > 0 })
        trap.isSet.store(false, ordering: .relaxed)
        // One call stays with the thread that was given up.
        #expect(hear(seats) { seats.count { $0.fault == nil } >= 3 })
        for seat in seats { seat.leave() }
        detector.stop()
    }

    @Test func `calls come and go on three shards while a server judges, and hangs up`() throws {
        let server = try ScriptedDetectorServer()
        defer { server.stop() }
        let detector = try PluggedDetector(PlugInSettings(name: "far", door: .server(server.url))) { _, _ in }
        #expect(callsHeard(detector) > 54)
        server.hangUp()
        #expect(callsHeard(detector) > 0)
        detector.stop()
        #expect(server.connections >= 2)
    }
}
