import Foundation
import Glibc
import Synchronization

/// The proxy's thread.
final class ProxyMover: Sendable {
    private let proxy: FaultProxy

    init(_ proxy: FaultProxy) { self.proxy = proxy }

    static var now: UInt64 {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    func start() throws { Thread.detachNewThread { [self] in run() } }

    private func run() {
        while true {
            var (wait, watched) = (UInt64?.none, [pollfd]())
            let isOver = proxy.state.withLock { state in
                guard !state.isStopping else {
                    state.cutAll(.rst)
                    close(state.listener)
                    close(state.wakes.read)
                    close(state.wakes.write)
                    return true
                }
                wait = state.move(at: Self.now)
                watched = state.watched
                return false
            }
            if isOver { return }
            // Rounded up: what is due in 0.3 ms is not asked for three times.
            let milliseconds = wait.map { CInt(min(60_000, ($0 + 999_999) / 1_000_000)) } ?? -1
            _ = unsafe poll(&watched, nfds_t(watched.count), milliseconds)
            if watched[0].revents != 0 {
                var bytes: UInt64 = 0
                _ = unsafe read(watched[0].fd, &bytes, 8)
            }
        }
    }
}
