/// What went wrong at set-up, in a sentence a person can act on.
public struct TransportError: Error, Equatable, CustomStringConvertible {
    public enum Code: String, Sendable {
        case badURL, badHeader, portInUse, cannotBind, certificate, library, limit
    }
    public var code: Code
    public var message: String
    public init(_ code: Code, _ message: String) { (self.code, self.message) = (code, message) }
    public var description: String { message }
}
