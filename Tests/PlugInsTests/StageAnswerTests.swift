import SpeechToText
import Testing
import VAD

@testable import PlugIns

/// Lines of programs and servers.
@Suite struct `Answers of plug-ins` {
    private static func quick(_ line: String) -> StageAnswer? { StageAnswer(quick: Array(line.utf8)[...]) }
    private static func general(_ line: String) -> StageAnswer? { StageAnswer(general: Array(line.utf8)[...]) }

    @Test(arguments: [
        #"{"call":7,"speech":true,"probability":0.93}"#, #"{ "probability" : 0.5 , "call" : 4294967295 }"#,
        #"{"speech":false,"call":0}"#, #"{"call":1,"probability":-1}"#, #"{"call":1,"probability":1.0}"#,
    ])
    func `usual lines are read without the general reader, and mean the same`(line: String) throws {
        let quick = try #require(Self.quick(line)), general = try #require(Self.general(line))
        #expect(quick.call == general.call && quick.speech == general.speech)
        let (left, right) = (quick.probability ?? 9, general.probability ?? 9)
        #expect(abs(left - right) < 1e-9)
        #expect(quick.activity?.isSpeech == general.activity?.isSpeech)
    }

    /// What the quick reader takes, the general one takes too: pieces of lines in any order, from a seed.
    @Test func `nothing is taken quickly that is no JSON`() {
        let pieces = [
            "{", "}", ",", ":", "\"call\"", "\"speech\"", "\"probability\"", "true", "false", "1", "0", "01", "-", ".5",
            "0.5",
            "1e3", " ", "\"", "7", "[", "null",
        ]
        var state: UInt64 = 7
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        var taken = 0
        for round in 0..<40_000 {
            var line = ""
            if round % 2 == 0 {
                for _ in 0..<next(14) { line += pieces[next(pieces.count)] }
            } else {
                // A right line with one piece changed.
                var right = [
                    "{", "\"call\"", ":", "7", ",", "\"speech\"", ":", "true", ",", "\"probability\"", ":", "0.5", "}",
                ]
                right[next(right.count)] = pieces[next(pieces.count)]
                line = right.joined()
            }
            guard Self.quick(line) != nil else { continue }
            taken += 1
            #expect(Self.general(line) != nil, "\(line)")
        }
        #expect(taken > 500)
    }

    @Test(arguments: [
        "", "[]", "speech", #"{"call":7"#, #"{"call":"7","speech":true}"#, #"{"call":-1,"speech":true}"#,
        #"{"call":7,"speech":1}"#, #"{"call":99999999999,"speech":true}"#, #"{"call":7,"probability":01}"#,
    ])
    func `what is no answer is none`(line: String) { #expect(StageAnswer(Array(line.utf8)[...]) == nil) }

    @Test func `a recogniser's line has words, times and a confidence`() throws {
        let line =
            #"{"call":7,"final":"good day","confidence":0.8,"words":[{"word":"good","start":120,"end":400},{"word":"day","start":400,"end":700}]}"#
        let result = try #require(StageAnswer(Array(line.utf8)[...])?.result)
        #expect(result.isFinal && result.transcript.text == "good day")
        #expect(result.startMilliseconds == 120 && result.endMilliseconds == 700)
        #expect(StageAnswer(Array(#"{"call":7,"partial":"go"}"#.utf8)[...])?.result?.isFinal == false)
    }

    @Test func `lines come whole however their bytes come, and one that never ends is cut`() {
        let text = "first\r\n\nsecond\nthird"
        for size in 1...text.utf8.count {
            var buffer = LineBuffer(limit: 64)
            var lines: [String] = []
            let bytes = Array(text.utf8)
            for start in stride(from: 0, to: bytes.count, by: size) {
                buffer.add(bytes[start..<min(bytes.count, start + size)])
                buffer.lines { lines.append(String(decoding: $0, as: UTF8.self)) }
            }
            #expect(lines == ["first", "second"])
        }
        var buffer = LineBuffer(limit: 64)
        var count = 0
        for _ in 0..<10 {
            buffer.add([UInt8](repeating: 0x61, count: 50)[...])
            buffer.lines { _ in count += 1 }
        }
        #expect(count == 5)
    }
}
