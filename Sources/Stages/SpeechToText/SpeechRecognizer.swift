public import AudioPipeline

/// Turns one utterance into words. A role: engines and plug-ins fill it alike.
///
/// A recognizer belongs to one thread at a time and is not shared; several at once means several recognizers.
public protocol SpeechRecognizer: AnyObject {
    /// Rate of the audio it wants; linear PCM, mono.
    var sampleRateHz: Int { get }
    /// Where it may run.
    var cost: StageCost { get }
    /// One whole utterance, as a voice activity detector cut it. An empty transcript says: speech, but no known words.
    func recognize(_ utterance: Span<Int16>) throws(RecognitionError) -> Transcript
}
