/// Takes out of a text what no log may hold: telephone numbers, keys, tokens, passwords.
///
/// A number keeps its last two digits, so that two lines about one caller can be told to be. Call, stream and account
/// identifiers stay: without them a log is of no use.
public enum Redaction {
    /// Any text that is about to leave as a line.
    public static func redact(_ text: String) -> String {
        let bytes = Array(text.utf8)
        // Most lines hold neither six digits nor a credential, and go through untouched.
        guard mayHoldSomething(bytes) else { return text }
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            if let found = credential(in: bytes, at: index) ?? number(in: bytes, at: index) {
                output += Array(bytes[index..<index + found.kept]) + Array(found.instead.utf8)
                index += found.length
            } else {
                output.append(bytes[index])
                index += 1
            }
        }
        return String(decoding: output, as: UTF8.self)
    }

    /// A value logged under a key that gives away what it is. Words of a conversation become their length.
    public static func redact(_ value: String, forKey key: String) -> String {
        let key = key.lowercased()
        if secretKeys.contains(where: { key.hasSuffix($0) }) { return "[secret]" }
        if wordKeys.contains(key) { return "[\(value.count) characters]" }
        if numberKeys.contains(key), value.utf8.contains(where: isDigit) { return phone(Array(value.utf8)) }
        return redact(value)
    }

    private static let secretKeys: [String] = [
        "token", "secret", "password", "api_key", "apikey", "authorization", "signature", "credential", "credentials",
    ]
    private static let wordKeys: Set<String> = [
        "text", "transcript", "instructions", "prompt", "greeting", "utterance", "words", "said", "heard", "arguments",
        "output", "body",
    ]
    private static let numberKeys: Set<String> = ["from", "to", "caller", "callee", "number", "phone", "digits"]

    /// `length` bytes from here are replaced by the first `kept` of them and `instead`.
    private struct Finding {
        var length: Int
        var kept = 0
        var instead: String
    }

    private static func mayHoldSomething(_ bytes: [UInt8]) -> Bool {
        var digits = 0
        for byte in bytes {
            if isDigit(byte) { digits += 1 }
            // Every credential rule needs one of these.
            if byte == UInt8(ascii: "=") || byte == UInt8(ascii: "@") || byte == UInt8(ascii: "/") { return true }
        }
        return digits >= 6 || bytes.count >= 11
    }

    // MARK: Credentials

    private static let prefixes: [[UInt8]] = ["sk-", "ek_", "xoxb-", "ghp_"].map { Array($0.utf8) }
    private static let schemes: [[UInt8]] = ["bearer ", "basic "].map { Array($0.utf8) }
    private static let fields: [[UInt8]] = [
        "password=", "token=", "secret=", "key=", "signature=", "password:", "token:", "secret:", "api_key:",
        "authorization:",
    ].map { Array($0.utf8) }
    private static let paths: [[UInt8]] = ["/twilio/media/"].map { Array($0.utf8) }

    private static func credential(in bytes: [UInt8], at index: Int) -> Finding? {
        let startsWord = index == 0 || !isWord(bytes[index - 1])
        if startsWord {
            for prefix in prefixes where matches(prefix, bytes, index) {
                let end = endOfToken(bytes, from: index + prefix.count)
                if end - index - prefix.count >= 8 {
                    return Finding(length: end - index, kept: prefix.count, instead: "[secret]")
                }
            }
            for scheme in schemes where matches(scheme, bytes, index) {
                let end = endOfToken(bytes, from: index + scheme.count)
                if end - index - scheme.count >= 8 {
                    return Finding(length: end - index, kept: scheme.count, instead: "[secret]")
                }
            }
            // A Twilio auth token: 32 hexadecimal digits and no letters before them.
            let end = bytes[index...].firstIndex { !isWord($0) } ?? bytes.count
            if end - index == 32, bytes[index..<end].allSatisfy(isHexadecimal) {
                return Finding(length: 32, instead: "[secret]")
            }
        }
        for field in fields where matches(field, bytes, index) {
            var start = index + field.count
            while start < bytes.count, bytes[start] == UInt8(ascii: " ") { start += 1 }
            for scheme in schemes where matches(scheme, bytes, start) { start += scheme.count }
            let end = endOfToken(bytes, from: start)
            if end > start { return Finding(length: end - index, kept: start - index, instead: "[secret]") }
        }
        for path in paths where matches(path, bytes, index) {
            let end = endOfToken(bytes, from: index + path.count)
            if end > index + path.count { return Finding(length: end - index, kept: path.count, instead: "[secret]") }
        }
        // scheme://user:password@host
        if bytes[index] == UInt8(ascii: "/"), index > 1, bytes[index - 1] == UInt8(ascii: "/"),
            bytes[index - 2] == UInt8(ascii: ":")
        {
            let rest = bytes[(index + 1)...].prefix { $0 != UInt8(ascii: "/") && $0 > 0x20 && $0 != UInt8(ascii: "?") }
            if let at = rest.lastIndex(of: UInt8(ascii: "@")) {
                return Finding(length: at - index, kept: 1, instead: "[secret]")
            }
        }
        return nil
    }

    private static func matches(_ lowercase: [UInt8], _ bytes: [UInt8], _ index: Int) -> Bool {
        guard index + lowercase.count <= bytes.count else { return false }
        for offset in lowercase.indices {
            let byte = bytes[index + offset]
            let lower = byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte
            if lower != lowercase[offset] { return false }
        }
        return true
    }

    private static func endOfToken(_ bytes: [UInt8], from start: Int) -> Int {
        var end = start
        while end < bytes.count, bytes[end] > 0x20, !"\"',;&<>)]}".utf8.contains(bytes[end]) { end += 1 }
        return end
    }

    // MARK: Telephone numbers

    /// `+` and 7 to 15 digits, or 10 to 15 without it; spaces, hyphens and brackets between them.
    private static func number(in bytes: [UInt8], at index: Int) -> Finding? {
        var position = index
        let hasPlus: Bool
        if bytes[index] == UInt8(ascii: "+") {
            hasPlus = true
            position += 1
        } else if matches(Array("%2b".utf8), bytes, index) {
            hasPlus = true
            position += 3
        } else {
            guard isDigit(bytes[index]) || bytes[index] == UInt8(ascii: "(") else { return nil }
            // Not in the middle of a word, an address or a unique identifier.
            if index > 0, isWord(bytes[index - 1]) || "-.".utf8.contains(bytes[index - 1]) { return nil }
            hasPlus = false
        }
        var digits = 0
        var end = position
        var separators = 0
        while position < bytes.count {
            if isDigit(bytes[position]) {
                digits += 1
                separators = 0
                end = position + 1
            } else if "-() ".utf8.contains(bytes[position]), separators < 2 {
                separators += 1
            } else {
                break
            }
            position += 1
        }
        guard digits >= (hasPlus ? 7 : 10), digits <= 15 else { return nil }
        // A date and a time, or the front of something longer.
        if end < bytes.count, !hasPlus, isWord(bytes[end]) || bytes[end] == UInt8(ascii: ":") { return nil }
        return Finding(length: end - index, instead: phone(Array(bytes[index..<end])))
    }

    private static func phone(_ bytes: [UInt8]) -> String {
        let digits = bytes.filter(isDigit)
        return "[phone ..\(String(decoding: digits.suffix(2), as: UTF8.self))]"
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
    private static func isWord(_ byte: UInt8) -> Bool {
        isDigit(byte) || byte >= 0x41 && byte <= 0x5A || byte >= 0x61 && byte <= 0x7A || byte == UInt8(ascii: "_")
            || byte >= 0x80
    }
    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        isDigit(byte) || byte >= 0x61 && byte <= 0x66 || byte >= 0x41 && byte <= 0x46
    }
}
