/// Something that a call's journal can hold.
///
/// The bytes of a value depend on the value alone, except that a name said again may be shortened (`JournalNames`). Each
/// enum with payloads numbers its cases in a `JournalKind` of its own and switches over them without a default, so that
/// a new case does not compile before it can be journalled. docs/decisions/0006 says when the format's version changes.
package protocol JournalCoded {
    func encode(into encoder: inout JournalEncoder)
    init(from decoder: inout JournalDecoder) throws(JournalDamage)
}

/// Puts values behind each other as bytes. Any thread, one at a time; allocates only when its buffer must grow.
package struct JournalEncoder: ~Copyable {
    package private(set) var bytes: [UInt8] = []
    private var names: JournalNames?

    /// - Parameter shortensNames: a name that was written lately takes one byte. Off, equal values have equal bytes.
    package init(shortensNames: Bool, capacity: Int = 0) {
        bytes.reserveCapacity(capacity)
        names = shortensNames ? JournalNames() : nil
    }

    /// Forgets the bytes, keeps memory and names.
    package mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    /// Gives a byte that was written another value.
    package mutating func replace(at index: Int, with byte: UInt8) { bytes[index] = byte }

    package mutating func byte(_ value: UInt8) { bytes.append(value) }

    package mutating func kind(_ kind: some RawRepresentable<UInt8>) { bytes.append(kind.rawValue) }

    /// Seven bits a byte, the lowest first.
    package mutating func unsigned(_ value: UInt64) {
        var rest = value
        while rest > 0x7F {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    /// Small of either sign is short: 0, -1, 1, -2, 2 ...
    package mutating func signed(_ value: Int64) {
        unsigned(UInt64(bitPattern: (value << 1) ^ (value >> 63)))
    }

    /// Nanoseconds between two moments, shorter when they are whole microseconds, as a call's are.
    package mutating func elapsed(_ nanoseconds: Int64) {
        signed(nanoseconds % 1_000 == 0 ? (nanoseconds / 1_000) << 1 : nanoseconds << 1 | 1)
    }

    package mutating func raw(_ span: borrowing Span<UInt8>) {
        for index in span.indices { bytes.append(span[index]) }
    }

    package mutating func text(_ value: String) {
        unsigned(UInt64(value.utf8.count))
        bytes.append(contentsOf: value.utf8)
    }

    package mutating func put(_ value: some JournalCoded) { value.encode(into: &self) }

    /// An identifier: the place of one that was named lately, or its length and bytes.
    package mutating func name(_ name: WireID?) {
        guard let name else { return byte(JournalNames.none) }
        if let place = names?.place(of: name) { return byte(place) }
        byte(JournalNames.spelled)
        byte(UInt8(name.count))
        for index in 0..<name.count { byte(name.byte(at: index)) }
        names?.remember(name)
    }
}

/// The identifiers that were named lately, alike at both ends.
struct JournalNames {
    static let capacity = 32
    static let spelled: UInt8 = 0xFF
    static let none: UInt8 = 0xFE

    private var slots: [WireID?]
    private var next = 0

    init() { slots = Array(repeating: nil, count: Self.capacity) }

    /// Newest first: what is said of one response comes together.
    func place(of name: WireID) -> UInt8? {
        var place = next
        for _ in 0..<Self.capacity {
            place = (place - 1) & (Self.capacity - 1)
            if slots[place] == name { return UInt8(place) }
        }
        return nil
    }

    mutating func remember(_ name: WireID) {
        slots[next] = name
        next = (next + 1) & (Self.capacity - 1)
    }

    subscript(place: UInt8) -> WireID? { Int(place) < Self.capacity ? slots[Int(place)] : nil }
}
