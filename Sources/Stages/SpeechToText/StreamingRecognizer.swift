public import AudioPipeline

/// Turns a call's audio into words while it comes. A role: engines and plug-ins fill it alike; an engine that knows whole
/// utterances alone (`SpeechRecognizer`) fills it by `UtteranceStream`.
///
/// - Units: 16-bit linear samples at `sampleRateHz`, mono, any number at a time, without gaps: what was lost on the line
///   comes as silence. Times are milliseconds of that audio since `init` or `reset`, never of a clock.
/// - Threads: one at a time, never a shard's. Calls may wait; while they do, audio gathers in the call's ring (ten
///   seconds), and what does not fit is lost to the recogniser alone, in whole frames, and counted.
/// - Errors: thrown ones are final. The recogniser is let go, a new one is made after a pause that doubles up to half a
///   minute, and what was said meanwhile has no text from it.
public protocol StreamingRecognizer: AnyObject, SendableMetatype {
    /// 8,000, 16,000, 24,000 or 48,000. Constant.
    var sampleRateHz: Int { get }
    /// Where it may run: always a worker, inline is refused.
    var cost: StageCost { get }
    /// The next of the caller's audio.
    func hear(_ audio: Span<Int16>) throws(RecognitionError)
    /// The call's detector found speech that began at a time; its audio was given already. Engines that cut for themselves
    /// ignore boundaries.
    func speechBegan(atMilliseconds: Int) throws(RecognitionError)
    /// And that it ended. An engine that waits for this makes its final result now.
    func speechEnded(atMilliseconds: Int) throws(RecognitionError)
    /// The oldest result that has not been taken; nil: none. Does not wait.
    func nextResult() throws(RecognitionError) -> RecognitionResult?
    /// No more audio comes: what is known so far becomes final. Results are taken once more afterwards.
    func finish() throws(RecognitionError)
    /// Forgets all it has heard; times begin again at 0.
    func reset() throws(RecognitionError)
}

extension StreamingRecognizer {
    public var cost: StageCost { .worker }
}

/// Words, and whether they will change.
public struct RecognitionResult: Equatable, Sendable {
    /// Word times count from the start of the audio, as `startMilliseconds` does.
    public var transcript: Transcript
    /// False: a guess that the next result of the same utterance replaces as a whole.
    public var isFinal: Bool
    /// Of what was said.
    public var startMilliseconds: Int, endMilliseconds: Int

    public init(transcript: Transcript, isFinal: Bool, startMilliseconds: Int, endMilliseconds: Int) {
        (self.transcript, self.isFinal) = (transcript, isFinal)
        (self.startMilliseconds, self.endMilliseconds) = (startMilliseconds, endMilliseconds)
    }
}
