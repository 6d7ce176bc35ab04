import Foundation
import Synchronization

#if canImport(FoundationNetworking)
    public import FoundationNetworking
#endif

/// HTTP requests to others (tenants' tools, the carrier's REST interface), off the shards. Bounded: what exceeds
/// `capacity` is refused at once and counted, never queued, for a caller is listening (R14).
///
/// No redirect is followed: it would carry keys and the caller's words to wherever it points. No cookie and no answer is
/// kept. A task is never cancelled, for that can crash swift-corelibs-foundation (6.3); one that is late ends by its own
/// timeout and its result is let go.
public final class OutgoingRequests: Sendable {
    public struct Answer: Sendable, Equatable {
        public var status: Int
        public var body: [UInt8]
        /// The `Retry-After` header, as it came.
        public var retryAfter: String?
        public init(status: Int, body: [UInt8], retryAfter: String? = nil) {
            (self.status, self.body, self.retryAfter) = (status, body, retryAfter)
        }
    }

    /// Why there is no answer.
    public enum Failure: String, Error, Sendable, CaseIterable {
        /// As many requests as may run are running.
        case busy
        case timedOut
        /// No such name, nobody listens, no TLS, closed.
        case unreachable
        /// More bytes than may come.
        case tooLong
        /// It points somewhere else.
        case redirected
    }

    private let running = Atomic<Int>(0)
    public let capacity: Int

    public init(capacity: Int = 64) { self.capacity = capacity }

    /// Requests under way.
    public var count: Int { running.load(ordering: .relaxed) }

    /// Any thread; returns at once.
    /// - Parameters:
    ///   - timeoutMilliseconds: for the whole exchange.
    ///   - maximumBytes: of the answer's body.
    ///   - completion: once, on a thread of Foundation's or a global queue; at once when `busy`.
    public func send(
        _ request: URLRequest, timeoutMilliseconds: Int, maximumBytes: Int,
        completion: @escaping @Sendable (Result<Answer, Failure>) -> Void
    ) {
        guard running.wrappingAdd(1, ordering: .relaxed).newValue <= capacity else {
            running.wrappingSubtract(1, ordering: .relaxed)
            return completion(.failure(.busy))
        }
        var request = request
        request.timeoutInterval = Double(timeoutMilliseconds) / 1_000
        request.httpShouldHandleCookies = false
        request.cachePolicy = .reloadIgnoringLocalCacheData
        let exchange = OutgoingExchange(maximumBytes: maximumBytes, completion: completion) { [self] in
            running.wrappingSubtract(1, ordering: .relaxed)
        }
        // A server that sends a byte now and then never trips the request's own timeout.
        DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(timeoutMilliseconds)) {
            exchange.finish(.failure(.timedOut))
        }
        exchange.run(request)
    }
}

/// One request. Completes once, by whatever comes first.
private final class OutgoingExchange: NSObject, URLSessionDataDelegate, Sendable {
    private struct State {
        var status: Int?
        var retryAfter: String?
        var body: [UInt8] = []
        var completion: (@Sendable (Result<OutgoingRequests.Answer, OutgoingRequests.Failure>) -> Void)?
    }

    private let state: Mutex<State>
    private let maximumBytes: Int
    /// The task is over: its place is free. Later than the completion when that was a timeout.
    private let ended: @Sendable () -> Void

    init(
        maximumBytes: Int,
        completion: @escaping @Sendable (Result<OutgoingRequests.Answer, OutgoingRequests.Failure>) -> Void,
        ended: @escaping @Sendable () -> Void
    ) {
        (self.maximumBytes, self.ended) = (maximumBytes, ended)
        state = Mutex(State(completion: completion))
    }

    func run(_ request: URLRequest) {
        let configuration = URLSessionConfiguration.ephemeral
        configuration.httpCookieAcceptPolicy = .never
        configuration.urlCache = nil
        // Late ones must end some time, or their places never come back.
        configuration.timeoutIntervalForResource = max(5, request.timeoutInterval * 4)
        let session = URLSession(configuration: configuration, delegate: self, delegateQueue: nil)
        session.dataTask(with: request).resume()
        session.finishTasksAndInvalidate()  // Lets go of the delegate when the task is over.
    }

    func finish(_ result: Result<OutgoingRequests.Answer, OutgoingRequests.Failure>) {
        let completion = state.withLock { state in
            defer { (state.completion, state.body) = (nil, []) }
            return state.completion
        }
        completion?(result)
    }

    func urlSession(
        _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
        newRequest request: URLRequest, completionHandler: @escaping @Sendable (URLRequest?) -> Void
    ) {
        // The handler is not called: when the task times out in between, swift-corelibs-foundation (6.3) traps in it
        // ("Received callback for HTTP redirection, but we're not waiting for it"). The task ends by its timeout.
        finish(.failure(.redirected))
    }

    func urlSession(
        _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
        completionHandler: @escaping @Sendable (URLSession.ResponseDisposition) -> Void
    ) {
        let response = response as? HTTPURLResponse
        let retryAfter = response?.value(forHTTPHeaderField: "Retry-After")
        state.withLock { ($0.status, $0.retryAfter) = (response?.statusCode, retryAfter) }
        completionHandler(.allow)
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        let isTooLong = state.withLock { state in
            guard state.completion != nil else { return false }
            guard state.body.count + data.count <= maximumBytes else { return true }
            state.body += data
            return false
        }
        if isTooLong { finish(.failure(.tooLong)) }
    }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        ended()
        if let error {
            let isTimeout = (error as? URLError)?.code == .timedOut
            return finish(.failure(isTimeout ? .timedOut : .unreachable))
        }
        let (status, body, retryAfter) = state.withLock { ($0.status, $0.body, $0.retryAfter) }
        guard let status else { return finish(.failure(.unreachable)) }
        finish(
            (300..<400).contains(status)
                ? .failure(.redirected) : .success(.init(status: status, body: body, retryAfter: retryAfter)))
    }
}
