import Testing

@testable import LocalAgent

@Suite struct `Phrase script` {
    @Test func `reads what a person wrote`() throws {
        let script = try PhraseScript(
            text: """
                # A comment: not read.
                greeting: Good day: how are you?

                hear: goodbye | see you later
                say: Goodbye.
                tool: end_call {"reason": "done"}
                then: Gone.
                hear: what time is it
                say: It is late.
                """, file: "my.script")
        #expect(script.greeting == "Good day: how are you?")
        #expect(script.otherwise == DefaultScript.script.otherwise)
        #expect(script.phrases == ["goodbye", "see you later", "what time is it"])
        #expect(script.entries[0].tool == .init(name: "end_call", arguments: #"{"reason": "done"}"#))
        #expect(script.entries[0].then == "Gone.")
        #expect(script.entry(hearing: "See you, later!")?.say == "Goodbye.")
        #expect(script.entry(hearing: "") == nil && script.entry(hearing: "see you") == nil)
    }

    @Test(arguments: [
        ("", 1, "no hear:"), ("hear: x", 1, "no say:"), ("say: x", 1, "below a hear:"),
        ("hear: a\nsay: b\nsay: c", 3, "twice"), ("hear: a\nsay: b\nanswer: c", 3, "no such field"),
        ("hear: a\nsay:", 2, "nothing follows"), ("hear: a\nsay: b\njust words", 3, "a colon"),
        ("hear: a\nsay: b\ntool: end_call nonsense", 1, "a JSON object"), ("greeting: a\ngreeting: b", 2, "second"),
        ("hear: |\nsay: b", 1, "no phrase"),
    ])
    func `names file, line and what is wrong`(text: String, line: Int, says: String) {
        let error = #expect(throws: PhraseScriptError.self) { try PhraseScript(text: text, file: "f") }
        #expect(error?.file == "f" && error?.line == line)
        #expect(error?.message.contains(says) == true, "\(error?.message ?? "")")
    }

    @Test func `the default one has a long answer, a goodbye and words for its recordings`() {
        let script = DefaultScript.script
        for (_, words) in DefaultScript.recordings { #expect(script.entry(hearing: words) != nil, "\(words)") }
        #expect(script.entry(hearing: "goodbye")?.tool?.name == "end_call")
        let names = DefaultScript.recordings.map(\.name)
        #expect(DefaultScript.conversation.allSatisfy(names.contains))
    }
}

@Suite struct `Sentence splitter` {
    @Test func `cuts at the ends of sentences, however the text arrives`() {
        let text = "Hello there! It costs 3.50 today. Is that fine?\nYes\nGood"
        let expected = ["Hello there!", "It costs 3.50 today.", "Is that fine?", "Yes", "Good"]
        for size in [1, 2, 7, 100] {
            var splitter = SentenceSplitter()
            var found: [String] = []
            var rest = Substring(text)
            while !rest.isEmpty {
                found += splitter.add(String(rest.prefix(size)))
                rest = rest.dropFirst(size)
            }
            #expect(found + splitter.finish() == expected)
        }
    }

    @Test func `does not wait for ever for an end`() {
        var splitter = SentenceSplitter()
        let words = splitter.add(String(repeating: "word ", count: 100)) + splitter.finish()
        #expect(words.count >= 2 && words.allSatisfy { $0.count <= 245 })
        let solid = splitter.add(String(repeating: "x", count: 1_000)) + splitter.finish()
        #expect(solid.joined().count == 1_000 && solid.allSatisfy { $0.count <= 500 })
    }
}
