public import AudioPipeline

/// An engine of whole utterances as one of streams: keeps the audio of each utterance, from a little before it began, and
/// has it recognised when it ends. Its results are all final.
public final class UtteranceStream: StreamingRecognizer {
    public var sampleRateHz: Int { recognizer.sampleRateHz }
    public var cost: StageCost { recognizer.cost }

    /// Kept from before an utterance and after it, in milliseconds: engines want some silence around words.
    public static let paddingMilliseconds = 300
    /// A longer utterance is recognised in pieces of this.
    public static let longestMilliseconds = 30_000

    private let recognizer: any SpeechRecognizer
    /// The newest audio: of the utterance under way, else the padding that one would begin with.
    private var kept: [Int16] = []
    /// Where `kept` begins, and where the audio ends, in samples.
    private var start = 0
    private var end = 0
    /// Where the utterance under way began, in samples.
    private var began: Int?
    private var results: [RecognitionResult] = []

    public init(_ recognizer: any SpeechRecognizer) { self.recognizer = recognizer }

    public func hear(_ audio: Span<Int16>) throws(RecognitionError) {
        kept.reserveCapacity(kept.count + audio.count)
        for index in audio.indices { kept.append(audio[index]) }
        end += audio.count
        if began == nil {
            // Edges are told late: an onset lies up to a second back.
            let excess = kept.count - samples(Self.paddingMilliseconds + 1_000)
            if excess > samples(1_000) { drop(excess) }
        } else if kept.count >= samples(Self.longestMilliseconds) {
            try recognize(until: end)
            began = end
        }
    }

    public func speechBegan(atMilliseconds milliseconds: Int) throws(RecognitionError) {
        guard began == nil else { return }
        let place = min(end, max(start, samples(milliseconds)))
        began = place
        drop(max(0, place - samples(Self.paddingMilliseconds) - start))
    }

    public func speechEnded(atMilliseconds milliseconds: Int) throws(RecognitionError) {
        guard let began else { return }
        try recognize(until: min(end, max(began, samples(milliseconds + Self.paddingMilliseconds))))
        self.began = nil
    }

    public func nextResult() throws(RecognitionError) -> RecognitionResult? {
        results.isEmpty ? nil : results.removeFirst()
    }

    public func finish() throws(RecognitionError) {
        if began != nil { try recognize(until: end) }
        began = nil
    }

    public func reset() throws(RecognitionError) {
        kept.removeAll(keepingCapacity: true)
        results.removeAll()
        (start, end, began) = (0, 0, nil)
    }

    private func recognize(until last: Int) throws(RecognitionError) {
        let utterance = Array(kept.prefix(max(0, last - start)))
        let heard = try recognizer.recognize(utterance.span)
        let (from, place) = (start, began ?? start)
        drop(last - start)
        guard !heard.text.isEmpty else { return }
        var transcript = heard
        for index in transcript.words.indices {
            transcript.words[index].startMilliseconds += milliseconds(from)
            transcript.words[index].endMilliseconds += milliseconds(from)
        }
        results.append(
            RecognitionResult(
                transcript: transcript, isFinal: true, startMilliseconds: milliseconds(place),
                endMilliseconds: milliseconds(last)))
    }

    private func drop(_ count: Int) {
        kept.removeFirst(count)
        start += count
    }

    private func samples(_ milliseconds: Int) -> Int { milliseconds * sampleRateHz / 1_000 }
    private func milliseconds(_ samples: Int) -> Int { samples * 1_000 / sampleRateHz }
}
