import Dispatch
import Foundation
import Synchronization

/// A thread of its own that does one thing, waits a while or until it is woken, and does it again until it is stopped.
final class RepeatingThread: Sendable {
    private let name: String
    private let pauseMilliseconds: Int
    private let state = Mutex((isStopping: false, isRunning: false))
    private let waking = DispatchSemaphore(value: 0)
    private let finished = DispatchSemaphore(value: 0)

    init(name: String, pauseMilliseconds: Int) { (self.name, self.pauseMilliseconds) = (name, pauseMilliseconds) }

    /// Any thread.
    var isStopping: Bool { state.withLock { $0.isStopping } }

    func start(_ step: @escaping @Sendable () -> Void) {
        state.withLock { $0.isRunning = true }
        let thread = Thread { [self] in
            while !isStopping {
                step()
                _ = waking.wait(timeout: .now() + .milliseconds(pauseMilliseconds))
            }
            finished.signal()
        }
        thread.name = name
        thread.start()
    }

    /// Any thread: the next step is now, or as soon as this one is done.
    func wake() { waking.signal() }

    /// Waits for the step under way; none comes after it.
    func stop() {
        let wasRunning = state.withLock { state in
            state.isStopping = true
            defer { state.isRunning = false }
            return state.isRunning
        }
        waking.signal()
        if wasRunning { finished.wait() }
    }
}
