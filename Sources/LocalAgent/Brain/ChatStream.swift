import Foundation
import Synchronization

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// The body of one HTTP answer as it arrives, for a thread that waits for it. Bounded: 4 MiB unread.
final class ChatStream: NSObject, URLSessionDataDelegate, Sendable {
    private struct State {
        var unread: [UInt8] = []
        var status: Int?
        /// Of an answer that is no success.
        var complaint: [UInt8] = []
        var end: BrainError??
        var isAbandoned = false
    }

    private let state = Mutex(State())
    private let arrived = DispatchSemaphore(value: 0)
    private let timeoutSeconds: Double

    init(_ request: URLRequest, timeoutSeconds: Double) {
        self.timeoutSeconds = timeoutSeconds
        super.init()
        let session = URLSession(configuration: .ephemeral, delegate: self, delegateQueue: nil)
        session.dataTask(with: request).resume()
        // Lets go of the delegate when the task is over.
        session.finishTasksAndInvalidate()
    }

    /// Nobody reads on. The rest of the answer is let through and dropped: to cancel a task that is just ending crashes
    /// swift-corelibs-foundation (6.3: "a task that in not in the registry"), and an answer is short.
    func abandon() {
        state.withLock { state in
            state.isAbandoned = true
            state.unread.removeAll()
        }
    }

    /// Waits for bytes; nil at the end, or when nobody wants them.
    func next(isCancelled: () -> Bool) throws(BrainError) -> [UInt8]? {
        let deadline = ContinuousClock.now + .seconds(timeoutSeconds)
        while !isCancelled() {
            let (bytes, end) = state.withLock { state in
                defer { state.unread.removeAll() }
                return (state.unread, state.end)
            }
            if !bytes.isEmpty { return bytes }
            if let end {
                if let error = end { throw error }
                return nil
            }
            guard ContinuousClock.now < deadline else {
                throw BrainError(code: "server_error", message: "chat: nothing came for \(Int(timeoutSeconds)) s")
            }
            _ = arrived.wait(timeout: .now() + .milliseconds(50))
        }
        return nil
    }

    func urlSession(
        _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
        newRequest request: URLRequest, completionHandler: @escaping @Sendable (URLRequest?) -> Void
    ) {
        // A redirect would carry the key to wherever it points.
        completionHandler(nil)
    }

    func urlSession(
        _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
        completionHandler: @escaping @Sendable (URLSession.ResponseDisposition) -> Void
    ) {
        state.withLock { $0.status = (response as? HTTPURLResponse)?.statusCode }
        completionHandler(.allow)
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        state.withLock { state in
            if state.isAbandoned { return }
            if state.status == 200 {
                state.unread += data
            } else {
                state.complaint += data.prefix(max(0, 2_000 - state.complaint.count))
            }
            if state.unread.count > 4 << 20 {
                state.isAbandoned = true
                state.unread.removeAll()
                state.end = .some(BrainError(code: "server_error", message: "chat: the answer is too long"))
            }
        }
        arrived.signal()
    }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        state.withLock { state in
            if state.end == nil { state.end = .some(Self.failure(state.status, state.complaint, error)) }
        }
        arrived.signal()
    }

    private static func failure(_ status: Int?, _ complaint: [UInt8], _ error: (any Error)?) -> BrainError? {
        if let error {
            let reason = (error as? URLError)?.localizedDescription ?? "connection failed"
            return BrainError(code: "server_error", message: "chat: \(reason)")
        }
        guard let status, status != 200 else { return nil }
        let said = (try? JSONReader.read(complaint))?["error"]?["message"]?.string
        let code =
            switch status {
            case 401, 403: "invalid_api_key"
            case 429: "rate_limit_exceeded"
            default: "server_error"
            }
        return BrainError(code: code, message: "chat: HTTP \(status)" + (said.map { ": \($0.prefix(300))" } ?? ""))
    }
}
