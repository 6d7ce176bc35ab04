import Synchronization
import Testing

@testable import LocalAgent

@Suite struct `Flite voice` {
    @Test(arguments: [8_000, 16_000, 24_000])
    func `speaks at every rate, as long and as loud`(rate: Int) throws {
        let text = "Good morning. How may I help you today?"
        let own = try FliteVoice.render(text, sampleRateHz: 16_000)
        let samples = try FliteVoice.render(text, sampleRateHz: rate)
        #expect(samples.count == own.count * rate / 16_000)
        #expect((1.5...4).contains(Double(samples.count) / Double(rate)))
        func power(_ samples: [Int16]) -> Double {
            samples.reduce(0) { $0 + Double($1) * Double($1) } / Double(samples.count)
        }
        #expect((0.8...1.2).contains(power(samples) / power(own)))
    }

    @Test func `speaks faster and slower`() throws {
        let voice = FliteVoice()
        let text = "One two three four five."
        let fast = try voice.render(text, sampleRateHz: 16_000, speed: 1.5).count
        let slow = try voice.render(text, sampleRateHz: 16_000, speed: 0.5).count
        #expect(Double(slow) / Double(fast) > 2.5)
    }

    @Test(arguments: ["", "   ", "!?", "\u{5E9}\u{5DC}\u{5D5}\u{5DD}", "\u{1F600}"])
    func `says nothing where there is nothing it can say`(text: String) throws {
        #expect(try FliteVoice.render(text, sampleRateHz: 8_000) == [])
    }

    @Test func `refuses a text that would hold up the others`() {
        #expect(throws: SpeechVoiceError.self) {
            try FliteVoice.render(String(repeating: "word ", count: 1_000), sampleRateHz: 8_000)
        }
    }

    @Test func `renders a sentence once, and forgets the oldest when full`() throws {
        final class Counting: SpeechVoice {
            let texts = Mutex<[String]>([])
            func render(_ text: String, sampleRateHz: Int, speed: Double) throws(SpeechVoiceError) -> [Int16] {
                texts.withLock { $0.append(text) }
                return [Int16](repeating: 1, count: 400)
            }
        }
        let voice = Counting()
        let cache = SpeechCache(voice, maximumSamples: 1_000)
        for text in ["a", "a", "b", "a", "c", "a", "b"] { _ = try cache.render(text, sampleRateHz: 8_000, speed: 1) }
        #expect(voice.texts.withLock { $0 } == ["a", "b", "c", "a", "b"])
    }
}
