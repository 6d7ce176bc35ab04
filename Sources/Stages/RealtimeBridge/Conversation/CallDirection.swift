/// Who rang whom, from where we stand.
public enum CallDirection: String, Sendable, CaseIterable {
    /// The caller rang a number of ours.
    case inbound
    /// We rang them.
    case outbound
}
