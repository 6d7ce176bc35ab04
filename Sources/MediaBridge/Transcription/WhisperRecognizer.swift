import AudioPipeline
import CallControl
import Configuration
import Conversation
import PlugIns
import SpeechToText

/// Whisper's HTTP interface as a recogniser of utterances in a call: each goes to the server when it has ended, and the
/// call's recogniser thread waits for its text.
final class WhisperRecognizer: SpeechRecognizer {
    let sampleRateHz = 16_000
    var cost: StageCost { .worker }
    /// Shorter sound is padded with silence: Whisper makes words up from less.
    static let leastSamples = 16_000

    private let engine: WhisperEngine
    private let hints: TranscriptionHints

    init(_ engine: WhisperEngine, hints: TranscriptionHints) { (self.engine, self.hints) = (engine, hints) }

    func recognize(_ utterance: Span<Int16>) throws(RecognitionError) -> Transcript {
        var samples: [Int16] = []
        samples.reserveCapacity(max(Self.leastSamples, utterance.count))
        for index in utterance.indices { samples.append(utterance[index]) }
        while samples.count < Self.leastSamples { samples.append(0) }
        do throws(OfflineFailure) {
            let heard = try engine.transcribe(samples, hints: hints, phrases: []) { false }
            // An engine that does not say how sure it is, is not sure at all.
            let confidence = Float(min(1, max(0, heard.confidence ?? 0)))
            return heard.text.isEmpty ? .unknown : Transcript(text: heard.text, confidence: confidence)
        } catch {
            throw RecognitionError(.engine, Self.words(error))
        }
    }

    private static func words(_ failure: OfflineFailure) -> String {
        switch failure {
        case .again(let why), .final(let why): why
        case .stopped: "stopped"
        }
    }

    static let entry = RecognizerEntry(
        name: "whisper", about: "any server of Whisper's HTTP interface, by utterance, 16 kHz",
        options: [
            StageOption("url", "http://HOST/v1/audio/transcriptions"), StageOption("model", "left out: whisper-1"),
            StageOption("apiKey", "as a field of the stage, `apiKey: ${NAME}`; left out: none is sent"),
            StageOption("language", "ISO 639-1; left out: en"),
            StageOption("phrases", "words that are likely, separated by `|`"),
            StageOption("timeoutSeconds", "for one utterance; left out: 10"),
        ]
    ) { options throws(StageFault) in
        var configuration = TranscriptionConfiguration()
        configuration.url = try options.require("url", "http://HOST/v1/audio/transcriptions")
        if let model = options.take("model") { configuration.model = model }
        configuration.apiKey = options.take("apiKey").map { Secret($0) }
        configuration.timeoutSeconds = try options.integer("timeoutSeconds", in: 1...60, default: 10)
        let phrases = (options.take("phrases") ?? "").split(separator: "|").map(String.init)
        let hints = TranscriptionHints(language: options.take("language") ?? "en", vocabulary: phrases)
        let isWeb = configuration.url.hasPrefix("http://") || configuration.url.hasPrefix("https://")
        guard isWeb, let engine = WhisperEngine(configuration, requests: OutgoingRequests()) else {
            throw StageFault(
                "option `url`: `\(configuration.url)` does not fit; an http:// or https:// address was expected")
        }
        return { () throws(RecognitionError) in UtteranceStream(WhisperRecognizer(engine, hints: hints)) }
    }
}

/// Stages that need more of the service than `PlugIns` knows.
public enum ServiceStages {
    /// Makes them known by their names; again: nothing.
    public static func register() { Stages.recognizers.add(WhisperRecognizer.entry) }
}
