import AudioPipeline
import Configuration
import Foundation
import Glibc
import Synchronization
import Testing
import VAD

@testable import PlugIns

/// What a program leaves behind, and what it keeps open.
@Suite(.serialized) struct `A program's processes` {
    typealias Seats = `A seat at a plugged detector`
    private static let loud = [Int16](repeating: 8_000, count: 160)

    /// A probe whose children can be told from everybody else's.
    private static func probe(_ habit: String) throws -> (settings: PlugInSettings, mark: String) {
        let mark = "probe-\(UInt64.random(in: 0 ... .max))"
        var settings = try Seats.probe(habit)
        guard case .program(let command) = settings.door else { fatalError() }
        settings.door = .program(command + [mark])
        return (settings, mark)
    }

    /// Processes that were started with the word, zombies left out.
    private static func processes(with word: String) -> Int {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { pid_t($0) }.count { process in
            guard process != getpid(), let line = FileManager.default.contents(atPath: "/proc/\(process)/cmdline")
            else {
                return false
            }
            return String(decoding: line, as: UTF8.self).split(separator: "\0").contains { $0 == word }
        }
    }

    private func hear(_ seat: DetectorSeat, until done: () -> Bool) async throws {
        for _ in 0..<1_000 {
            _ = seat.hear(Self.loud.span)
            if done() { return }
            try await Task.sleep(for: .milliseconds(20))
        }
        Issue.record("never happened: \(seat.fault as Any)")
    }

    @Test func `one that heeds no signal, and its child in a session of its own, are gone when the service stops`()
        async throws
    {
        let (settings, mark) = try Self.probe("stubborn")
        let detector = try PluggedDetector(settings) { _, _ in }
        let seat = detector.seat()
        try await hear(seat) { seat.fault == nil }
        #expect(Self.processes(with: mark) == 2)
        seat.leave()
        detector.stop()
        #expect(Self.processes(with: mark) == 0)
    }

    /// Its socket stays open: no end of the stream says that it died.
    @Test func `one that dies and leaves a child with its socket has ended, and the child ends too`() async throws {
        let (settings, mark) = try Self.probe("daemon")
        let details = Mutex<[String]>([])
        let detector = try PluggedDetector(settings) { _, detail in details.withLock { $0.append(detail) } }
        let seat = detector.seat()
        try await hear(seat) { detector.counters[.ended] > 0 && seat.fault == .gone }
        #expect(details.withLock { $0.first } == "it has ended")
        #expect(detector.counters[.silent] == 0)
        seat.leave()
        detector.stop()
        #expect(Self.processes(with: mark) == 0)
    }

    @Test func `one that answers what nobody asked, without end, is ended`() async throws {
        let (settings, _) = try Self.probe("flood")
        let detector = try PluggedDetector(settings) { _, _ in }
        defer { detector.stop() }
        let seat = detector.seat()
        try await hear(seat) { detector.counters[PlugInCounters.Event.wrong] > 0 && detector.counters[.restarted] > 0 }
        seat.leave()
    }

    @Test func `answers to windows that nobody sent are wrong, those of a call that is over are not`() async throws {
        let link = ScriptedLink()
        let counters = PlugInCounters()
        let round = RemoteRound(link, limits: RemoteLimits(), counters: counters) { _, _ in }
        let inbox = LaneInbox()
        let seat = inbox.seat(timeoutMilliseconds: 200)
        round.add(inbox.take())
        round.turn()
        link.say(#"{"role":"vad","sampleRateHz":8000,"windowSamples":160}"#)
        // The program is up, and then hears of the call.
        for _ in 0..<2 { round.turn() }
        for _ in 0..<5 { _ = seat.hear(Self.loud.span) }
        round.turn()
        // Two of the five, and then the call is over: three are owed.
        for _ in 0..<2 { link.say(#"{"call":1,"speech":true}"#) }
        round.turn()
        seat.leave()
        round.turn()
        for _ in 0..<3 { link.say(#"{"call":1,"speech":true}"#) }
        round.turn()
        #expect(round.isReady && counters[PlugInCounters.Event.wrong] == 0)
        for _ in 0..<RemoteRound.wrongAtMost - 1 { link.say(#"{"call":1,"speech":true}"#) }
        round.turn()
        #expect(round.isReady)
        link.say(#"{"call":1,"speech":true}"#)
        round.turn()
        #expect(!round.isReady && counters[PlugInCounters.Event.wrong] == 1)
        round.end()
    }

    @Test func `a recogniser that goes on about a call that is over is ended`() async throws {
        guard case .program(let command) = try Seats.probe("live-flood").door else { fatalError() }
        let details = Mutex<[String]>([])
        let recognizers = PluggedRecognizers([PlugInSettings(name: "theirs", door: .program(command))]) {
            _, _, detail in
            details.withLock { $0.append(detail) }
        }
        let recognizer = try recognizers.recognizer(named: "theirs")
        defer { recognizer.stop() }
        typealias Live = `A recogniser in a call`
        let first = try #require(recognizer.seat { _ in })
        Live.say(first, "SSSSS")
        first.leave()
        try await Live.eventually("its end") { recognizer.listening == 0 }
        let next = try #require(recognizer.seat { _ in })
        var frame = 0
        try await Live.eventually("the flood") {
            Live.say(next, ".", from: frame)
            frame += 1
            return details.withLock { $0.contains { $0.contains("calls that are over") } }
        }
        next.leave()
    }

    @Test func `what a process of this one's environment started is found by its mark alone`() throws {
        let mark = StrayProcesses.mark()
        #expect(StrayProcesses.marked(mark).isEmpty && StrayProcesses.end(mark) == 0)
        let link = ChildLink(["sleep", "60"])
        try link.open()
        defer { link.close() }
        #expect(StrayProcesses.end(mark) == 0)
    }
}

/// Says what it is told to.
private final class ScriptedLink: StageLink {
    private var waiting: [String] = []
    func say(_ line: String) { waiting.append(line) }
    func open() {}
    func send(_ bytes: [UInt8]) -> Bool { true }
    var backlog: Int { 0 }
    func lines(_ body: (ArraySlice<UInt8>) -> Void) -> Bool {
        for line in waiting { body(Array(line.utf8)[...]) }
        waiting.removeAll()
        return true
    }
    func wait(milliseconds: Int32) {}
    var residentBytes: Int? { nil }
    var lastWords: String { "" }
    func close() {}
}
