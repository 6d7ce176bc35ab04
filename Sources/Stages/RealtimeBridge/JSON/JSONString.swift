extension [UInt8] {
    /// Appends `text` as a JSON string, quotes included. Everything a reader could stumble over is escaped: quote,
    /// backslash, control characters, DEL, and the two line ends of JavaScript, U+2028 and U+2029.
    mutating func appendJSONString(_ text: String) {
        append(UInt8(ascii: "\""))
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": self += [UInt8(ascii: "\\"), UInt8(ascii: "\"")]
            case "\\": self += [UInt8(ascii: "\\"), UInt8(ascii: "\\")]
            case "\n": self += [UInt8(ascii: "\\"), UInt8(ascii: "n")]
            case "\r": self += [UInt8(ascii: "\\"), UInt8(ascii: "r")]
            case "\t": self += [UInt8(ascii: "\\"), UInt8(ascii: "t")]
            case "\u{0}"..<" ", "\u{7F}", "\u{2028}", "\u{2029}":
                let digits = String(scalar.value, radix: 16)
                self += Array(("\\u" + String(repeating: "0", count: 4 - digits.count) + digits).utf8)
            default: self += Array(String(Character(scalar)).utf8)
            }
        }
        append(UInt8(ascii: "\""))
    }
}
