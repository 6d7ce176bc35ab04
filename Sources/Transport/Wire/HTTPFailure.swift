/// Why a request cannot be served: the status to answer with before closing, and a sentence.
public struct HTTPFailure: Error, Equatable, Sendable {
    public enum Kind: Int, Sendable {
        case badRequest = 400
        case bodyTooLarge = 413
        case headTooLarge = 431
        case notImplemented = 501
        case versionNotSupported = 505
    }
    public var kind: Kind
    public var reason: String
    public var status: Int { kind.rawValue }

    init(_ kind: Kind, _ reason: String) { (self.kind, self.reason) = (kind, reason) }
}
