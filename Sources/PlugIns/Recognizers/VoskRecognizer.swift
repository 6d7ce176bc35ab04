import AudioPipeline
import CLinux
import Foundation
import SpeechToText

/// A Vosk server: one connection and one recogniser of it for each call, 8 kHz as the telephone has it. It ends utterances
/// by itself.
///
/// Source: vosk-server's `asr_server.py`: an optional message of configuration, then binary PCM16; each is answered by
/// exactly one JSON text, in order: `partial`, or `text` with `result` at the end of an utterance. `{"eof" : 1}` is compared
/// by the letter, spaces included; its answer is the last one, then the server closes.
final class VoskRecognizer: StreamingRecognizer {
    struct Options: Sendable {
        var url: String
        var phrases: [String] = []
        var authorities: String?
    }

    let sampleRateHz = 8_000
    /// Answers further behind than ten seconds of sound are not waited for.
    static let behindAtMost = 100
    static let finishMilliseconds = 3_000

    private let options: Options
    private let loop: RecognizerLoop
    private var socket: RecognizerSocket
    /// Sound that was sent and not answered yet, in messages.
    private var unanswered = 0
    private var samples = 0
    /// Where the last utterance ended, in milliseconds.
    private var utteranceStart = 0
    private var lastPartial = ""
    private var results: [RecognitionResult] = []

    init(_ options: Options, on loop: RecognizerLoop) throws(RecognitionError) {
        (self.options, self.loop) = (options, loop)
        socket = try Self.connect(options, loop)
    }

    deinit { socket.close() }

    private static func connect(
        _ options: Options, _ loop: RecognizerLoop
    ) throws(RecognitionError) -> RecognizerSocket {
        let socket = try RecognizerSocket(options.url, authorities: options.authorities, on: loop)
        try socket.send(Self.configuration(options.phrases))
        return socket
    }

    static func configuration(_ phrases: [String]) -> String {
        struct Message: Encodable {
            struct Config: Encodable {
                var sample_rate = 8_000
                var words = true
                var max_alternatives = 0
                var phrase_list: [String]?
            }
            var config: Config
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let message = Message(config: .init(phrase_list: phrases.isEmpty ? nil : phrases))
        // Strings and numbers: there is nothing in it that JSON could refuse.
        return String(decoding: (try? encoder.encode(message)) ?? Data(), as: UTF8.self)
    }

    func hear(_ audio: Span<Int16>) throws(RecognitionError) {
        guard unanswered < Self.behindAtMost else {
            throw RecognitionError(.engine, "\(unanswered) pieces of sound are not answered")
        }
        var bytes: [UInt8] = []
        bytes.append(samples: audio)
        try socket.send(bytes)
        unanswered += 1
        samples += audio.count
    }

    func speechBegan(atMilliseconds: Int) {}
    func speechEnded(atMilliseconds: Int) {}

    func nextResult() throws(RecognitionError) -> RecognitionResult? {
        while results.isEmpty {
            guard let text = try socket.next() else { return nil }
            try take(text)
        }
        return results.removeFirst()
    }

    func finish() throws(RecognitionError) {
        try socket.send(#"{"eof" : 1}"#)
        unanswered += 1
        let deadline = media_bridge_monotonic_nanoseconds() + UInt64(Self.finishMilliseconds) * 1_000_000
        while unanswered > 0 {
            if let text = try socket.next() {
                try take(text)
                continue
            }
            let now = media_bridge_monotonic_nanoseconds()
            guard now < deadline else {
                throw RecognitionError(.engine, "no last words in \(Self.finishMilliseconds) ms")
            }
            socket.wait(milliseconds: 20)
        }
        socket.close()
    }

    func reset() throws(RecognitionError) {
        socket.close()
        socket = try Self.connect(options, loop)
        (unanswered, samples, utteranceStart, lastPartial) = (0, 0, 0, "")
        results.removeAll()
    }

    // MARK: Answers

    private struct Answer: Decodable {
        struct Word: Decodable {
            var word: String
            var start: Double
            var end: Double
            var conf: Double?
        }
        var partial: String?
        var text: String?
        var result: [Word]?
    }

    private func take(_ text: [UInt8]) throws(RecognitionError) {
        guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(text)),
            answer.text != nil || answer.partial != nil
        else { throw RecognitionError(.engine, "an answer without `text` and `partial`") }
        unanswered = max(0, unanswered - 1)
        let end = samples * 1_000 / sampleRateHz
        if let final = answer.text {
            let words = (answer.result ?? []).compactMap(Self.word)
            let from = words.first?.startMilliseconds ?? utteranceStart
            let to = words.last?.endMilliseconds ?? end
            (utteranceStart, lastPartial) = (to, "")
            guard !final.isEmpty else { return }
            let sure = (answer.result ?? []).compactMap(\.conf)
            let confidence = sure.isEmpty ? 0 : Float(sure.reduce(0, +) / Double(sure.count))
            results.append(
                RecognitionResult(
                    transcript: Transcript(text: final, confidence: confidence, words: words), isFinal: true,
                    startMilliseconds: from, endMilliseconds: max(from, to)))
        } else if let partial = answer.partial, partial != lastPartial {
            lastPartial = partial
            results.append(
                RecognitionResult(
                    transcript: Transcript(text: partial, confidence: 0), isFinal: false,
                    startMilliseconds: min(utteranceStart, end), endMilliseconds: end))
        }
    }

    private static func word(_ word: Answer.Word) -> Transcript.Word? {
        guard let start = WireSeconds.milliseconds(word.start), let end = WireSeconds.milliseconds(word.end) else {
            return nil
        }
        return Transcript.Word(text: word.word, startMilliseconds: start, endMilliseconds: end)
    }
}

/// Seconds as servers write them.
enum WireSeconds {
    /// Nil: no time that a call could have.
    static func milliseconds(_ seconds: Double) -> Int? {
        guard seconds >= 0, seconds < 1_000_000 else { return nil }
        return Int((seconds * 1_000).rounded())
    }
}
