/// The message kinds a peer sent that we do not know: each is worth one count and one line, however often it comes (S17).
public struct KindTally: Sendable, Equatable {
    /// Beyond this many different kinds a peer is making them up; they are no longer told apart.
    public static let capacity = 32

    /// In the order of their first appearance.
    public private(set) var kinds: [String] = []

    public init() {}

    /// True the first time a kind is seen. Off the frame path: allocates.
    public mutating func isNew(_ kind: String) -> Bool {
        guard kinds.count < Self.capacity, !kinds.contains(kind) else { return false }
        kinds.append(kind)
        return true
    }
}
