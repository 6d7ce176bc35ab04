import Testing

import SpeechToText

@Suite struct `Pocketsphinx recognizer` {
    static let phrases = [
        "hello world", "weasels have eaten our phone system", "one moment please", "information about your last call",
        "please try again", "something is terribly wrong", "goodbye", "hello", "I'm sorry",
    ]
    /// What each recording says, by ear and by name.
    static let inScript = [
        ("hello-world", "hello world"), ("tt-weasels", "weasels have eaten our phone system"),
        ("one-moment-please", "one moment please"), ("info-about-last-call", "information about your last call"),
        ("please-try-again", "please try again"), ("something-terribly-wrong", "something is terribly wrong"),
        ("tt-somethingwrong", "something is terribly wrong"), ("vm-goodbye", "goodbye"), ("goodbye", "goodbye"),
        ("hello", "hello"), ("im-sorry", "i'm sorry"),
    ]
    /// Other sentences of the same voice, some close: "sorry", "no", "thank you", a sentence that begins with a phrase.
    static let outOfScript = [
        "activated", "at-tone-time-exactly", "call-forwarding", "call-waiting", "demo-thanks", "do-not-disturb",
        "feature-not-avail-line", "hours", "location", "number-not-answering", "sorry", "telephone-number",
        "tt-monkeysintro", "vm-no", "vm-nobodyavail", "vm-sorry", "privacy-thankyou", "digits/5", "digits/today",
        "phonetic/a_p", "check-number-dial-again", "conf-onlyperson",
    ]

    /// 11 of 11 and 22 of 22 when this was written; the bar leaves room for another build of the engine, not for a
    /// broken way out.
    @Test func `knows every phrase of its list and forces none on other speech`() throws {
        let recognizer = try PocketsphinxRecognizer(phrases: Self.phrases)
        var missed: [String] = []
        for (name, words) in Self.inScript {
            let heard = try recognizer.recognize(samples: Prompt.samples16k(name))
            if heard.text != words { missed.append("\(name): \"\(heard.text)\"") }
        }
        #expect(missed == [], "of \(Self.inScript.count) prompts in the script")
        var forced: [String] = []
        for name in Self.outOfScript {
            let heard = try recognizer.recognize(samples: Prompt.samples16k(name))
            if heard != .unknown { forced.append("\(name): \"\(heard.text)\" \(heard.confidence)") }
        }
        #expect(forced == [], "of \(Self.outOfScript.count) prompts that are in no phrase")
    }

    @Test func `gives an utterance the same transcript whatever came before it`() throws {
        let recognizer = try PocketsphinxRecognizer(phrases: Self.phrases)
        let samples = try Prompt.samples16k("one-moment-please")
        let first = try recognizer.recognize(samples: samples)
        _ = try recognizer.recognize(samples: Prompt.samples16k("tt-weasels"))
        let again = try recognizer.recognize(samples: samples)
        #expect(first == again)
        #expect(first.words.map(\.text) == ["one", "moment", "please"])
        let length = samples.count / 16
        #expect(
            first.words.allSatisfy { $0.startMilliseconds < $0.endMilliseconds && $0.endMilliseconds <= length + 10 })
    }

    @Test func `hears nothing in silence, in a click and in noise`() throws {
        let recognizer = try PocketsphinxRecognizer(phrases: Self.phrases)
        var generator = SystemNoise(state: 7)
        let sounds: [[Int16]] = [
            [], [Int16](repeating: 0, count: 16_000), [Int16](repeating: 20_000, count: 800),
            (0..<24_000).map { _ in generator.next() },
        ]
        for sound in sounds {
            let heard = try recognizer.recognize(samples: sound)
            #expect(heard == .unknown)
        }
    }

    @Test func `several threads load, hear and let go at once`() async throws {
        let samples = try Prompt.samples16k("vm-goodbye")
        let texts = try await withThrowingTaskGroup(of: String.self) { group in
            for thread in 0..<4 {
                group.addTask {
                    var text = ""
                    for round in 0..<3 {
                        if (thread + round).isMultiple(of: 3) {
                            _ = try? PocketsphinxRecognizer(phrases: ["call mister zzyzxqua now"])
                        }
                        text += try PocketsphinxRecognizer(phrases: Self.phrases).recognize(samples: samples).text + " "
                    }
                    return text
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(texts == Array(repeating: "goodbye goodbye goodbye ", count: 4))
    }

    @Test func `names the word that the dictionary lacks`() {
        let error = #expect(throws: RecognitionError.self) {
            try PocketsphinxRecognizer(phrases: ["hello", "call mister zzyzxqua now"])
        }
        #expect(error?.code == .unknownWord)
        #expect(error?.message.contains("\"zzyzxqua\"") == true)
        #expect(error?.message.contains("call mister zzyzxqua now") == true)
    }

    @Test func `names the file of a model that is not there`() {
        let error = #expect(throws: RecognitionError.self) {
            try PocketsphinxRecognizer(phrases: ["hello"], model: .init(directory: "/nowhere"))
        }
        #expect(error?.code == .modelMissing)
        #expect(error?.message.contains("/nowhere/en-us/mdef") == true)
    }

    @Test func `refuses more than a minute at once`() throws {
        let recognizer = try PocketsphinxRecognizer(phrases: ["hello"])
        let long = [Int16](repeating: 0, count: 60 * 16_000 + 1)
        let error = #expect(throws: RecognitionError.self) { try recognizer.recognize(samples: long) }
        #expect(error?.code == .utteranceTooLong)
    }
}

/// White noise at about -20 dB, always the same.
struct SystemNoise {
    var state: UInt32
    mutating func next() -> Int16 {
        state = state &* 1_664_525 &+ 1_013_904_223
        return Int16(truncatingIfNeeded: Int32(bitPattern: state) >> 16) / 6
    }
}
