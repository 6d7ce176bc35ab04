import SpeechToText
import Testing

@Suite struct `Scripted recognizer` {
    @Test func `gives its results in order, then unknown speech`() throws {
        let failure = RecognitionError(.engine, "on purpose")
        let recognizer = ScriptedRecognizer([.success(.init(text: "yes", confidence: 1)), .failure(failure)])
        let audio: [Int16] = [0, 1, 2]
        #expect(try recognizer.recognize(samples: audio).text == "yes")
        #expect(throws: failure) { try recognizer.recognize(samples: audio) }
        #expect(try recognizer.recognize(samples: audio) == .unknown)
        #expect(recognizer.utteranceSamples == [3, 3, 3])
    }
}
