/// Writes one JSON text. For messages that are sent a few times per turn: it allocates.
struct JSONWriter {
    private(set) var bytes: [UInt8] = []
    private var needsComma = false

    mutating func object(_ members: (inout JSONWriter) -> Void) { enclose("{", "}", members) }
    mutating func array(_ elements: (inout JSONWriter) -> Void) { enclose("[", "]", elements) }

    private mutating func enclose(
        _ opening: Unicode.Scalar, _ closing: Unicode.Scalar, _ body: (inout JSONWriter) -> Void
    ) {
        bytes.append(UInt8(ascii: opening))
        needsComma = false
        body(&self)
        bytes.append(UInt8(ascii: closing))
        needsComma = true
    }

    /// `value` writes exactly one value.
    mutating func member(_ key: String, _ value: (inout JSONWriter) -> Void) {
        comma()
        bytes.appendJSONString(key)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
        value(&self)
        needsComma = true
    }

    mutating func element(_ value: (inout JSONWriter) -> Void) {
        comma()
        value(&self)
        needsComma = true
    }

    mutating func member(_ key: String, _ text: String) { member(key) { $0.bytes.appendJSONString(text) } }
    mutating func member(_ key: String, number: Int64) { member(key) { $0.raw(String(number)) } }
    /// `null` when `number` is not finite.
    mutating func member(_ key: String, number: Double) {
        member(key) { $0.raw(number.isFinite ? "\(number)" : "null") }
    }
    /// `json` is JSON already.
    mutating func member(_ key: String, raw json: String) { member(key) { $0.raw(json) } }

    /// One string as a value.
    mutating func string(_ text: String) { bytes.appendJSONString(text) }

    /// One value that is JSON already.
    mutating func raw(_ json: String) { bytes += Array(json.utf8) }

    private mutating func comma() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
    }
}
