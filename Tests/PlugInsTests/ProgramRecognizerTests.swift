import AudioPipeline
import Configuration
import Foundation
import SpeechToText
import Testing

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
