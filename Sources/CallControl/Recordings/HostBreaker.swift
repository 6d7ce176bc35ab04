import Synchronization

/// Leaves a host alone that failed several times in a row: one request after a while tries it again. Times are Unix
/// milliseconds and come from the caller.
final class HostBreaker: Sendable {
    private struct Host {
        var failures = 0
        var openUntil: Int64 = 0
        var opened = 0
        var isProbing = false
    }
    private let hosts = Mutex<[String: Host]>([:])
    private let failuresToOpen: Int
    private let restMilliseconds: Int64
    private static let maximumRestMilliseconds: Int64 = 600_000

    init(failuresToOpen: Int = 5, restMilliseconds: Int64 = 30_000) {
        (self.failuresToOpen, self.restMilliseconds) = (failuresToOpen, restMilliseconds)
    }

    /// Any thread. After true, `note` says how it went.
    func admit(_ name: String, at now: Int64) -> Bool {
        hosts.withLock { hosts in
            guard var host = hosts[name], host.failures >= failuresToOpen else { return true }
            guard now >= host.openUntil, !host.isProbing else { return false }
            host.isProbing = true
            hosts[name] = host
            return true
        }
    }

    func note(_ name: String, isWell: Bool, at now: Int64) {
        hosts.withLock { hosts in
            if isWell {
                hosts[name] = nil
                return
            }
            var host = hosts[name] ?? Host()
            host.failures += 1
            host.isProbing = false
            if host.failures >= failuresToOpen {
                host.openUntil = now + min(restMilliseconds << min(host.opened, 8), Self.maximumRestMilliseconds)
                host.opened += 1
            }
            hosts[name] = host
        }
    }

    /// Hosts that are being left alone, or tried again.
    var openHosts: Int { hosts.withLock { hosts in hosts.values.count { $0.failures >= failuresToOpen } } }
}
