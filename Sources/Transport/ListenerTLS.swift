import Glibc
import Synchronization

/// One TLS identity on every loop of a listener.
@safe final class ListenerTLS: @unchecked Sendable {
    // Sendable: `hosts` is constant after `init`; each of `contexts` is only changed on its loop's thread.
    private(set) var hosts: [OpaquePointer] = unsafe []
    private var contexts: [OpaquePointer] = unsafe []
    private let identity: TLSIdentity
    private let loops: [EventLoop]

    /// Makes one virtual host on each loop, one after the other. Not called on a loop's thread.
    init(_ identity: TLSIdentity, loops: [EventLoop]) throws(TransportError) {
        (self.identity, self.loops) = (identity, loops)
        let certificate = try TLSCertificate(identity)
        for loop in loops {
            let made = try ask(loop) { engine throws(TransportError) in
                let made = unsafe try engine.makeTLSHost(certificate)
                return unsafe Made(host: made.host, context: made.tls)
            }
            unsafe hosts.append(made.host)
            unsafe contexts.append(made.context)
        }
    }

    func reload() throws(TransportError) {
        // Read and checked once, before any loop changes what it serves.
        let certificate = try TLSCertificate(identity)
        for (index, loop) in loops.enumerated() {
            let context = unsafe Made(host: hosts[index], context: contexts[index])
            _ = try ask(loop) { _ throws(TransportError) in
                unsafe try certificate.install(in: context.context)
                return context
            }
        }
    }

    /// Sendable: two addresses, used on one loop's thread.
    @safe private struct Made: @unchecked Sendable {
        let host: OpaquePointer
        let context: OpaquePointer
    }

    /// Runs `work` on a loop's thread and waits for what it says.
    private func ask(
        _ loop: EventLoop, _ work: @escaping @Sendable (SocketEngine) throws(TransportError) -> Made
    ) throws(TransportError) -> Made {
        precondition(!loop.isCurrentThread, "a listener is made and renewed away from its loops")
        let answer = LoopAnswer<Made>()
        let stopped = TransportError(.library, "the loop \(loop.name) has stopped")
        let isTaken = loop.submitAlways {
            guard let engine = loop.engine else { return answer.give(.failure(stopped)) }
            do throws(TransportError) {
                answer.give(.success(try work(engine)))
            } catch {
                answer.give(.failure(error))
            }
        }
        guard isTaken else { throw stopped }
        return try answer.wait().get()
    }
}
