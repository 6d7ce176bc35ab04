import Testing

@testable import SpeechToText

@Suite struct `Phrase grammar` {
    @Test func `writes phrases as words, once each`() throws {
        let grammar = try PhraseGrammar(["Hello, world!", "I\u{2019}m sorry.", "hello  world"])
        #expect(grammar.phrases == ["hello world", "i'm sorry"])
        #expect(grammar.words == ["hello", "world", "i'm", "sorry"])
        #expect(
            grammar.jsgf(name: "g") == "#JSGF V1.0;\ngrammar g;\npublic <phrase> = hello world | i'm sorry;\n")
    }

    @Test(arguments: ["call 5", "a | b", "<s>", "{x}", "caf\u{E9}", "\u{5E9}\u{5DC}\u{5D5}\u{5DD}", "a\"b", "x*"])
    func `refuses what no dictionary word is made of, naming the phrase`(phrase: String) throws {
        let error = #expect(throws: RecognitionError.self) { try PhraseGrammar(["fine", phrase]) }
        #expect(error?.code == .badPhrase)
        #expect(error?.message.contains("phrase \"\(phrase)\"") == true)
    }

    @Test(arguments: [[], [""], ["ok", " ... "], [String(repeating: "word ", count: 41)]])
    func `refuses lists and phrases without or with too many words`(phrases: [String]) {
        let error = #expect(throws: RecognitionError.self) { try PhraseGrammar(phrases) }
        #expect(error?.code == .badPhrase)
    }
}
