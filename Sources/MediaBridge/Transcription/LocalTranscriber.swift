import CallControl
import Conversation
import SpeechToText
import TurnStore

/// pocketsphinx as an engine of the offline pass: phrases where a tenant lists them, else free dictation.
final class LocalTranscriber: OfflineEngine, @unchecked Sendable {  // One worker's thread at a time, by its contract.
    let name = "local pocketsphinx"
    /// As the detector cuts utterances.
    let cutting = OfflineCutting(longest: 30_000, silence: 400)

    private var phrases: [String] = []
    private var recognizer: (any SpeechRecognizer)?

    func transcribe(
        _ samples: [Int16], hints: TranscriptionHints, phrases: [String], isStopping: @Sendable () -> Bool
    ) throws(OfflineFailure) -> OfflineText {
        if isStopping() { throw .stopped }
        guard hints.language == "en" else { throw .final("the local engine knows English alone") }
        do throws(RecognitionError) {
            let heard = try recognizer(for: phrases).recognize(samples.span)
            guard !heard.text.isEmpty else { return OfflineText(text: "") }
            return OfflineText(
                text: heard.text, language: "en", confidence: Double(heard.confidence),
                segments: [
                    OfflineSegment(
                        start: Int64(heard.words.first?.startMilliseconds ?? 0),
                        end: Int64(heard.words.last?.endMilliseconds ?? samples.count / 16), text: heard.text)
                ])
        } catch { throw .final("pocketsphinx: \(error.code.rawValue)") }
    }

    private func recognizer(for phrases: [String]) throws(RecognitionError) -> any SpeechRecognizer {
        if let recognizer, self.phrases == phrases { return recognizer }
        let made: any SpeechRecognizer =
            if phrases.isEmpty { try PocketsphinxDictation() } else { try PocketsphinxRecognizer(phrases: phrases) }
        (recognizer, self.phrases) = (made, phrases)
        return made
    }
}
