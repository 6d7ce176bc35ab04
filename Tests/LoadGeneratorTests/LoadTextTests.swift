import Testing

@testable import LoadGenerator

@Suite struct `Load text` {
    private func value(_ key: StaticString, _ text: String) -> String? {
        let bytes = Array(text.utf8)
        return unsafe bytes.withUnsafeBufferPointer { buffer in
            unsafe LoadText.value(after: key, in: buffer).map { String(decoding: bytes[$0], as: UTF8.self) }
        }
    }

    @Test(arguments: [
        (#"{"media":{"payload":"AAAA"}}"#, "AAAA"), (#"{"payload": "x","a":1}"#, "x"), (#"{"payload":""}"#, ""),
    ])
    func `a value stands between the quotes after its key`(text: String, expected: String) {
        #expect(value("\"payload\":", text) == expected)
    }

    @Test(arguments: [#"{"payload":7}"#, #"{"payload":"#, #"{"payload":"open"#, "{}"])
    func `what is no text, or not whole, is none`(text: String) { #expect(value("\"payload\":", text) == nil) }

    @Test func `an object ends at the brace that closes it, whatever its texts hold`() {
        let text = #"{"type":"session.update","session":{"a":{"b":"}\"{"},"c":[{}]},"more":1}"#
        let bytes = Array(text.utf8)
        let found = unsafe bytes.withUnsafeBufferPointer { unsafe LoadText.object(after: "\"session\":", in: $0) }
        #expect(found.map { String(decoding: bytes[$0], as: UTF8.self) } == #"{"a":{"b":"}\"{"},"c":[{}]}"#)
    }

    @Test(arguments: [0, 1, 2, 3, 159, 160, 161, 960])
    func `base64 says how many bytes it stands for, and each of them`(count: Int) {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 37 + 11) }
        let text = LoadSound.text(bytes)
        unsafe text.withUnsafeBufferPointer { text in
            let decoded = unsafe LoadText.decodedBytes(text)
            #expect(decoded == count)
            for index in 0..<count {
                let byte = unsafe LoadText.byte(index, of: text)
                #expect(byte == bytes[index])
            }
        }
    }

    @Test func `only the click is loud`() {
        let sound = LoadSound(deltaMilliseconds: 20)
        func isLoud(_ text: [UInt8]) -> [Bool] {
            unsafe text.withUnsafeBufferPointer { text in
                (0..<160).map { unsafe LoadSound.isLoud(LoadText.byte($0, of: text)) }
            }
        }
        #expect(isLoud(sound.click).firstIndex(of: true) == 0)
        #expect(isLoud(sound.click).count { $0 } == 32)
        #expect(!isLoud(sound.silence).contains(true))
        for frame in sound.noise { #expect(!isLoud(frame).contains(true)) }
        #expect(sound.speechMulaw.count == 100)
        #expect(sound.speechLinear[0].count == 1_280)
    }

    @Test func `an answer to the webhook is whole when its length has come`() {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 11\r\n\r\n"
        #expect(SignedForm.answer(Array((head + "<Response/").utf8)) == nil)
        let answer = SignedForm.answer(Array((head + "<Response/>").utf8))
        #expect(answer?.status == 200)
        #expect(answer.map { String(decoding: $0.body, as: UTF8.self) } == "<Response/>")
    }
}
