import Configuration
import Foundation
import RecognizerServers
import SpeechToText
import Synchronization
import Testing

@testable import PlugIns

/// A server that speaks as Deepgram does.
@Suite struct `A Deepgram server` {
    typealias Live = `A recogniser in a call`

    private static func settings(_ server: ScriptedDeepgram, key: String = "dg-key-4711") -> PlugInSettings {
        var settings = PlugInSettings(name: "theirs", door: .engine("deepgram"))
        settings.options = ["url": server.url, "language": "de-CH", "phrases": "good morning|über 9"]
        settings.apiKey = Secret(key)
        return settings
    }

    @Test func `pieces of an utterance are one result, and its end is taken once`() async throws {
        let server = try ScriptedDeepgram(texts: ["Good morning, my dear.", "Good bye."], apiKey: "dg-key-4711")
        defer { server.stop() }
        let recognizer = try PluggedRecognizers([Self.settings(server)]).recognizer(named: "theirs")
        defer { recognizer.stop() }
        let told = Live.Told()
        let seat = try #require(recognizer.seat { told.add($0) })
        Live.say(seat, String(repeating: ".", count: 50), from: 100)
        Live.say(seat, String(repeating: "S", count: 40), from: 150)
        Live.say(seat, String(repeating: ".", count: 50), from: 190)
        try await Live.eventually("the first utterance") { told.finals.count == 1 }
        Live.say(seat, String(repeating: "S", count: 20), from: 240)
        seat.leave()
        try await Live.eventually("the last words") { told.finals.count == 2 && recognizer.listening == 0 }
        let first = try #require(told.finals.first)
        #expect(first.transcript.text == "Good morning, my dear." && first.transcript.words.count == 4)
        #expect(first.transcript.words.map(\.text) == ["Good", "morning,", "my", "dear."])
        #expect(abs(first.transcript.confidence - 0.8) < 0.001)
        #expect(abs(first.startMilliseconds - 3_000) <= 1 && abs(first.endMilliseconds - 3_800) <= 1)
        #expect(told.finals.last?.transcript.text == "Good bye.")
        #expect(told.all.contains { !$0.isFinal && $0.transcript.text == "Good" })
        let connection = try #require(server.connections.first)
        // On a busy machine the line may have been silent for long enough to be kept alive.
        #expect(connection.texts.filter { !$0.contains("KeepAlive") } == [#"{"type":"CloseStream"}"#])
        #expect(connection.soundBytes == 160 * 160)
        for part in [
            "model=nova-3", "encoding=mulaw", "sample_rate=8000", "interim_results=true", "endpointing=300",
            "utterance_end_ms=1000", "language=de-CH", "keyterm=good%20morning", "keyterm=%C3%BCber%209",
        ] { #expect(connection.target.contains(part), "\(part)") }
        #expect(recognizer.counters.events[.ended] == 0)
    }

    @Test func `a line without sound is kept alive`() async throws {
        let server = try ScriptedDeepgram(texts: [], apiKey: "k")
        defer { server.stop() }
        var options = DeepgramRecognizer.Options()
        (options.url, options.apiKey, options.keepAliveMilliseconds) = (server.url, "k", 100)
        let engine = try DeepgramRecognizer(options, on: RecognizerLoop())
        try await Live.eventually("two signs of life") {
            _ = try? engine.nextResult()
            return server.connections.first?.texts.count == 2
        }
        #expect(server.connections.first?.texts.allSatisfy { $0 == #"{"type":"KeepAlive"}"# } == true)
        #expect(server.connections.first?.soundMessages == 0)
    }

    @Test func `a wrong key is said with its status, without the key, and nobody waits`() async throws {
        let server = try ScriptedDeepgram(texts: [], apiKey: "right")
        defer { server.stop() }
        let lines = Lines()
        let recognizer = try PluggedRecognizers([Self.settings(server)]) { _, _, detail in lines.add(detail) }
            .recognizer(named: "theirs")
        defer { recognizer.stop() }
        let seat = try #require(recognizer.seat { _ in })
        try await Live.eventually("the refusal") { recognizer.counters.events[.ended] > 0 }
        #expect(lines.all.first?.contains("HTTP status 401") == true)
        #expect(!lines.all.joined().contains("dg-key"))
        seat.leave()
    }

    @Test(arguments: [ScriptedRecognizerServer.Habit.nonsense, .mute, .hangsUp(after: 1), .lying])
    func `one that fails or lies costs its call the words alone`(habit: ScriptedRecognizerServer.Habit) async throws {
        let server = try ScriptedDeepgram(texts: ["Good morning."], apiKey: "dg-key-4711", habit: habit)
        defer { server.stop() }
        let recognizer = try PluggedRecognizers([Self.settings(server)]).recognizer(named: "theirs")
        defer { recognizer.stop() }
        let told = Live.Told()
        let seat = try #require(recognizer.seat { told.add($0) })
        Live.say(seat, String(repeating: "S", count: 40) + String(repeating: ".", count: 40))
        seat.leave()
        try await Live.eventually("the thread's end") { recognizer.listening == 0 }
        let faults = recognizer.counters.events[.ended] + recognizer.counters.events[PlugInCounters.Event.wrong]
        #expect(told.finals.isEmpty && faults > 0)
    }

    @Test func `without a key the engine is refused, by name`() {
        var settings = PlugInSettings(name: "theirs", door: .engine("deepgram"))
        #expect(throws: (any Error).self) { try PluggedRecognizers([settings]).streams("theirs") }
        settings.apiKey = Secret("k")
        settings.options = ["url": "http://127.0.0.1"]
        #expect(throws: (any Error).self) { try PluggedRecognizers([settings]).streams("theirs") }
        settings.options = [:]
        #expect(throws: Never.self) { try PluggedRecognizers([settings]).streams("theirs") }
    }
}

/// What was logged. Any thread.
private final class Lines: Sendable {
    private let held = Mutex<[String]>([])
    var all: [String] { held.withLock { $0 } }
    func add(_ line: String) { held.withLock { $0.append(line) } }
}
