import AudioPipeline
import CLinux
import Foundation
import MulawCodec
import SpeechToText

/// A streaming server that speaks as Deepgram's live interface does: one connection for each call, mu-law at 8 kHz as the
/// carrier brought it. It ends utterances by itself, `endpointing` milliseconds after them.
///
/// Source: Deepgram's documentation and SDK 7.17.0. Sound goes out binary, control as JSON text. Every `is_final` result is a
/// piece of the utterance, interim ones replace each other; the utterance ends at `speech_final` or at `UtteranceEnd`,
/// whichever is first. Ten seconds without sound or `KeepAlive` close the connection; an empty message may, too, and is never
/// sent.
final class DeepgramRecognizer: StreamingRecognizer {
    struct Options: Sendable {
        var url = "wss://api.deepgram.com/v1/listen"
        var apiKey = ""
        var model = "nova-3"
        var language: String?
        /// Silence that ends an utterance; the server's own default of 10 ms cuts in the middle of words' pauses.
        var endpointingMilliseconds = 300
        /// Words that are likely.
        var phrases: [String] = []
        var authorities: String?
        var keepAliveMilliseconds = 4_000

        /// With everything that the server has to know of the sound.
        var address: String {
            var query = [
                ("model", model), ("encoding", "mulaw"), ("sample_rate", "8000"), ("channels", "1"),
                ("interim_results", "true"), ("smart_format", "true"), ("endpointing", "\(endpointingMilliseconds)"),
                // The least that the server takes.
                ("utterance_end_ms", "1000"),
            ]
            if let language { query.append(("language", language)) }
            query += phrases.map { ("keyterm", $0) }
            let pairs = query.map { "\($0)=\(Self.escaped($1))" }.joined(separator: "&")
            return url + (url.contains("?") ? "&" : "?") + pairs
        }

        private static func escaped(_ text: String) -> String {
            var plain = CharacterSet.alphanumerics
            plain.insert(charactersIn: "-._~")
            return text.addingPercentEncoding(withAllowedCharacters: plain) ?? ""
        }
    }

    let sampleRateHz = 8_000
    static let finishMilliseconds = 3_000

    private let options: Options
    private let loop: RecognizerLoop
    private var socket: RecognizerSocket
    private var encoder = MulawEncoder()
    private var lastSent: UInt64
    private var isClosing = false
    private var isDone = false
    /// Of the utterance under way: pieces that stay.
    private var pieces: [RecognitionResult] = []
    private var lastPartial = ""
    private var results: [RecognitionResult] = []

    init(_ options: Options, on loop: RecognizerLoop) throws(RecognitionError) {
        (self.options, self.loop) = (options, loop)
        socket = try Self.connect(options, loop)
        lastSent = media_bridge_monotonic_nanoseconds()
    }

    deinit { socket.close() }

    private static func connect(
        _ options: Options, _ loop: RecognizerLoop
    ) throws(RecognitionError) -> RecognizerSocket {
        try RecognizerSocket(
            options.address, headers: [("Authorization", "Token \(options.apiKey)")],
            authorities: options.authorities, on: loop)
    }

    func hear(_ audio: Span<Int16>) throws(RecognitionError) {
        guard !audio.isEmpty else { return }
        var bytes = [UInt8](repeating: 0xFF, count: audio.count)
        var room = bytes.mutableSpan
        _ = encoder.process(audio, into: &room)
        try socket.send(bytes)
        lastSent = media_bridge_monotonic_nanoseconds()
    }

    func speechBegan(atMilliseconds: Int) {}
    func speechEnded(atMilliseconds: Int) {}

    func nextResult() throws(RecognitionError) -> RecognitionResult? {
        while results.isEmpty {
            guard !isDone, let text = try socket.next() else {
                try keepAlive()
                return nil
            }
            try take(text)
        }
        return results.removeFirst()
    }

    /// The line is silent in a way that brings no sound at all: the server is told that somebody is there.
    private func keepAlive() throws(RecognitionError) {
        let now = media_bridge_monotonic_nanoseconds()
        guard !isClosing, now &- lastSent > UInt64(options.keepAliveMilliseconds) * 1_000_000 else { return }
        try socket.send(#"{"type":"KeepAlive"}"#)
        lastSent = now
    }

    func finish() throws(RecognitionError) {
        isClosing = true
        try socket.send(#"{"type":"CloseStream"}"#)
        let deadline = media_bridge_monotonic_nanoseconds() + UInt64(Self.finishMilliseconds) * 1_000_000
        while !isDone {
            if let text = try socket.next() {
                try take(text)
                continue
            }
            guard media_bridge_monotonic_nanoseconds() < deadline else {
                throw RecognitionError(.engine, "no last words in \(Self.finishMilliseconds) ms")
            }
            socket.wait(milliseconds: 20)
        }
        endUtterance()
        socket.close()
    }

    func reset() throws(RecognitionError) {
        socket.close()
        socket = try Self.connect(options, loop)
        (isClosing, isDone, lastPartial) = (false, false, "")
        pieces.removeAll()
        results.removeAll()
    }

    // MARK: Answers

    private struct Answer: Decodable {
        struct Channel: Decodable { var alternatives: [Alternative] }
        struct Alternative: Decodable {
            var transcript: String
            var confidence: Double?
            var words: [Word]?
        }
        struct Word: Decodable {
            var word: String
            var punctuated_word: String?
            var start: Double
            var end: Double
        }
        var type: String
        var start: Double?
        var duration: Double?
        var is_final: Bool?
        var speech_final: Bool?
        var from_finalize: Bool?
        var description: String?
        var code: String?

        /// Of `Results` alone: `channel` is a list of numbers in other messages.
        struct Spoken: Decodable { var channel: Channel }
    }

    private func take(_ text: [UInt8]) throws(RecognitionError) {
        let data = Data(text)
        guard let answer = try? JSONDecoder().decode(Answer.self, from: data) else {
            throw RecognitionError(.engine, "an answer that is no JSON object with a `type`")
        }
        switch answer.type {
        case "Results":
            guard let spoken = try? JSONDecoder().decode(Answer.Spoken.self, from: data),
                let best = spoken.channel.alternatives.first
            else { throw RecognitionError(.engine, "`Results` without an alternative") }
            try heard(best, answer)
        case "UtteranceEnd": endUtterance()
        case "Metadata": if isClosing { isDone = true }
        case "Error":
            throw RecognitionError(.engine, "it says \(answer.code ?? "Error"): \(answer.description ?? "")")
        // SpeechStarted, and what is yet to come.
        default: break
        }
    }

    private func heard(_ best: Answer.Alternative, _ answer: Answer) throws(RecognitionError) {
        guard let start = WireSeconds.milliseconds(answer.start ?? 0),
            let length = WireSeconds.milliseconds(answer.duration ?? 0)
        else { throw RecognitionError(.engine, "`Results` at a time that no call has") }
        let words = (best.words ?? []).compactMap(Self.word)
        let piece = RecognitionResult(
            transcript: Transcript(text: best.transcript, confidence: Float(best.confidence ?? 0), words: words),
            isFinal: answer.is_final == true, startMilliseconds: words.first?.startMilliseconds ?? start,
            endMilliseconds: words.last?.endMilliseconds ?? start + length)
        if piece.isFinal {
            if !best.transcript.isEmpty { pieces.append(piece) }
            if answer.speech_final == true || answer.from_finalize == true { endUtterance() }
        } else if !best.transcript.isEmpty {
            let guess = Self.joined(pieces + [piece], isFinal: false)
            if guess.transcript.text != lastPartial { results.append(guess) }
            lastPartial = guess.transcript.text
        }
    }

    private func endUtterance() {
        guard !pieces.isEmpty else { return }
        results.append(Self.joined(pieces, isFinal: true))
        pieces.removeAll()
        lastPartial = ""
    }

    /// Pieces of one utterance: as sure as the least sure of them.
    private static func joined(_ pieces: [RecognitionResult], isFinal: Bool) -> RecognitionResult {
        RecognitionResult(
            transcript: Transcript(
                text: pieces.map(\.transcript.text).joined(separator: " "),
                confidence: pieces.map(\.transcript.confidence).min() ?? 0,
                words: pieces.flatMap(\.transcript.words)),
            isFinal: isFinal, startMilliseconds: pieces.first?.startMilliseconds ?? 0,
            endMilliseconds: pieces.last?.endMilliseconds ?? 0)
    }

    private static func word(_ word: Answer.Word) -> Transcript.Word? {
        guard let start = WireSeconds.milliseconds(word.start), let end = WireSeconds.milliseconds(word.end) else {
            return nil
        }
        return Transcript.Word(
            text: word.punctuated_word ?? word.word, startMilliseconds: start, endMilliseconds: end)
    }
}
