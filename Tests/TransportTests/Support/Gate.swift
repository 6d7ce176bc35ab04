import Glibc
import Synchronization

/// Waits, bounded, until a condition on shared state holds. Checked every millisecond: what is waited for comes from
/// real sockets on other threads.
func eventually(within milliseconds: Int = 5_000, _ condition: () -> Bool) -> Bool {
    for _ in 0..<milliseconds {
        if condition() { return true }
        usleep(1_000)
    }
    return condition()
}
