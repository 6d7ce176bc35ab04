import Foundation
import Testing

@testable import RealtimeBridge

@Suite struct `JSON scanner` {
    /// The fault of the whole text, nil when it is one well-formed value.
    private func fault(_ text: String) -> JSONFault? {
        let text = bytes(text)
        var scanner = JSONScanner()
        _ = scanner.skip(text.span) && scanner.finish(text.span)
        return scanner.fault
    }

    @Test(arguments: [
        "{}", "[]", "0", "-0", "-1.5e+10", "1E5", "true", "false", "null", #""""#, #"{"a":[1,{"b":null},[]],"c":"d"}"#,
        " \t\r\n[ 1 , 2 ] \n", #""\"\\\/\b\f\n\r\tא""#, #"{"":{"":[]}}"#, "\"\u{7F}\u{80}😀\"",
    ])
    func `takes what RFC 8259 allows`(text: String) { #expect(fault(text) == nil) }

    @Test func `digits are read up to the first byte that is none, wherever the text ends`() {
        for count in 0...20 {
            let number = String("98765432109876543210".prefix(count))
            for rest in [
                "", "\"", ",", "/", ":1,2:3,4", "\0", "a234567", "\u{FF}\u{FF}\u{FF}\u{FF}", "\",\"timestamp\":1",
            ] {
                let text = bytes("-" + number + rest)
                let found = JSONScanner.digits(text.span, from: 1)
                #expect(found?.end == ((1...18).contains(count) ? 1 + count : nil), "\(number)\(rest)")
                #expect(found?.number == ((1...18).contains(count) ? Int64(number) : nil), "\(number)\(rest)")
            }
        }
    }

    @Test func `a string is read to its quote, wherever the text ends`() {
        for count in 0...20 {
            for rest in ["", "\"", "\"}", "\"}}}}}}}}}", "\n\"", "\\\"\"", "\0\""] {
                let text = bytes(#"""# + String(repeating: "x", count: count) + rest)
                var scanner = JSONScanner()
                let slice = scanner.scanString(text.span)
                switch rest.first {
                case "\"":
                    #expect(slice == JSONSlice(lower: 1, upper: 1 + count, isEscaped: false), "\(count) \(rest)")
                    #expect(scanner.position == 2 + count)
                case "\\": #expect(slice == JSONSlice(lower: 1, upper: 3 + count, isEscaped: true), "\(count) \(rest)")
                case nil: #expect(scanner.fault == .unexpectedEnd)
                default: #expect(scanner.fault == .controlCharacter)
                }
            }
        }
    }

    @Test(arguments: [
        ("", JSONFault.unexpectedEnd), ("{", .unexpectedEnd), (#"{"a""#, .unexpectedEnd), (#"{"a":"#, .unexpectedEnd),
        (#"{"a":1"#, .unexpectedEnd), ("[1", .unexpectedEnd), ("[1,", .unexpectedEnd), (#""a"#, .unexpectedEnd),
        (#""a\"#, .unexpectedEnd), (#""\u12"#, .unexpectedEnd), ("tru", .unexpectedEnd), ("-", .unexpectedEnd),
        ("1.", .unexpectedEnd), ("1e", .unexpectedEnd), ("{,}", .expectedKey), (#"{"a":1,}"#, .expectedKey),
        ("{1:2}", .expectedKey), ("{a:1}", .expectedKey), (#"{"a" 1}"#, .expectedColon),
        (#"{"a":1 "b":2}"#, .expectedComma),
        ("[1 2]", .expectedComma), ("[1,]", .expectedValue), ("[,1]", .expectedValue), ("{\"a\":}", .expectedValue),
        ("nul1", .expectedValue), ("+1", .expectedValue), ("'a'", .expectedValue), ("-a", .badNumber),
        ("1.a", .badNumber),
        ("1ea", .badNumber), ("01", .trailingBytes), ("1 2", .trailingBytes), ("{}}", .trailingBytes),
        (#""\x41""#, .badEscape), (#""\u12G4""#, .badEscape), ("\"a\nb\"", .controlCharacter),
        ("\"abcdefgh\u{0}\"", .controlCharacter), ("[1}", .expectedComma), ("{]", .expectedKey),
    ])
    func `names what is broken`(text: String, expected: JSONFault) { #expect(fault(text) == expected) }

    @Test func `refuses nesting beyond its depth and takes nesting up to it`() {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(fault(nested(JSONScanner.maximumDepth)) == nil)
        #expect(fault(nested(JSONScanner.maximumDepth + 1)) == .tooDeep)
        #expect(fault(String(repeating: "{\"a\":", count: 100_000)) == .tooDeep)
    }

    @Test func `agrees with another parser on 20,000 damaged texts`() {
        var generator = SeededGenerator(seed: 7)
        let sample = bytes(#"{"a":[1,-2.5e3,"xA\n","longer than eight"],"b":{"c":true,"d":null},"e":"\\"}"#)
        let alphabet = bytes(#"{}[]",:\/0123456789eE+-. truefalsn"#)
        for _ in 0..<20_000 {
            var text = sample
            for _ in 0..<Int.random(in: 1...2, using: &generator) {
                let position = Int.random(in: 0..<text.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: text[position] = alphabet.randomElement(using: &generator)!
                case 1: text.remove(at: position)
                default: text.insert(alphabet.randomElement(using: &generator)!, at: position)
                }
            }
            var scanner = JSONScanner()
            let ours = scanner.skip(text.span) && scanner.finish(text.span)
            let theirs = (try? JSONSerialization.jsonObject(with: Data(text), options: .fragmentsAllowed)) != nil
            guard ours != theirs else { continue }
            // Foundation takes a comma before the end, and refuses a number that no Double holds.
            let shown = String(decoding: text, as: UTF8.self)
            let packed = shown.filter { $0 != " " }
            let hasLateComma = packed.contains(",}") || packed.contains(",]")
            #expect(theirs ? hasLateComma : shown.contains("e"), "\(shown)")
        }
    }

    @Test(arguments: [
        (#"12"#, Int64(12)), (#""12""#, 12), ("-7", -7), (#""-7""#, -7), ("0", 0),
        ("999999999999999999", 999_999_999_999_999_999),
    ])
    func `reads whole numbers written either way`(text: String, expected: Int64) {
        let text = bytes(text)
        var scanner = JSONScanner()
        #expect(scanner.integer(text.span) == expected)
        #expect(scanner.fault == nil)
    }

    @Test(arguments: [#""""#, #""x""#, "1.5", "1e3", "true", "null", "[]", "{}", "1234567890123456789", #""1 ""#])
    func `passes over what is no whole number`(text: String) {
        let text = bytes(text)
        var scanner = JSONScanner()
        #expect(scanner.integer(text.span) == nil)
        #expect(scanner.fault == nil)
        #expect(scanner.position == text.count)
    }

    @Test(arguments: [
        (#"a\"b"#, "a\"b"), (#"\\\/\b\f\n\r\t"#, "\\/\u{8}\u{C}\n\r\t"), (#"\u05d0"#, "א"), (#"\uD83D\uDE00"#, "😀"),
        (#"\ud83d"#, "\u{FFFD}"), (#"\ude00x"#, "\u{FFFD}x"), (#"\ud83dA"#, "\u{FFFD}A"),
        (#"\ud83d\ud83d\ude00"#, "\u{FFFD}😀"),
        (#"שלום"#, "שלום"), ("", ""),
    ])
    func `undoes escapes`(escaped: String, expected: String) {
        let text = bytes("\"\(escaped)\"")
        var scanner = JSONScanner()
        let slice = scanner.string(text.span)
        #expect(slice?.string(in: text.span) == expected)
        #expect(slice?.unescapedCount(in: text.span) == expected.utf8.count)
    }

    @Test func `matches a name also when it is written with escapes`() {
        for (written, matches) in [
            ("event", true), (#"\u0065vent"#, true), (#"even\u0074"#, true), ("evenx", false), (#"\u0065ven"#, false),
            (#"\u0065ventx"#, false),
        ] {
            let text = bytes("\"\(written)\"")
            var scanner = JSONScanner()
            #expect(scanner.string(text.span)?.matches("event", in: text.span) == matches, "\(written)")
        }
    }

    @Test func `an identifier of 63 bytes fits and one of 64 does not, escaped or not`() {
        for prefix in ["x", #"\u0078"#] {
            for (count, fits) in [(63, true), (64, false)] {
                let text = bytes("\"\(prefix)\(String(repeating: "y", count: count - 1))\"")
                var scanner = JSONScanner()
                #expect((scanner.string(text.span)?.wireID(in: text.span) != nil) == fits)
            }
        }
    }

    @Test func `writes any Unicode so that another parser reads it back`() throws {
        let texts = [
            "", "a\"b\\c/d", "שלום עולם", "😀👩‍👩‍👧", "\u{0}\u{1}\u{1F}\u{7F}", "\u{2028}\u{2029}", "\r\n\t\u{8}\u{C}",
            "e\u{301}\u{10FFFF}",
        ]
        for text in texts {
            var json: [UInt8] = []
            json.appendJSONString(text)
            let read = try JSONSerialization.jsonObject(with: Data(json), options: .fragmentsAllowed) as? String
            #expect(read.map { Array($0.unicodeScalars) } == Array(text.unicodeScalars))
            var scanner = JSONScanner()
            #expect(scanner.string(json.span)?.string(in: json.span) == text)
            #expect(!json.contains { $0 < 0x20 })
        }
    }
}
