import AllocationProbe
import AudioPipeline
import Configuration
import Foundation
import MulawCodec
import RecognizerServers
import SpeechToText
import Synchronization
import Testing
import VAD

@testable import PlugIns

/// A recogniser that listens to a call while it is up.
@Suite struct `A recogniser in a call` {
    /// What was told, and when something comes.
    final class Told: Sendable {
        private let held = Mutex<[RecognitionResult]>([])
        var all: [RecognitionResult] { held.withLock { $0 } }
        var finals: [RecognitionResult] { all.filter(\.isFinal) }
        func add(_ result: RecognitionResult) { held.withLock { $0.append(result) } }
    }

    static let loud: [UInt8] = (0..<160).map { MulawEncoder.encode($0 % 16 < 8 ? 8_000 : -8_000) }
    static let quiet = [UInt8](repeating: 0xFF, count: 160)

    static func eventually(_ what: String, seconds: Double = 20, _ done: () -> Bool) async throws {
        for _ in 0..<Int(seconds * 100) {
            if done() { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        Issue.record("never happened: \(what)")
    }

    /// Frames as fast as they come: the ring holds ten seconds.
    static func say(_ seat: RecognizerSeat, _ script: String, from frame: Int = 0) {
        for (place, letter) in script.enumerated() {
            seat.hear((letter == "S" ? loud : quiet).span, at: Int64(frame + place + 1) * 160)
        }
    }

    @Test func `a Vosk server's words come on the call's clock, with their times and confidence`() async throws {
        let server = try ScriptedVosk(texts: ["good morning", "goodbye"])
        defer { server.stop() }
        let recognizer = try PluggedRecognizers([.vosk(server.url)]).recognizer(named: "theirs")
        defer { recognizer.stop() }
        let told = Told()
        let seat = try #require(recognizer.seat { told.add($0) })
        // The stream begins 2 s into the call.
        Self.say(seat, String(repeating: ".", count: 50), from: 100)
        Self.say(seat, String(repeating: "S", count: 40), from: 150)
        Self.say(seat, String(repeating: ".", count: 50), from: 190)
        try await Self.eventually("the first utterance") { told.finals.count == 1 }
        let first = try #require(told.finals.first)
        #expect(first.transcript.text == "good morning" && first.transcript.words.map(\.text) == ["good", "morning"])
        #expect(abs(first.transcript.confidence - 0.9) < 0.001)
        #expect(abs(first.startMilliseconds - 3_000) <= 1 && abs(first.endMilliseconds - 3_800) <= 1)
        #expect(first.transcript.words.first?.startMilliseconds == first.startMilliseconds)
        #expect(told.all.contains { !$0.isFinal && $0.transcript.text == "good" })
        // The line loses a second; then the caller is cut off in the middle of a word.
        seat.missed(samples: 8_000)
        Self.say(seat, String(repeating: "S", count: 20), from: 290)
        seat.leave()
        try await Self.eventually("the last words") { told.finals.count == 2 && recognizer.listening == 0 }
        let last = try #require(told.finals.last)
        #expect(last.transcript.text == "goodbye" && abs(last.startMilliseconds - 5_800) <= 1)
        let connection = try #require(server.connections.first)
        #expect(connection.texts.first == #"{"config":{"max_alternatives":0,"sample_rate":8000,"words":true}}"#)
        #expect(connection.texts.last == #"{"eof" : 1}"#)
        // Every sample, and a second of silence for what was lost.
        #expect(connection.soundBytes == (140 + 50 + 20) * 320)
        #expect(recognizer.counters.utterances == 2 && recognizer.counters.lostFrames == 0)
    }

    @Test func `a server that goes away is found again, and what was said meanwhile is counted`() async throws {
        let server = try ScriptedVosk(texts: ["good morning"], habit: .hangsUp(after: 3))
        defer { server.stop() }
        let log = Mutex<[PlugInCounters.Event]>([])
        let recognizer = try PluggedRecognizers([.vosk(server.url)]) { _, event, _ in log.withLock { $0.append(event) }
        }
        .recognizer(named: "theirs")
        defer { recognizer.stop() }
        let told = Told()
        let seat = try #require(recognizer.seat { told.add($0) })
        Self.say(seat, String(repeating: "S", count: 50))
        try await Self.eventually("the end") { recognizer.counters.events[.ended] > 0 }
        var frame = 50
        try await Self.eventually("lost words") {
            Self.say(seat, "S", from: frame)
            frame += 1
            return recognizer.counters.lostFrames > 0
        }
        server.habit = .good
        try await Self.eventually("words") {
            Self.say(seat, frame % 60 < 30 ? "SS" : "..", from: frame)
            frame += 2
            return !told.finals.isEmpty
        }
        #expect(told.finals.first?.transcript.text == "good morning")
        #expect(server.connections.count >= 2 && recognizer.counters.events[.restarted] >= 1)
        #expect(Set(log.withLock { $0 }) == [.ended])
        seat.leave()
    }

    @Test(arguments: [ScriptedRecognizerServer.Habit.nonsense, .refuses(status: 403)])
    func `a server that is none is let go, and the seat goes on`(habit: ScriptedRecognizerServer.Habit) async throws {
        let server = try ScriptedVosk(texts: ["good morning"], habit: habit)
        defer { server.stop() }
        let recognizer = try PluggedRecognizers([.vosk(server.url)]).recognizer(named: "theirs")
        defer { recognizer.stop() }
        let told = Told()
        let seat = try #require(recognizer.seat { told.add($0) })
        var frame = 0
        try await Self.eventually("two lives") {
            Self.say(seat, "S", from: frame)
            frame += 1
            return recognizer.counters.events[.ended] >= 2
        }
        #expect(told.all.isEmpty)
        seat.leave()
        try await Self.eventually("the thread's end") { recognizer.listening == 0 }
    }

    @Test func `what no sound can have said is counted, and nobody is told`() async throws {
        let server = try ScriptedVosk(texts: ["good morning"], habit: .lying)
        defer { server.stop() }
        let recognizer = try PluggedRecognizers([.vosk(server.url)]).recognizer(named: "theirs")
        defer { recognizer.stop() }
        let told = Told()
        let seat = try #require(recognizer.seat { told.add($0) })
        Self.say(seat, String(repeating: "S", count: 20) + String(repeating: ".", count: 40))
        try await Self.eventually("the lie") { recognizer.counters.events[PlugInCounters.Event.wrong] == 1 }
        #expect(told.finals.isEmpty)
        seat.leave()
    }

    @Test func `a server that never answers costs its call the words and not the end`() async throws {
        let server = try ScriptedVosk(texts: ["good morning"], habit: .mute)
        defer { server.stop() }
        let recognizer = try PluggedRecognizers([.vosk(server.url)]).recognizer(named: "theirs")
        defer { recognizer.stop() }
        let seat = try #require(recognizer.seat { _ in })
        Self.say(seat, String(repeating: "S", count: 20))
        seat.leave()
        try await Self.eventually("the thread's end") { recognizer.listening == 0 }
        #expect(recognizer.counters.events[.ended] == 1)
    }

    // MARK: Engines of this process

    /// Stays away until it is told to come back.
    private final class Hanging: StreamingRecognizer, @unchecked Sendable {
        let sampleRateHz = 16_000
        static let gate = Atomic<Bool>(false)
        func hear(_ audio: Span<Int16>) { while !Self.gate.load(ordering: .acquiring) { usleep(10_000) } }
        func speechBegan(atMilliseconds: Int) {}
        func speechEnded(atMilliseconds: Int) {}
        func nextResult() -> RecognitionResult? { nil }
        func finish() {}
        func reset() {}
    }

    @Test func `an engine that hangs loses its call's words, in whole frames, and is given up with its thread`()
        async throws
    {
        let recognizer = PluggedRecognizer(
            "hanging", make: { () throws(RecognitionError) in Hanging() }, hungNanoseconds: 300_000_000
        ) { _, _ in }
        let seat = try #require(recognizer.seat { _ in })
        Self.say(seat, ".")
        try await Self.eventually("the watch") { recognizer.counters.events[.silent] == 1 }
        Self.say(seat, String(repeating: ".", count: 600), from: 1)
        #expect(seat.lostFrames >= 600 - RecognizerSeat.ringPieces && seat.lostFrames < 600)
        #expect(recognizer.listening == 0)
        seat.leave()
        Hanging.gate.store(true, ordering: .releasing)
        recognizer.stop()
    }

    @Test func `an engine of utterances hears each one whole, between the call's own boundaries`() async throws {
        var settings = PlugInSettings(name: "told", door: .engine("scripted"))
        settings.options = ["texts": "one|two"]
        let recognizer = try PluggedRecognizers([settings]).recognizer(named: "told")
        defer { recognizer.stop() }
        let told = Told()
        let seat = try #require(recognizer.seat { told.add($0) })
        Self.say(seat, String(repeating: ".", count: 50) + String(repeating: "S", count: 20))
        seat.edge(.onset(startedMillisecondsAgo: 400))
        seat.edge(.sustained)
        Self.say(seat, String(repeating: ".", count: 20), from: 70)
        seat.edge(.offset(endedMillisecondsAgo: 400))
        // A click is no utterance.
        seat.edge(.onset(startedMillisecondsAgo: 60))
        seat.edge(.lapsed)
        try await Self.eventually("the utterance") { told.finals.count == 1 }
        let heard = try #require(told.finals.first)
        #expect(heard.transcript.text == "one" && heard.startMilliseconds == 1_000)
        #expect(heard.endMilliseconds >= 1_400)
        seat.leave()
        try await Self.eventually("the thread's end") { recognizer.listening == 0 }
        #expect(told.finals.count == 1)
    }

    @Test func `a seat allocates nothing while it hears`() throws {
        let ring = RecordRing<CallSound>(capacity: RecognizerSeat.ringPieces)
        let writer = ring.writer
        let seat = RecognizerSeat(writer, lane: RecognizerLane())
        let frames = Self.loud
        // What the first time brings with it: types that are made.
        seat.hear(frames.span, at: 160)
        seat.edge(.sustained)
        allocation_probe_start()
        for frame in 1..<500 { seat.hear(frames.span, at: Int64(frame + 1) * 160) }
        seat.edge(.sustained)
        #expect(allocation_probe_stop() == 0)
        #expect(seat.lostFrames == 0)
    }
}

extension PlugInSettings {
    static func vosk(_ url: String) -> PlugInSettings {
        var settings = PlugInSettings(name: "theirs", door: .engine("vosk"))
        settings.options = ["url": url]
        return settings
    }
}
