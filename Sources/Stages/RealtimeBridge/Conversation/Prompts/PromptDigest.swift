/// FNV-1a over length-prefixed texts, 64 bits. Tells prompts apart; protects nothing.
/// Source: Fowler, Noll, Vo; offset basis and prime of the 64-bit variant.
struct PromptDigest {
    private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

    /// Adds one text; its length goes first, so that moving words from one field to the next changes the digest.
    mutating func add(_ text: String) {
        add(count: text.utf8.count)
        for byte in text.utf8 { add(byte) }
    }

    /// Nil is not an empty text.
    mutating func add(optional text: String?) {
        add(count: text == nil ? 0 : 1)
        if let text { add(text) }
    }

    /// How many of something follow.
    mutating func add(count: Int) {
        var count = UInt64(count)
        for _ in 0..<8 {
            add(UInt8(truncatingIfNeeded: count))
            count >>= 8
        }
    }

    mutating func add(_ tools: [ToolDefinition]) {
        add(count: tools.count)
        for tool in tools {
            for text in [tool.name, tool.description, tool.parameters] { add(text) }
            add(optional: tool.filler)
        }
    }

    private mutating func add(_ byte: UInt8) { value = (value ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }

    /// 16 lower-case digits.
    var hexadecimal: String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
