import Foundation
import Testing

@testable import RealtimeBridge

@Suite struct `Base64 in place` {
    private func decode(_ text: String, room: Int = 4_096) -> [UInt8]? {
        let text = bytes(text)
        var output = [UInt8](repeating: 0xAA, count: room)
        var span = output.mutableSpan
        guard case .decoded(let run) = Base64.decode(text.span, from: 0, into: &span) else { return nil }
        #expect(run.end == text.count)
        return Array(output[0..<run.byteCount])
    }

    @Test func `gives the same as Foundation for every length up to 400, both ways`() {
        var generator = SeededGenerator(seed: 1)
        for length in 0...400 {
            let data = (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) }
            let expected = Data(data).base64EncodedString()
            var output = [UInt8](repeating: 0, count: Base64.encodedCount(length) + 7)
            var span = output.mutableSpan
            let end = Base64.encode(data.span, into: &span, at: 7)
            #expect(String(decoding: output[7..<end], as: UTF8.self) == expected)
            #expect(decode(expected) == data)
        }
    }

    @Test func `every character outside the alphabet is refused at every place`() {
        let good = bytes(Data((0..<48).map { UInt8(truncatingIfNeeded: $0 &* 37) }).base64EncodedString())
        let alphabet = Set(bytes("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"))
        for position in good.indices {
            for byte in UInt8.min...UInt8.max where byte != UInt8(ascii: "\"") {
                var text = good
                text[position] = byte
                var output = [UInt8](repeating: 0, count: 64)
                var span = output.mutableSpan
                let outcome = Base64.decode(text.span, from: 0, into: &span)
                let isDecoded = outcome != .failed(.notBase64)
                // One padding character at the very end is right; it then must leave no bits behind.
                if byte == UInt8(ascii: "="), position == good.count - 1 { continue }
                #expect(isDecoded == alphabet.contains(byte), "byte \(byte) at \(position)")
            }
        }
    }

    @Test(arguments: [
        "A", "AA", "AAA", "AAAAA", "A===", "=", "====", "AA=A", "A=AA", "AA==AAAA", "AAA=AAAA", "AA=", "AA===", "AB==",
        "AAB=",
        "AAAA====", "-_AA", "AA A", "AAAA\n",
    ])
    func `refuses what is not canonical`(text: String) { #expect(decode(text) == nil) }

    @Test(arguments: [("", 0), ("AAAA", 3), ("AAA=", 2), ("AA==", 1), ("////", 3)])
    func `takes whole and padded groups`(text: String, count: Int) { #expect(decode(text)?.count == count) }

    @Test func `a padded group before a quote is read or refused as one at the end of the text is`() {
        let alphabet = bytes("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=-\\ ")
        let front = bytes(String(repeating: "QUJD", count: 8))
        var taken = 0
        for third in alphabet {
            for second in alphabet {
                for first in [UInt8(ascii: "A"), UInt8(ascii: "/"), UInt8(ascii: "=")] {
                    let text = front + [first, second, third, UInt8(ascii: "=")]
                    let quoted = text + bytes("\"}")
                    var plain = [UInt8](repeating: 0, count: 64), other = [UInt8](repeating: 0, count: 64)
                    var plainSpan = plain.mutableSpan, otherSpan = other.mutableSpan
                    let outcome = Base64.decode(text.span, from: 0, into: &plainSpan)
                    #expect(Base64.decode(quoted.span, from: 0, into: &otherSpan) == outcome)
                    if case .decoded(let run) = outcome {
                        taken += 1
                        #expect(plain[..<run.byteCount] == other[..<run.byteCount])
                    }
                }
            }
        }
        // Two first characters; four that leave four bits empty behind them, and 64 times sixteen that leave two.
        #expect(taken == 2 * (4 + 64 * 16))
    }

    @Test func `stops at a quote, and says when the output is too small`() {
        let text = bytes(#"AAAABBBB","x"#)
        var output = [UInt8](repeating: 0, count: 6)
        var span = output.mutableSpan
        #expect(Base64.decode(text.span, from: 0, into: &span) == .decoded(.init(end: 8, byteCount: 6)))
        var small = [UInt8](repeating: 0, count: 5)
        var smallSpan = small.mutableSpan
        #expect(Base64.decode(text.span, from: 0, into: &smallSpan) == .failed(.tooLong))
    }

    @Test func `writes nothing behind what it says it wrote, when the output is exactly as large`() {
        for length in 1...100 {
            let data = [UInt8](repeating: 0x5A, count: length)
            let text = bytes(Data(data).base64EncodedString())
            var output = [UInt8](repeating: 0, count: length)
            var span = output.mutableSpan
            #expect(
                Base64.decode(text.span, from: 0, into: &span) == .decoded(.init(end: text.count, byteCount: length)))
            #expect(output == data)
        }
    }
}
