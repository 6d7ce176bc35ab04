import CallControl
import Conversation
import SpeechToText
import TurnStore

/// A recogniser that a configuration names, as an engine of the offline pass. One that fails is tried again: a program may
/// have been killed for its memory.
final class PluggedTranscriber: OfflineEngine, @unchecked Sendable {  // One worker's thread at a time, by its contract.
    typealias Maker = @Sendable () throws(RecognitionError) -> any SpeechRecognizer

    let name: String
    /// As the detector cuts utterances.
    let cutting = OfflineCutting(longest: 30_000, silence: 400)

    private let make: Maker
    private var recognizer: (any SpeechRecognizer)?

    init(_ name: String, _ make: @escaping Maker) { (self.name, self.make) = ("recognizer \(name)", make) }

    func transcribe(
        _ samples: [Int16], hints: TranscriptionHints, phrases: [String], isStopping: @Sendable () -> Bool
    ) throws(OfflineFailure) -> OfflineText {
        if isStopping() { throw .stopped }
        do throws(RecognitionError) {
            let engine: any SpeechRecognizer = if let recognizer { recognizer } else { try make() }
            recognizer = engine
            guard engine.sampleRateHz == 16_000 else {
                throw RecognitionError(.engine, "its rate is \(engine.sampleRateHz) Hz; 16000 was expected")
            }
            let heard = try engine.recognize(samples.span)
            guard !heard.text.isEmpty else { return OfflineText(text: "") }
            return OfflineText(
                text: heard.text, language: hints.language, confidence: Double(heard.confidence),
                segments: [
                    OfflineSegment(
                        start: Int64(heard.words.first?.startMilliseconds ?? 0),
                        end: Int64(heard.words.last?.endMilliseconds ?? samples.count / 16), text: heard.text)
                ])
        } catch {
            recognizer = nil
            // Words of a program may hold the caller's: they stay out.
            throw .again("\(name): \(error.code.rawValue)")
        }
    }
}
