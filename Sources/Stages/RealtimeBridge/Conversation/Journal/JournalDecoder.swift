/// Why bytes are no journal, or none any more from here on.
package struct JournalDamage: Error, Equatable, CustomStringConvertible {
    /// Bytes before the damage.
    package var offset: Int
    package var what: String

    package init(offset: Int, what: String) { (self.offset, self.what) = (offset, what) }

    package var description: String { "\(what) (at byte \(offset))" }
}

/// Takes values out of bytes that may be cut, damaged or of another version: whatever they hold, it throws and never traps.
package struct JournalDecoder {
    package let bytes: [UInt8]
    package private(set) var position = 0
    private var names = JournalNames()

    package init(_ bytes: [UInt8]) { self.bytes = bytes }

    package var isAtEnd: Bool { position == bytes.count }

    package func damage(_ what: String) -> JournalDamage { JournalDamage(offset: position, what: what) }

    package mutating func byte() throws(JournalDamage) -> UInt8 {
        guard position < bytes.count else { throw damage("the bytes end within a value") }
        defer { position += 1 }
        return bytes[position]
    }

    package mutating func kind<Kind: RawRepresentable<UInt8>>(_ type: Kind.Type = Kind.self) throws(JournalDamage)
        -> Kind
    {
        let value = try byte()
        guard let kind = Kind(rawValue: value) else {
            position -= 1
            throw damage("\(Kind.self) \(value) is unknown here: damaged, or written by a newer version")
        }
        return kind
    }

    package mutating func unsigned() throws(JournalDamage) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), through: 63, by: 7) {
            let next = try byte()
            guard shift < 63 || next < 2 else { break }
            value |= UInt64(next & 0x7F) << shift
            if next < 0x80 { return value }
        }
        throw damage("a number of more than 64 bits")
    }

    package mutating func signed() throws(JournalDamage) -> Int64 {
        let value = try unsigned()
        return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }

    /// A whole number within `range`, which is what can be meant by it.
    package mutating func signed(in range: ClosedRange<Int64>, _ what: String) throws(JournalDamage) -> Int64 {
        let value = try signed()
        guard range.contains(value) else { throw damage("\(what): \(value)") }
        return value
    }

    /// Nanoseconds between two moments of a call: three years at most.
    package mutating func elapsed() throws(JournalDamage) -> Int64 {
        let value = try signed()
        let nanoseconds = (value >> 1).multipliedReportingOverflow(by: value & 1 == 1 ? 1 : 1_000)
        guard !nanoseconds.overflow, CallInstant.range.contains(nanoseconds.partialValue) else {
            throw damage("nanoseconds between two records: \(value)")
        }
        return nanoseconds.partialValue
    }

    package mutating func raw(_ count: Int) throws(JournalDamage) -> [UInt8] {
        guard count >= 0, count <= bytes.count - position else { throw damage("the bytes end within a value") }
        defer { position += count }
        return Array(bytes[position..<position + count])
    }

    package mutating func text() throws(JournalDamage) -> String {
        let count = try unsigned()
        guard let count = Int(exactly: count) else { throw damage("a text of \(count) bytes") }
        guard let text = String(validating: try raw(count), as: UTF8.self) else { throw damage("a text is not UTF-8") }
        return text
    }

    package mutating func value<Value: JournalCoded>(_ type: Value.Type = Value.self) throws(JournalDamage) -> Value {
        try Value(from: &self)
    }

    package mutating func optionalName() throws(JournalDamage) -> WireID? {
        let place = try byte()
        if place == JournalNames.none { return nil }
        if place != JournalNames.spelled {
            guard let name = names[place] else { throw damage("a name that was not given before") }
            return name
        }
        let spelled = try raw(Int(try byte()))
        guard let name = WireID(spelled.span) else { throw damage("no identifier") }
        names.remember(name)
        return name
    }

    package mutating func name() throws(JournalDamage) -> WireID {
        guard let name = try optionalName() else { throw damage("an identifier is missing") }
        return name
    }
}
