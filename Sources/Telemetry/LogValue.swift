/// What may stand behind a key of a log line: identifiers, names of the configuration, quantities, causes, and what a
/// library said of a failure. No text becomes one by itself, so that a caller's words, a telephone number or a key
/// cannot be handed to a log by mistake (S72); `Redaction` is the net below.
public struct LogValue: Sendable, Equatable, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral {
    let text: String

    private init(text: String) { self.text = text }
    public init(integerLiteral value: Int) { self = .quantity(value) }
    public init(booleanLiteral value: Bool) { self = .flag(value) }

    /// The other side's name of a call, stream, session or job, or a hash: up to 128 ASCII letters, digits, `-`, `_`, `.`
    /// and at least one letter among them. Anything else, such as a telephone number, is not written.
    public static func id(_ identifier: String) -> LogValue {
        let bytes = identifier.utf8
        let isOne =
            bytes.count <= 128 && bytes.contains(where: isLetter)
            && bytes.allSatisfy { isLetter($0) || $0 >= 0x30 && $0 <= 0x39 || "-_.".utf8.contains($0) }
        return LogValue(text: isOne ? identifier : "[not an identifier]")
    }

    /// What the operator wrote in the configuration: a tenant's id, a field, an address without its query.
    public static func name(_ name: String) -> LogValue { LogValue(text: name) }

    public static func names(_ names: [String]) -> LogValue { LogValue(text: names.joined(separator: ",")) }

    public static func quantity(_ value: some BinaryInteger) -> LogValue { LogValue(text: "\(value)") }

    public static func flag(_ value: Bool) -> LogValue { LogValue(text: "\(value)") }

    /// A case of an enum, by its raw value.
    public static func cause(_ cause: some RawRepresentable<String>) -> LogValue { LogValue(text: cause.rawValue) }

    /// A text that stands in the source.
    public static func fixed(_ text: StaticString) -> LogValue { LogValue(text: "\(text)") }

    /// What a library or another process said of a failure: redacted here already.
    public static func failure(_ error: any Error) -> LogValue { .failure(saying: "\(error)") }

    public static func failure(saying text: String) -> LogValue { LogValue(text: Redaction.redact(text)) }

    private static func isLetter(_ byte: UInt8) -> Bool { byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A }
}
