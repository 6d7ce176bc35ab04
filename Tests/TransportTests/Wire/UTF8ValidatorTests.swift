import Testing

@testable import Transport

private func isValid(_ bytes: [UInt8], cut: Int = 0) -> Bool {
    var validator = UTF8Validator()
    let span = bytes.span
    return validator.append(span.extracting(0..<cut)) && validator.append(span.extracting(cut..<bytes.count))
        && validator.isComplete
}

@Suite struct `UTF-8 validator` {
    @Test func `agrees with the standard library on every scalar`() {
        for value in UInt32(0)...0x10FFFF {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let bytes = Array(UTF8.encode(scalar)!)
            if !isValid(bytes) || (bytes.count > 1 && isValid(bytes.dropLast())) { Issue.record("\(scalar.value)") }
        }
    }

    /// Every sequence of up to three bytes, and those of four that begin like one.
    @Test func `agrees with the standard library on short sequences`() {
        let interesting: [UInt8] = [
            0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE,
            0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xF8, 0xFF,
        ]
        for a in interesting {
            for b in interesting {
                for c in interesting {
                    for d in interesting {
                        let bytes = [a, b, c, d]
                        let expected = String(validating: bytes, as: UTF8.self) != nil
                        if isValid(bytes) != expected { Issue.record("\(bytes)") }
                    }
                }
            }
        }
    }

    @Test func `gives the same answer however text is cut, at every alignment of the fast path`() {
        let text = Array("0123456789abcdef0123456789abcdeאב🙂0123456789abcdefé0123456789abcdef".utf8)
        for shift in 0..<17 {
            let shifted = [UInt8](repeating: 0x61, count: shift) + text
            for cut in 0...shifted.count { #expect(isValid(shifted, cut: cut)) }
            for broken in shifted.indices {
                var copy = shifted
                copy[broken] = 0xFF
                #expect(!isValid(copy, cut: broken / 2))
            }
        }
    }
}
