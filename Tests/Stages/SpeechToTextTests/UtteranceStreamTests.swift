import SpeechToText
import Testing

/// An engine of whole utterances, fed as streams are.
@Suite struct `Utterances out of a stream` {
    private static let second = [Int16](repeating: 1, count: 16_000)

    private func heard(_ stream: UtteranceStream, seconds: Int) throws {
        for _ in 0..<seconds * 10 { try stream.hear(Self.second.span.extracting(first: 1_600)) }
    }

    @Test func `an utterance is given with 300 ms on both sides, and its time is that of the stream`() throws {
        let engine = ScriptedRecognizer(texts: ["hello", "again"])
        let stream = UtteranceStream(engine)
        try heard(stream, seconds: 5)
        try stream.speechBegan(atMilliseconds: 4_800)
        try heard(stream, seconds: 2)
        try stream.speechEnded(atMilliseconds: 6_400)
        // 4,500 ... 6,700 ms.
        #expect(engine.utteranceSamples == [2_200 * 16])
        let result = try stream.nextResult()
        #expect(result?.transcript.text == "hello")
        #expect(result?.isFinal == true)
        #expect(result?.startMilliseconds == 4_800)
        #expect(result?.endMilliseconds == 6_700)
        #expect(try stream.nextResult() == nil)

        // What follows begins where the last one ended.
        try stream.speechBegan(atMilliseconds: 6_750)
        try heard(stream, seconds: 1)
        try stream.finish()
        #expect(engine.utteranceSamples.last == 1_300 * 16)
        #expect(try stream.nextResult()?.transcript.text == "again")
    }

    @Test func `speech without end is recognised in pieces of half a minute`() throws {
        let engine = ScriptedRecognizer(texts: ["one", "two"])
        let stream = UtteranceStream(engine)
        try heard(stream, seconds: 1)
        try stream.speechBegan(atMilliseconds: 1_000)
        try heard(stream, seconds: 61)
        #expect(engine.utteranceSamples.count == 2)
        #expect(engine.utteranceSamples.allSatisfy { $0 <= 30_000 * 16 })
    }

    @Test func `silence for an hour keeps two seconds`() throws {
        let engine = ScriptedRecognizer(texts: [])
        let stream = UtteranceStream(engine)
        try heard(stream, seconds: 600)
        try stream.speechBegan(atMilliseconds: 0)
        try stream.finish()
        #expect(engine.utteranceSamples.count == 1)
        #expect(engine.utteranceSamples[0] <= 2_400 * 16)
    }

    @Test func `after a reset times begin again`() throws {
        let stream = UtteranceStream(ScriptedRecognizer(texts: ["one", "two"]))
        try heard(stream, seconds: 3)
        try stream.speechBegan(atMilliseconds: 2_000)
        try stream.reset()
        try heard(stream, seconds: 1)
        try stream.speechBegan(atMilliseconds: 200)
        try stream.speechEnded(atMilliseconds: 400)
        #expect(try stream.nextResult()?.startMilliseconds == 200)
    }
}
