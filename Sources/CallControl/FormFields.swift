/// A body of `application/x-www-form-urlencoded`, decoded strictly: order and repetitions are kept, whitespace too.
/// Source: WHATWG URL standard, section 5; what it would repair is refused here.
public struct FormFields: Sendable, Equatable {
    public struct Field: Sendable, Equatable {
        public var name: String
        public var value: String
        public init(_ name: String, _ value: String) { (self.name, self.value) = (name, value) }
    }

    /// More than a carrier ever sends.
    public static let maximumCount = 512

    public private(set) var fields: [Field]

    public init(_ fields: [Field] = []) { self.fields = fields }

    /// - Returns: nil for an escape that is not two hexadecimal digits, a byte that had to be escaped, text that is not
    ///   UTF-8, a field without a name, or more than `maximumCount` fields.
    public init?(body: [UInt8]) {
        fields = []
        guard !body.isEmpty else { return }
        for pair in body.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false) {
            let halves = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard let first = halves.first, let name = Self.decode(first), !name.isEmpty,
                let value = Self.decode(halves.count == 2 ? halves[1] : []), fields.count < Self.maximumCount
            else { return nil }
            fields.append(Field(name, value))
        }
    }

    /// First value of that name.
    public subscript(name: String) -> String? { fields.first { $0.name == name }?.value }

    /// Carriers send absent values as empty ones.
    func nonEmpty(_ name: String) -> String? { self[name].flatMap { $0.isEmpty ? nil : $0 } }

    private static func decode(_ bytes: ArraySlice<UInt8>) -> String? {
        var decoded = [UInt8]()
        decoded.reserveCapacity(bytes.count)
        var rest = bytes
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"): decoded.append(0x20)
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst().flatMap(nibble), let low = rest.popFirst().flatMap(nibble) else {
                    return nil
                }
                decoded.append(high << 4 | low)
            case 0x21...0x7E: decoded.append(byte)
            default: return nil
            }
        }
        return String(validating: decoded, as: UTF8.self)
    }

    private static func nibble(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }
}
