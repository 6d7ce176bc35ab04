import Foundation
import SpeechToText
import TurnStore

extension ServiceCore {
    /// A recogniser's thread: what it made of an utterance. Guesses are nobody's yet.
    func recognized(
        _ heard: RecognitionResult, of party: RecognizedWords.Channel, in call: String, by recognizer: String
    ) {
        guard heard.isFinal else { return }
        let words = heard.transcript.words
        let record = RecognizedWords(
            call: call, channel: party, recognizer: recognizer, text: heard.transcript.text,
            confidence: heard.transcript.confidence > 0 ? Double(heard.transcript.confidence) : nil,
            startMilliseconds: Int64(heard.startMilliseconds), endMilliseconds: Int64(heard.endMilliseconds),
            words: words.isEmpty ? nil : Self.json(words), heardAtUnixMilliseconds: unixMilliseconds())
        store.appendDurably(.recognized(record)) { _ in }
    }

    private static func json(_ words: [Transcript.Word]) -> String? {
        struct Word: Encodable {
            var word: String
            var start: Int
            var end: Int
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let list = words.map { Word(word: $0.text, start: $0.startMilliseconds, end: $0.endMilliseconds) }
        return (try? encoder.encode(list)).map { String(decoding: $0, as: UTF8.self) }
    }
}
