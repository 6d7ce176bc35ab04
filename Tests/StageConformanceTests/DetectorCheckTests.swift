import AudioPipeline
import Configuration
import Foundation
import LabelledCalls
import PlugIns
import Synchronization
import Testing
import VAD

@testable import StageConformance

/// Detectors that break one rule each, and one that breaks none.
@Suite(.enabled(if: RecordedPrompts.isInstalled, "needs asterisk-core-sounds-en-wav"), .serialized)
struct `The check of a detector` {
    private static let golden = Result { try GoldenCalls(quick: true) }

    private func report(_ make: @escaping @Sendable () -> AnyDetector) throws -> ConformanceReport {
        DetectorCheck("under test", .here(make), try Self.golden.get()).run()
    }
    private func broken(_ habit: Fault) throws -> [ConformanceReport.Violation.Rule] {
        try report { AnyDetector.boxing(Faulty(habit)) }.violations.map(\.rule)
    }

    @Test func `a detector that keeps the rules passes, with its figures`() throws {
        let report = try report { AnyDetector.boxing(EnergyDetector()) }
        #expect(report.violations == [])
        #expect(report.spent.allocationsPerWindow == 0 || report.spent.allocationsPerWindow == nil)
        #expect(report.spent.windows > 10_000 && report.spent.callsPerCore > 100)
        let quiet = try #require(report.calls.first)
        #expect(try #require(quiet.scores.missed) < 0.05)
        #expect(try #require(quiet.scores.falseAlarms) < 0.05)
        #expect(quiet.scores.missedUtterances == 0)
        #expect(try #require(report.curve).area > 0.8)
        #expect(report.sample.count == 750)
    }

    @Test func `answers that are none`() throws {
        #expect(try broken(.answersNonsense).contains(.answer))
    }
    @Test func `two new ones that differ`() throws {
        #expect(try broken(.remembersOthers).contains(.deterministic))
    }
    @Test func `a reset that forgets to forget`() throws { #expect(try broken(.keepsPast) == [.reset]) }
    @Test func `calls that hear each other`() throws { #expect(try broken(.sharesNewest).contains(.isolated)) }
    @Test func `slow in one window of fifty`() throws { #expect(try broken(.dawdles).contains(.late)) }
    @Test func `inline, and it sleeps`() throws { #expect(try broken(.sleepsOnce) == [.waits]) }
    @Test func `memory that grows with the call`() throws { #expect(try broken(.hoards).contains(.grows)) }
    @Test(.enabled(if: AllocationCount.works, "a sanitizer counts no allocations"))
    func `inline, and it allocates`() throws { #expect(try broken(.allocates) == [.allocates]) }

    @Test func `a worker may allocate and sleep`() throws {
        #expect(try report { AnyDetector.boxing(Faulty(.allocates, cost: .worker)) }.violations == [])
        #expect(try report { AnyDetector.boxing(Faulty(.sleepsOnce, cost: .worker)) }.violations == [])
    }

    @Test func `a program that crashes has gone, one that says 7 is wrong`() throws {
        let golden = GoldenCalls(speech: try RecordedPrompts(), holdSeconds: 1, utterances: 1)
        func rules(_ habit: String) throws -> [ConformanceReport.Violation.Rule] {
            let stage = try OfflineDetectors.stage(PlugInSettings(name: habit, door: .program([Self.probe, habit])))
            return DetectorCheck(habit, stage, golden).run().violations.map(\.rule)
        }
        #expect(try rules("good") == [])
        #expect(try rules("crash").contains(.gone))
        #expect(try rules("nan").contains { $0 == .gone || $0 == .answer })
    }

    private static let probe = Bundle.main.executableURL!.resolvingSymlinksInPath().deletingLastPathComponent()
        .appendingPathComponent("PlugInProbe").path
}

/// Whether allocations are counted in this build.
enum AllocationCount {
    static let works: Bool = {
        let meter = MeteredDetector.Meter()
        let detector = MeteredDetector(AnyDetector.boxing(Faulty(.allocates)), meter)
        _ = detector.analyze([Int16](repeating: 0, count: 160).span)
        return meter.allocations != nil
    }()
}

enum Fault: Sendable {
    case answersNonsense, remembersOthers, keepsPast, sharesNewest, dawdles, sleepsOnce, hoards, allocates
}

private let windowsEver = Atomic<Int>(0)
private let newestLevel = Atomic<Int>(0)

/// Speech is what is loud; and one thing is wrong with it.
struct Faulty: VoiceActivityDetector, ~Copyable {
    private let fault: Fault
    let cost: StageCost
    var window: DetectorWindow { .telephoneFrame }
    var latencyMilliseconds: Int { 0 }
    private var heard = 0
    private var loudest: Int16 = 0
    private var hoard: [[UInt8]] = []

    init(_ fault: Fault, cost: StageCost = .inline) { (self.fault, self.cost) = (fault, cost) }

    mutating func analyze(_ window: borrowing Span<Int16>) -> VoiceActivity {
        heard += 1
        var level: Int16 = 0
        for index in window.indices { level = max(level, window[index] == .min ? .max : abs(window[index])) }
        loudest = max(loudest, level)
        var probability = min(1, Float(level) / 8_000)
        switch fault {
        case .answersNonsense: if heard % 500 == 0 { probability = 7 }
        case .remembersOthers:
            probability = Float(windowsEver.wrappingAdd(1, ordering: .relaxed).newValue % 1_009) / 1_009
        case .keepsPast: probability = min(1, Float(loudest) / 32_768)
        case .sharesNewest:
            // Its own in the first window after a gap, whoever spoke last in every other.
            let last = newestLevel.exchange(Int(level), ordering: .relaxed)
            if heard > 1 { probability = min(1, Float(last) / 8_000) }
        case .dawdles: if heard % 50 == 0 { usleep(2_500) }
        case .sleepsOnce: if heard == 100 { usleep(100) }
        case .hoards: hoard.append([UInt8](repeating: 1, count: 64))
        case .allocates: if heard % 10 == 0 { withExtendedLifetime([UInt8](repeating: 0, count: heard)) {} }
        }
        return VoiceActivity(probability: probability, isSpeech: probability > 0.1)
    }

    mutating func reset() {
        heard = 0
        if fault != .keepsPast { loudest = 0 }
    }
}
