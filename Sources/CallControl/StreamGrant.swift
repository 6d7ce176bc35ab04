public import Configuration
public import Conversation

/// Whose call a media stream is: what the webhook that announced it said, and the tenant as it stood then.
public struct StreamGrant: Sendable, Equatable {
    /// The carrier's call id.
    public var call: String
    public var tenant: Tenant
    public var direction: CallDirection
    /// As the carrier named the parties; not always E.164. Never logged.
    public var from: String
    public var to: String
    /// An inbound call that came outside the tenant's business hours. Decided once: closing time changes no call that is up.
    public var isOutsideHours: Bool
    /// What the agent is told of this one person; empty for nothing. Never logged, never in a cached prompt.
    public var context = ""
    /// What happened to the call before this process heard of it.
    public var history = CallHistory()

    public init(
        call: String, tenant: Tenant, direction: CallDirection, from: String, to: String, isOutsideHours: Bool = false
    ) {
        (self.call, self.tenant, self.direction) = (call, tenant, direction)
        (self.from, self.to, self.isOutsideHours) = (from, to, isOutsideHours)
    }
}
