public import Configuration
import Dispatch
import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Why the carrier did not do it. Never holds a credential or a number.
public struct CarrierRESTError: Error, Equatable, Sendable, CustomStringConvertible {
    public enum Cause: String, Sendable, CaseIterable {
        /// No answer, after all tries.
        case unreachable, timedOut, busy
        /// It answered, and not with success.
        case refused
        /// The call is not up any more (Twilio 21220, or 404).
        case callOver
        /// The tenant has no auth token, or the call's id is none.
        case notPossible
    }
    public var cause: Cause
    /// HTTP status; 0 without an answer.
    public var status = 0
    /// Twilio's error code; 0 when it named none.
    public var code = 0

    public init(cause: Cause, status: Int = 0, code: Int = 0) {
        (self.cause, self.status, self.code) = (cause, status, code)
    }

    public var description: String {
        status == 0
            ? "carrier REST: \(cause.rawValue)" : "carrier REST: \(cause.rawValue), HTTP \(status), code \(code)"
    }
}

/// Twilio's REST interface for live calls: end, redirect, fetch (protocols: section 9).
///
/// The address comes from the configuration and nothing of a request can change its host: account and call are checked
/// before they go into the path. Throttled requests are repeated, failed ones only where doing a thing twice is doing it
/// once.
public final class CarrierREST: Sendable {
    /// What `fetch` says of a call.
    public struct CallState: Sendable, Equatable {
        /// `queued ringing in-progress completed busy failed no-answer canceled`.
        public var status: String
    }

    private let origin: String
    private let requests: OutgoingRequests
    private let timeoutMilliseconds: Int
    private let waitMilliseconds: Int
    static let tries = 3
    static let maximumBytes = 64 * 1024

    /// - Parameters:
    ///   - origin: `https://api.twilio.com`.
    ///   - waitMilliseconds: before the second try; doubles.
    public init(
        origin: String, requests: OutgoingRequests, timeoutMilliseconds: Int = 5_000, waitMilliseconds: Int = 300
    ) {
        (self.origin, self.requests) = (origin, requests)
        (self.timeoutMilliseconds, self.waitMilliseconds) = (timeoutMilliseconds, waitMilliseconds)
    }

    /// Hangs up, whatever the call is doing.
    public func end(
        _ call: String, of tenant: Tenant, completion: @escaping @Sendable (Result<Void, CarrierRESTError>) -> Void
    ) {
        post([("Status", "completed")], call, tenant, isIdempotent: true) { completion($0.map { _ in }) }
    }

    /// Has the live call go on with `twiML`, at most 4,000 characters. Its stream, if it has one, ends.
    public func redirect(
        _ call: String, of tenant: Tenant, to twiML: String,
        completion: @escaping @Sendable (Result<Void, CarrierRESTError>) -> Void
    ) {
        guard twiML.count <= 4_000 else { return completion(.failure(.init(cause: .notPossible))) }
        post([("Twiml", twiML)], call, tenant, isIdempotent: false) { completion($0.map { _ in }) }
    }

    /// Eventually consistent: webhooks know it sooner.
    public func fetch(
        _ call: String, of tenant: Tenant,
        completion: @escaping @Sendable (Result<CallState, CarrierRESTError>) -> Void
    ) {
        guard let request = request("GET", call, tenant, body: nil) else {
            return completion(.failure(.init(cause: .notPossible)))
        }
        send(request, isIdempotent: true, try: 1) { result in
            completion(
                result.flatMap { body in
                    let object = try? JSONSerialization.jsonObject(with: Data(body)) as? [String: Any]
                    guard let status = object?["status"] as? String else {
                        return .failure(.init(cause: .refused, status: 200))
                    }
                    return .success(CallState(status: status))
                })
        }
    }

    // MARK: Below

    private func post(
        _ form: [(String, String)], _ call: String, _ tenant: Tenant, isIdempotent: Bool,
        _ completion: @escaping @Sendable (Result<[UInt8], CarrierRESTError>) -> Void
    ) {
        let body = form.map { "\($0.0)=\(Self.escaped($0.1))" }.joined(separator: "&")
        guard let request = request("POST", call, tenant, body: body) else {
            return completion(.failure(.init(cause: .notPossible)))
        }
        send(request, isIdempotent: isIdempotent, try: 1, completion)
    }

    private func request(_ method: String, _ call: String, _ tenant: Tenant, body: String?) -> URLRequest? {
        guard Self.isID(call) else { return nil }
        return request(method, path: "Calls/\(call).json", tenant, body: body)
    }

    /// - Parameter path: below the account; what came from elsewhere in it has been checked or escaped.
    func request(_ method: String, path: String, _ tenant: Tenant, body: String?) -> URLRequest? {
        guard let token = tenant.authToken, Self.isID(tenant.accountSid),
            let url = URL(string: "\(origin)/2010-04-01/Accounts/\(tenant.accountSid)/\(path)")
        else { return nil }
        var request = URLRequest(url: url)
        request.httpMethod = method
        let credentials = Data("\(tenant.accountSid):\(token.reveal())".utf8).base64EncodedString()
        request.setValue("Basic \(credentials)", forHTTPHeaderField: "Authorization")
        if let body {
            request.setValue("application/x-www-form-urlencoded", forHTTPHeaderField: "Content-Type")
            request.httpBody = Data(body.utf8)
        }
        return request
    }

    func send(
        _ request: URLRequest, isIdempotent: Bool, try number: Int,
        _ completion: @escaping @Sendable (Result<[UInt8], CarrierRESTError>) -> Void
    ) {
        requests.send(request, timeoutMilliseconds: timeoutMilliseconds, maximumBytes: Self.maximumBytes) {
            [self] result in
            let error: CarrierRESTError
            // Throttled: it was not done. Failed: it may have been.
            var mayRepeat = isIdempotent
            switch result {
            case .success(let answer) where (200..<300).contains(answer.status):
                return completion(.success(answer.body))
            case .success(let answer):
                error = Self.error(answer)
                mayRepeat = answer.status == 429 || (isIdempotent && answer.status >= 500)
            case .failure(.busy): error = CarrierRESTError(cause: .busy)
            case .failure(.timedOut): error = CarrierRESTError(cause: .timedOut)
            case .failure: error = CarrierRESTError(cause: .unreachable)
            }
            guard mayRepeat, number < Self.tries else { return completion(.failure(error)) }
            DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(waitMilliseconds << (number - 1))) {
                self.send(request, isIdempotent: isIdempotent, try: number + 1, completion)
            }
        }
    }

    private static func error(_ answer: OutgoingRequests.Answer) -> CarrierRESTError {
        let object = try? JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any]
        let code = object?["code"] as? Int ?? 0
        return CarrierRESTError(
            cause: code == 21_220 || answer.status == 404 ? .callOver : .refused, status: answer.status, code: code)
    }

    /// Letters and digits: nothing that could change a path.
    static func isID(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
            }
    }

    /// WHATWG URL standard, section 5.2; all but letters, digits and `*-._` is escaped.
    static func escaped(_ text: String) -> String {
        let plain = CharacterSet(charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789*-._")
        return text.addingPercentEncoding(withAllowedCharacters: plain) ?? ""
    }
}
