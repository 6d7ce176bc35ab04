public import Configuration
import Foundation
public import TurnStore

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// What one attempt came to.
public enum EventAttempt: Sendable, Equatable {
    case delivered
    /// To be repeated; not before so many milliseconds when the receiver said so.
    case failed(String, notBefore: Int64?)
    /// The receiver wants it never again (410).
    case gone
}

/// Makes one attempt to deliver an event.
public protocol EventSender: Sendable {
    /// Returns at once; completes once, on any thread, or at once.
    func send(
        _ event: OutgoingEvent, to settings: EventSettings, at now: Int64,
        completion: @escaping @Sendable (EventAttempt) -> Void)
}

/// Over HTTP, by POST. No redirect is followed, and no cookie and no answer is kept.
public struct WebhookSender: EventSender {
    private let requests: OutgoingRequests
    private let timeoutMilliseconds: Int
    static let maximumAnswerBytes = 64 * 1024

    public init(requests: OutgoingRequests, timeoutMilliseconds: Int = 10_000) {
        (self.requests, self.timeoutMilliseconds) = (requests, timeoutMilliseconds)
    }

    public func send(
        _ event: OutgoingEvent, to settings: EventSettings, at now: Int64,
        completion: @escaping @Sendable (EventAttempt) -> Void
    ) {
        let (requests, timeout) = (self.requests, timeoutMilliseconds)
        // Names are looked up elsewhere: a resolver that hangs must not hold the others' events.
        DispatchQueue.global(qos: .utility).async {
            if let refusal = EventAddress.refusal(of: settings) { return completion(.failed(refusal, notBefore: nil)) }
            guard let request = Self.request(event, to: settings, at: now) else {
                return completion(.failed("no address", notBefore: nil))
            }
            requests.send(request, timeoutMilliseconds: timeout, maximumBytes: Self.maximumAnswerBytes) {
                completion(Self.attempt($0, at: now))
            }
        }
    }

    static func request(_ event: OutgoingEvent, to settings: EventSettings, at now: Int64) -> URLRequest? {
        guard let url = URL(string: settings.url) else { return nil }
        var request = URLRequest(url: url)
        request.httpMethod = "POST"
        request.httpBody = Data(event.body.utf8)
        let seconds = now / 1_000
        let secrets = [settings.secret] + (settings.otherSecret.map { [$0] } ?? [])
        request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        request.setValue("media-bridge", forHTTPHeaderField: "User-Agent")
        request.setValue(event.key, forHTTPHeaderField: "webhook-id")
        request.setValue("\(seconds)", forHTTPHeaderField: "webhook-timestamp")
        request.setValue(
            EventSignature.header(id: event.key, timestamp: seconds, body: event.body, secrets: secrets),
            forHTTPHeaderField: "webhook-signature")
        return request
    }

    static func attempt(
        _ result: Result<OutgoingRequests.Answer, OutgoingRequests.Failure>, at now: Int64
    ) -> EventAttempt {
        switch result {
        case .success(let answer) where (200..<300).contains(answer.status): .delivered
        case .success(let answer) where answer.status == 410: .gone
        case .success(let answer):
            .failed("HTTP status \(answer.status)", notBefore: EventRetry.asked(answer.retryAfter, at: now))
        case .failure(.tooLong): .failed("the answer is too long", notBefore: nil)
        case .failure(.busy): .failed("too many deliveries at once", notBefore: nil)
        case .failure(.timedOut): .failed("no answer in time", notBefore: nil)
        case .failure(.unreachable): .failed("cannot be reached", notBefore: nil)
        case .failure(.redirected): .failed("it points elsewhere, which is not followed", notBefore: nil)
        }
    }
}
