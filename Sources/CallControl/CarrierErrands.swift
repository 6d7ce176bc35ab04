import Configuration
public import Conversation

/// Has the carrier do what a conversation asks of it: transfers and keys, as TwiML over REST.
public struct CarrierErrands: Sendable {
    private let rest: CarrierREST
    private let tokens: StreamTokens
    private let origin: @Sendable () -> PublicOrigin

    /// - Parameter origin: how the carrier names this service.
    public init(rest: CarrierREST, tokens: StreamTokens, origin: @escaping @Sendable () -> PublicOrigin) {
        (self.rest, self.tokens, self.origin) = (rest, tokens, origin)
    }

    /// Any thread; returns at once. Completes once, on some thread: whether the carrier has begun.
    public func run(
        _ errand: CarrierErrand, of grant: StreamGrant,
        completion: @escaping @Sendable (Result<Void, CarrierRESTError>) -> Void
    ) {
        guard let twiML = twiML(of: errand, grant) else { return completion(.failure(.init(cause: .notPossible))) }
        rest.redirect(grant.call, of: grant.tenant, to: twiML, completion: completion)
    }

    /// The number is looked up in the call's own tenant (R13); nil when it has no such destination.
    func twiML(of errand: CarrierErrand, _ grant: StreamGrant) -> String? {
        switch errand {
        case .transfer(let name):
            let settings = grant.tenant.tools.transfer
            guard let destination = settings.destinations.first(where: { $0.name == name }) else { return nil }
            return TwiML.dial(
                destination.address, ringSeconds: settings.ringSeconds, callerID: settings.callerID,
                afterDial: "\(origin().http)/twilio/after-dial")
        case .sendDigits(let keys):
            guard Self.areKeys(keys), let stream = tokens.stream(of: grant.call, account: grant.tenant.accountSid)
            else { return nil }
            return TwiML.streamAgain(stream, afterKeys: keys, origin: origin())
        }
    }

    /// 1 to 32 of `0-9 * # w W`.
    public static func areKeys(_ text: String) -> Bool {
        (1...32).contains(text.utf8.count) && text.utf8.allSatisfy { "0123456789*#wW".utf8.contains($0) }
    }
}
