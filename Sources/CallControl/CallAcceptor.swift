public import Configuration
public import Conversation
import Foundation
public import Transport

/// Takes the calls whose media stream was let in. The composition root is one.
public protocol CallAcceptor: AnyObject, Sendable {
    /// Loop thread, before 101 is answered. Nil declines: the carrier gets 503.
    func accept(_ call: AcceptedCall, on loop: EventLoop) -> (handler: any WebSocketHandler, options: WebSocketOptions)?
    /// Any thread. The carrier's detection says who picked up `call`, of an account that signed it; its stream may not
    /// have come yet.
    func answered(call: String, by party: AnsweringParty)
    /// Any thread. A signed webhook announced this call, and its stream was offered a place.
    func announced(_ grant: StreamGrant)
    /// Any thread. What became of the errand that `call` had the carrier run; nothing when it has none.
    func errandFinished(call: String, _ outcome: ErrandOutcome)
}

extension CallAcceptor {
    public func announced(_ grant: StreamGrant) {}
}

/// A media stream with valid credentials.
public struct AcceptedCall: Sendable {
    public enum Identity: Sendable {
        /// Announced by a webhook. The stream's `start` must name the same call.
        case announced(StreamGrant)
        /// TwiML kept elsewhere: the upgrade was signed by the account of `candidates`, and `start` says the rest.
        case signed(candidates: [Tenant])
    }

    public let identity: Identity
    /// The same call's carrier tries again while an earlier stream of it may still be up: the new one takes over.
    public let isTakeover: Bool
    /// The call's place: whoever runs the call holds it until the call is over. Nil when it takes over.
    public let ticket: AdmissionTicket?
    public let remoteAddress: String

    /// Whose call it is, once the stream's `start` has come. For `.signed` the tenant is named by the parameter
    /// `tenant`, or is the only one of the account; then the ticket is counted as the tenant's.
    /// - Parameter parameters: the `customParameters` of `start`; `tenant`, `direction`, `from` and `to` are read.
    /// - Returns: nil when the stream is not what it was let in as, or the tenant has no place left.
    public func grant(
        call: String, account: String, parameters: [String: String] = [:]
    ) -> StreamGrant? {
        switch identity {
        case .announced(let grant):
            return grant.call == call && grant.tenant.accountSid == account ? grant : nil
        case .signed(let candidates):
            let ofAccount = candidates.filter { $0.accountSid == account }
            let named = parameters["tenant"].map { name in ofAccount.filter { $0.id == name } } ?? ofAccount
            guard named.count == 1, let tenant = named.first, !call.isEmpty else { return nil }
            do { try ticket?.assign(to: tenant.id) } catch { return nil }
            let direction = parameters["direction"].flatMap { CallDirection(rawValue: $0) } ?? .inbound
            return StreamGrant(
                call: call, tenant: tenant, direction: direction, from: parameters["from"] ?? "",
                to: parameters["to"] ?? "", isOutsideHours: direction == .inbound && tenant.isClosed(at: Date()))
        }
    }
}
