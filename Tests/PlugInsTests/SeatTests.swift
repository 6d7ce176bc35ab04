import AudioPipeline
import Configuration
import Foundation
import Synchronization
import Testing
import VAD

@testable import PlugIns

/// A call's seat at a detector that runs elsewhere: what it does well and badly, and what the call notices. Audio comes in
/// real time here, since what is late is so by the clock.
@Suite(.serialized) struct `A seat at a plugged detector` {
    private static let quiet = [Int16](repeating: 0, count: 160)
    private static let loud = [Int16](repeating: 8_000, count: 160)

    /// The test's own program beside it.
    static func probe(_ habit: String) throws -> PlugInSettings {
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let probe = URL(fileURLWithPath: own).deletingLastPathComponent().appendingPathComponent("PlugInProbe").path
        return PlugInSettings(name: habit, door: .program([probe, habit]))
    }

    /// What plug-ins said went wrong.
    final class Complaints: Sendable {
        private let held = Mutex<[(PlugInCounters.Event, String)]>([])
        func add(_ event: PlugInCounters.Event, _ detail: String) { held.withLock { $0.append((event, detail)) } }
        var all: [(PlugInCounters.Event, String)] { held.withLock { $0 } }
    }

    /// Frames every 20 ms until `done` says so.
    /// - Returns: what was decided for each frame.
    private func hear(
        _ seat: DetectorSeat, _ frame: [Int16], seconds: Double = 20, until done: ([Bool?]) -> Bool
    ) async throws -> [Bool?] {
        var decisions: [Bool?] = []
        let deadline = ContinuousClock.now.advanced(by: .seconds(seconds))
        while ContinuousClock.now < deadline {
            decisions.append(seat.hear(frame.span))
            if done(decisions) { return decisions }
            try await Task.sleep(for: .milliseconds(20))
        }
        Issue.record("never happened: \(decisions.suffix(20)), \(seat.fault as Any)")
        return decisions
    }

    @Test func `a program hears two calls, each its own`() async throws {
        let detector = try PluggedDetector(try Self.probe("good")) { _, _ in }
        defer { detector.stop() }
        let (first, second) = (detector.seat(), detector.seat())
        // Until it has answered, the fallback decides.
        #expect(first.hear(Self.loud.span) == nil)
        #expect(first.fault == .starting)
        _ = try await hear(first, Self.loud) { $0.last == true }
        _ = try await hear(second, Self.quiet) { $0.last == false }
        _ = try await hear(first, Self.quiet) { $0.last == false }
        _ = try await hear(second, Self.loud) { $0.last == true }
        #expect(first.fault == nil && second.fault == nil)
        first.leave()
        _ = try await hear(second, Self.quiet) { $0.last == false }
        for event in PlugInCounters.Event.allCases { #expect(detector.counters[event] == 0, "\(event)") }
    }

    @Test(arguments: [
        ("silent", PlugInCounters.Event.silent), ("crash", .ended), ("wrong", .wrong), ("nan", .wrong),
    ])
    func `a program that goes wrong is started again, and believed when it has been well for a second`(
        habit: String, event: PlugInCounters.Event
    ) async throws {
        let complaints = Complaints()
        let detector = try PluggedDetector(try Self.probe(habit)) { complaints.add($0, $1) }
        defer { detector.stop() }
        let seat = detector.seat()
        _ = try await hear(seat, Self.loud) { $0.last == true }
        // Ten windows later it begins.
        _ = try await hear(seat, Self.loud) { $0.last == .some(nil) && detector.counters[event] > 0 }
        #expect(complaints.all.first?.0 == event)
        if habit == "crash" { #expect(complaints.all.first?.1.contains("out of luck") == true) }
        _ = try await hear(seat, Self.loud) { _ in detector.counters[.restarted] > 0 }
        #expect(seat.fault != nil)
    }

    @Test func `a program that is slow is late and is left alone`() async throws {
        let detector = try PluggedDetector(try Self.probe("slow")) { _, _ in }
        defer { detector.stop() }
        let seat = detector.seat()
        _ = try await hear(seat, Self.loud) { _ in seat.fault == .late && detector.counters[.skipped] > 0 }
        #expect(detector.counters[.restarted] == 0)
    }

    @Test func `a program that reads nothing holds up nobody`() async throws {
        let detector = try PluggedDetector(try Self.probe("deaf")) { _, _ in }
        defer { detector.stop() }
        let seats = (0..<50).map { _ in detector.seat() }
        let began = ContinuousClock.now
        for _ in 0..<100 { for seat in seats { _ = seat.hear(Self.loud.span) } }
        #expect(ContinuousClock.now - began < .seconds(2))
        _ = try await hear(seats[0], Self.loud) { _ in detector.counters[.silent] > 0 }
    }

    @Test func `a program that grows is started again`() async throws {
        var settings = try Self.probe("leak")
        settings.memoryMegabytes = 64
        let detector = try PluggedDetector(settings) { _, _ in }
        defer { detector.stop() }
        let seat = detector.seat()
        _ = try await hear(seat, Self.loud) { _ in detector.counters[.leaking] > 0 }
    }

    @Test(arguments: ["foreign", "mute"])
    func `a program that does not introduce itself is not believed`(habit: String) async throws {
        let complaints = Complaints()
        var settings = try Self.probe(habit)
        settings.startSeconds = 1
        let detector = try PluggedDetector(settings) { complaints.add($0, $1) }
        defer { detector.stop() }
        let seat = detector.seat()
        let decisions = try await hear(seat, Self.loud) { _ in detector.counters[.notStarted] > 1 && seat.fault == .gone
        }
        #expect(decisions.allSatisfy { $0 == nil })
        #expect(!detector.isReady)
        #expect(complaints.all.allSatisfy { $0.0 == .notStarted })
    }

    @Test func `a program that is not there is said so, again and again and ever more rarely`() async throws {
        let complaints = Complaints()
        let detector = try PluggedDetector(
            PlugInSettings(name: "none", door: .program(["/nonexistent/detector"]))
        ) { complaints.add($0, $1) }
        defer { detector.stop() }
        let seat = detector.seat()
        _ = try await hear(seat, Self.loud) { _ in complaints.all.count >= 2 }
        #expect(seat.fault == .gone)
        #expect(complaints.all[0].1.contains("/nonexistent/detector"))
        #expect(complaints.all[0].1.contains("No such file"))
    }

    // MARK: In this process, on a thread of its own

    /// Speech for loud windows; hangs, or answers no numbers, when it is told to.
    private struct Odd: VoiceActivityDetector, ~Copyable {
        final class Orders: Sendable {
            let hangs = Atomic<Bool>(false)
            let lies = Atomic<Bool>(false)
        }
        let orders: Orders
        let cost: StageCost
        var window: DetectorWindow { try! DetectorWindow(sampleRateHz: 16_000, samples: 512) }
        var latencyMilliseconds: Int { 0 }
        mutating func analyze(_ window: borrowing Span<Int16>) -> VoiceActivity {
            while orders.hangs.load(ordering: .relaxed) { usleep(10_000) }
            let isLoud = window[window.count / 2] > 1_000
            return VoiceActivity(probability: orders.lies.load(ordering: .relaxed) ? .nan : 0.5, isSpeech: isLoud)
        }
        mutating func reset() {}
    }

    private func odd(_ orders: Odd.Orders, _ cost: StageCost, counters: PlugInCounters) -> DetectorThread {
        DetectorThread(
            { AnyDetector.boxing(Odd(orders: orders, cost: cost)) }, counters: counters, timeoutMilliseconds: 200)
    }

    @Test func `a worker's detector hears windows of 32 ms at 16 kHz`() async throws {
        let thread = odd(Odd.Orders(), .worker, counters: PlugInCounters())
        thread.start()
        defer { thread.stop() }
        let seat = thread.seat()
        _ = try await hear(seat, Self.loud) { $0.last == true }
        _ = try await hear(seat, Self.quiet) { $0.last == false }
        #expect(seat.fault == nil)
    }

    @Test func `a detector that hangs is left behind with its thread, and the next one is believed`() async throws {
        let (orders, counters) = (Odd.Orders(), PlugInCounters())
        let thread = odd(orders, .worker, counters: counters)
        thread.start()
        defer { thread.stop() }
        let (seat, other) = (thread.seat(), thread.seat())
        _ = try await hear(seat, Self.loud) { $0.last == true }
        _ = try await hear(other, Self.loud) { $0.last == true }
        orders.hangs.store(true, ordering: .relaxed)
        _ = try await hear(seat, Self.loud) { _ in seat.fault == .late && counters[.restarted] > 0 }
        orders.hangs.store(false, ordering: .relaxed)
        // One of the two stays with the thread that was given up.
        let third = thread.seat()
        _ = try await hear(third, Self.loud) { $0.last == true }
        #expect(counters[.silent] >= 1)
    }

    @Test func `probabilities that are no numbers are not believed, inline and on a worker`() async throws {
        let orders = Odd.Orders()
        let inline = InlineSeat(AnyDetector.boxing(Odd(orders: orders, cost: .inline)))
        for _ in 0..<10 { _ = inline.hear(Self.loud.span) }
        #expect(inline.hear(Self.loud.span) == true)
        orders.lies.store(true, ordering: .relaxed)
        for _ in 0..<10 { _ = inline.hear(Self.loud.span) }
        #expect(inline.fault == .wrong)
        orders.lies.store(false, ordering: .relaxed)
        for _ in 0..<50 { #expect(inline.hear(Self.loud.span) == nil) }
        for _ in 0..<60 { _ = inline.hear(Self.loud.span) }
        #expect(inline.hear(Self.loud.span) == true)

        let thread = odd(orders, .worker, counters: PlugInCounters())
        thread.start()
        defer { thread.stop() }
        let seat = thread.seat()
        _ = try await hear(seat, Self.loud) { $0.last == true }
        orders.lies.store(true, ordering: .relaxed)
        _ = try await hear(seat, Self.loud) { _ in seat.fault == .wrong }
    }
}
