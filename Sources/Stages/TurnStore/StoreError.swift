/// Why a database could not be opened or read, in a sentence a person can act on.
public struct StoreError: Error, Equatable, CustomStringConvertible {
    public enum Code: String, Sendable {
        case directoryMissing, notADatabase, foreignDatabase, newerDatabase, olderDatabase, cannotOpen, cannotRead,
            cannotWrite
    }
    public let code: Code
    public let message: String

    init(_ code: Code, _ message: String) { (self.code, self.message) = (code, message) }

    /// An erasure after which something is left.
    public static let notErased = StoreError(.cannotWrite, "not everything is gone: see what is still in which file")

    public var description: String { message }
}
