import Testing

@testable import LocalAgent

@Suite struct `JSON reader` {
    @Test(arguments: [
        (#"{"a":[1,-2.5e3,true,false,null,"x"],"b":{}}"#, #"{"a":[1,-2500,true,false,null,"x"],"b":{}}"#),
        (#" "\u00e9\ud83d\ude00\n\/\u0001" "#, "\"\u{E9}\u{1F600}\\n/\\u0001\""),
        (#""\ud800x""#, "\"\u{FFFD}x\""),
        (#"{"type":"t","a":1,"event_id":"e"}"#, #"{"type":"t","event_id":"e","a":1}"#),
        ("0.5", "0.5"), ("[]", "[]"), ("\"\u{5E9}\"", "\"\u{5E9}\""),
    ])
    func `reads and writes`(text: String, written: String) throws {
        let value = try JSONReader.read(Array(text.utf8))
        #expect(value.text == written)
        #expect(try JSONReader.read(Array(written.utf8)) == value)
    }

    @Test(arguments: [
        "", " ", "{", "[", "[1,]", "{\"a\"}", "{\"a\":}", "{a:1}", "01", "1.", ".5", "1e", "+1", "-", "tru", "\"",
        "\"\\x\"",
        "\"\\u12\"", "\"\t\"", "1 2", "[1}", "nul", "NaN", "1e999", "{\"a\":1,}", "\u{FEFF}1",
    ])
    func `refuses what is not JSON`(text: String) {
        #expect(throws: JSONReader.Fault.self) { try JSONReader.read(Array(text.utf8)) }
    }

    @Test func `does not run out of stack`() {
        let deep = String(repeating: "[", count: 100_000)
        #expect(throws: JSONReader.Fault.self) { try JSONReader.read(Array(deep.utf8)) }
    }

    @Test func `survives every cut and every changed byte of a message`() {
        let message = Array(#"{"type":"session.update","session":{"a":[1,2.5,"x\u00e9",null,true],"b":"\"q\""}}"#.utf8)
        for cut in 0..<message.count { _ = try? JSONReader.read(Array(message[..<cut])) }
        for index in message.indices {
            for byte in UInt8.min...UInt8.max {
                var changed = message
                changed[index] = byte
                _ = try? JSONReader.read(changed)
            }
        }
    }
}
