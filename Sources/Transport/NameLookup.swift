import CLinux
import Glibc
import Synchronization

/// Finds the addresses of a host away from the loops: the resolver blocks its thread, and one slow answer would stop
/// every call of the shard.
enum NameLookup {
    enum Outcome: Sendable, Equatable {
        case addresses([String])
        case failure(String)
    }

    /// Lookups under way at once, each on a thread of its own while it lasts.
    static var limit: Int { 64 }
    private static let running = Atomic<Int>(0)

    /// Any thread. `answer` is called once, on another thread; at once for a numeric address.
    static func find(_ host: String, answer: @escaping @Sendable (Outcome) -> Void) {
        if case .addresses(let found) = lookUp(host, numericOnly: true) { return answer(.addresses(found)) }
        guard running.wrappingAdd(1, ordering: .relaxed).newValue <= limit else {
            running.wrappingSubtract(1, ordering: .relaxed)
            return answer(.failure("too many names are being looked up"))
        }
        let job = Job(host: host, answer: answer)
        var attributes = pthread_attr_t()
        unsafe pthread_attr_init(&attributes)
        unsafe pthread_attr_setdetachstate(&attributes, CInt(PTHREAD_CREATE_DETACHED))
        unsafe pthread_attr_setstacksize(&attributes, 512 * 1024)
        defer { unsafe _ = pthread_attr_destroy(&attributes) }
        var thread = pthread_t()
        let argument = unsafe Unmanaged.passRetained(job).toOpaque()
        let status = unsafe pthread_create(&thread, &attributes, runLookup, argument)
        if status != 0 {
            unsafe Unmanaged<Job>.fromOpaque(argument).release()
            running.wrappingSubtract(1, ordering: .relaxed)
            answer(.failure("no thread for the lookup: \(describe(errno: status))"))
        }
    }

    fileprivate final class Job: Sendable {
        let host: String
        let answer: @Sendable (Outcome) -> Void
        init(host: String, answer: @escaping @Sendable (Outcome) -> Void) { (self.host, self.answer) = (host, answer) }

        func run() {
            let outcome = NameLookup.lookUp(host, numericOnly: false)
            NameLookup.running.wrappingSubtract(1, ordering: .relaxed)
            answer(outcome)
        }
    }

    private static func lookUp(_ host: String, numericOnly: Bool) -> Outcome {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        unsafe hints.ai_flags = numericOnly ? AI_NUMERICHOST : AI_ADDRCONFIG
        var list: UnsafeMutablePointer<addrinfo>?
        let status = unsafe getaddrinfo(host, nil, &hints, &list)
        guard status == 0 else { return .failure(unsafe String(cString: gai_strerror(status))) }
        defer { unsafe freeaddrinfo(list) }
        var found: [String] = []
        var next = unsafe list
        while let entry = unsafe next {
            if let text = unsafe numericHost(entry.pointee.ai_addr, entry.pointee.ai_addrlen), !found.contains(text) {
                found.append(text)
            }
            unsafe next = entry.pointee.ai_next
        }
        return found.isEmpty ? .failure("no address") : .addresses(found)
    }
}

private func runLookup(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    unsafe Unmanaged<NameLookup.Job>.fromOpaque(argument!).takeRetainedValue().run()
    return nil
}

/// An address without its port, as numbers.
func numericHost(_ address: UnsafePointer<sockaddr>?, _ length: socklen_t) -> String? {
    var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
    guard unsafe getnameinfo(address, length, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0 else {
        return nil
    }
    return unsafe text.withUnsafeBufferPointer { unsafe String(cString: $0.baseAddress!) }
}
