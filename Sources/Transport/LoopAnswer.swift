import Glibc
import Synchronization

/// Lets a thread wait for a loop's answer, at set-up.
@safe final class LoopAnswer<Value: Sendable>: @unchecked Sendable {
    // Sendable: a semaphore is for threads.
    private let value = Guarded<Result<Value, TransportError>?>(nil)
    private let semaphore: UnsafeMutablePointer<sem_t>

    init() {
        unsafe semaphore = .allocate(capacity: 1)
        unsafe sem_init(semaphore, 0, 0)
    }

    deinit {
        unsafe sem_destroy(semaphore)
        unsafe semaphore.deallocate()
    }

    func give(_ answer: Result<Value, TransportError>) {
        value.withLock { $0 = answer }
        unsafe sem_post(semaphore)
    }

    func wait() -> Result<Value, TransportError> {
        while unsafe sem_wait(semaphore) != 0 {}
        return value.withLock { $0! }
    }
}
