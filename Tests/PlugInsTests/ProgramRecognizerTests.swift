import AudioPipeline
import Configuration
import Foundation
import SpeechToText
import Synchronization
import Testing
import VAD

@testable import PlugIns

/// A recogniser in a program of its own, an utterance at a time.
@Suite struct `A program that recognises` {
    private static let second = [Int16](repeating: 1, count: 16_000)

    private func engine(_ habit: String) throws -> any SpeechRecognizer {
        guard case .program(let command) = try `A seat at a plugged detector`.probe(habit).door else { fatalError() }
        let settings = PlugInSettings(name: "theirs", door: .program(command))
        return try PluggedRecognizers([settings]).utterances("theirs")()
    }

    @Test func `it is given the whole utterance, and its pieces are one text`() throws {
        let engine = try engine("stt")
        for _ in 0..<2 {
            let heard = try engine.recognize(Self.second.span)
            #expect(heard.text == "heard 16000 samples")
            #expect(heard.confidence == 0.7)
        }
    }

    @Test(arguments: [("stt-crash", "it has ended"), ("good", "`stt` was expected"), ("foreign", "no JSON object")])
    func `what it does wrong is an error, and the next utterance has a new one`(habit: String, message: String) throws {
        let engine = try engine(habit)
        for _ in 0..<2 {
            do throws(RecognitionError) {
                _ = try engine.recognize(Self.second.span)
                Issue.record("it was believed")
            } catch { #expect(error.code == .engine && error.message.contains(message), "\(error)") }
        }
    }

    @Test func `engines of the catalogue are had by name, with options or without`() throws {
        var settings = PlugInSettings(name: "told", door: .engine("scripted"))
        settings.options = ["texts": "one|two"]
        let told = try PluggedRecognizers([settings]).utterances("told")()
        #expect(try told.recognize(Self.second.span).text == "one")
        #expect(try told.recognize(Self.second.span).text == "two")
        do throws(StageFault) {
            _ = try PluggedRecognizers([settings]).utterances("tolled")
            Issue.record("there is none")
        } catch { #expect(error.description.hasPrefix("`tolled` is no recogniser; one of told, pocketsphinx")) }
    }

    /// The example around pocketsphinx 5, where a Python is named that has it: scripts/test does.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["MEDIA_BRIDGE_STAGES_PYTHON"] != nil))
    func `the example in Python hears a recorded prompt`() throws {
        let python = ProcessInfo.processInfo.environment["MEDIA_BRIDGE_STAGES_PYTHON"] ?? ""
        let example = FileManager.default.currentDirectoryPath + "/Examples/StagesInPython/recognizer.py"
        let wav = "/usr/share/asterisk/sounds/en_US_f_Allison/vm-goodbye.wav"
        let data = try #require(FileManager.default.contents(atPath: wav)).dropFirst(44)
        // Twice each sample: 16 kHz enough for hearing one word.
        let bytes = [UInt8](data)
        let samples = stride(from: 0, to: bytes.count - 1, by: 2).flatMap { place in
            let sample = Int16(bitPattern: UInt16(bytes[place]) | UInt16(bytes[place + 1]) << 8)
            return [sample, sample]
        }
        let engine = try PluggedRecognizers([PlugInSettings(name: "py", door: .program([python, example]))]).utterances(
            "py")()
        #expect(try engine.recognize(samples.span).text.contains("good"))
    }
}

/// A recogniser in a program of its own that listens to calls while they are up.
@Suite struct `A program that listens to calls` {
    typealias Live = `A recogniser in a call`

    private static func recognizer(_ habit: String) throws -> PluggedRecognizer {
        guard case .program(let command) = try `A seat at a plugged detector`.probe(habit).door else { fatalError() }
        return try PluggedRecognizers([PlugInSettings(name: "theirs", door: .program(command))])
            .recognizer(named: "theirs")
    }

    /// A second of silence, 400 ms of speech, and its boundaries.
    private static func speak(_ seat: RecognizerSeat, from frame: Int) {
        Live.say(seat, String(repeating: ".", count: 50) + String(repeating: "S", count: 20), from: frame)
        seat.edge(.onset(startedMillisecondsAgo: 400))
        seat.edge(.sustained)
        Live.say(seat, String(repeating: ".", count: 20), from: frame + 70)
        seat.edge(.offset(endedMillisecondsAgo: 400))
    }

    @Test func `one process hears two calls at once, each on its own clock`() async throws {
        let recognizer = try Self.recognizer("live")
        defer { recognizer.stop() }
        let (first, second) = (Live.Told(), Live.Told())
        let one = try #require(recognizer.seat { first.add($0) })
        let two = try #require(recognizer.seat { second.add($0) })
        Self.speak(one, from: 0)
        Self.speak(two, from: 500)
        try await Live.eventually("both") { first.finals.count == 1 && second.finals.count == 1 }
        let (heard, other) = (try #require(first.finals.first), try #require(second.finals.first))
        #expect(heard.startMilliseconds == 1_000 && heard.endMilliseconds == 1_400)
        #expect(other.startMilliseconds == 11_000 && other.endMilliseconds == 11_400)
        #expect(first.all.contains { !$0.isFinal && $0.transcript.text == "so far" })
        func process(_ result: RecognitionResult) -> Substring? { result.transcript.text.split(separator: " ").last }
        #expect(process(heard) == process(other) && heard.transcript.text != other.transcript.text)
        one.leave()
        two.leave()
        try await Live.eventually("the threads' end") { recognizer.listening == 0 }
        #expect(recognizer.counters.events[.ended] == 0)
    }

    @Test func `one that knows utterances alone is given each one whole`() async throws {
        let recognizer = try Self.recognizer("stt")
        defer { recognizer.stop() }
        let told = Live.Told()
        let seat = try #require(recognizer.seat { told.add($0) })
        Self.speak(seat, from: 0)
        try await Live.eventually("the utterance") { told.finals.count == 1 }
        let words = try #require(told.finals.first).transcript.text.split(separator: " ")
        // 400 ms of speech, 300 ms before and after it, at 16 kHz.
        #expect(words.first == "heard" && words.last == "samples")
        #expect(abs((Int(words[1]) ?? 0) - 16_000) <= 400)
        seat.leave()
    }

    @Test(arguments: [("live-crash", "it has ended"), ("live-chatter", "lines that are no answer"), ("good", "`stt`")])
    func `what it does wrong ends it for all its calls, by name, and it is started again`(habit: String, cause: String)
        async throws
    {
        guard case .program(let command) = try `A seat at a plugged detector`.probe(habit).door else { fatalError() }
        let details = Mutex<[String]>([])
        let recognizer = try PluggedRecognizers([PlugInSettings(name: "theirs", door: .program(command))]) {
            _, _, detail in
            details.withLock { $0.append(detail) }
        }.recognizer(named: "theirs")
        defer { recognizer.stop() }
        let seat = try #require(recognizer.seat { _ in })
        var frame = 0
        try await Live.eventually("two failures", seconds: 60) {
            Self.speak(seat, from: frame)
            frame += 90
            return details.withLock { $0.count { $0.contains(cause) } } >= (habit == "good" ? 1 : 2)
        }
        seat.leave()
    }
}
