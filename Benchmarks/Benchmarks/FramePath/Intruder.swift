import Glibc
import Logging
import Synchronization

/// One thing that a tick must not do, done on purpose. `scripts/count-instructions` fails when it does not see it.
struct Intruder: ~Copyable {
    enum Kind: CaseIterable { case allocation, retain, lock, log, clock }

    private final class Shared {}

    private let kind: Kind
    private var numbers: [Int] = []
    private let objects = [Shared(), Shared()]
    private var object: Shared?
    private let guarded = Mutex(0)
    private let logger = Logger(label: "intruder") { _ in SwiftLogNoOpLogHandler() }

    init(_ kind: Kind) { self.kind = kind }

    @inline(never) mutating func strike(_ tick: Int) {
        switch kind {
        case .allocation:
            numbers = [Int](repeating: tick, count: 4)
            consume(numbers.count)
        case .retain: object = objects[tick % 2]
        case .lock:
            consume(
                guarded.withLock {
                    $0 &+= 1; return $0
                })
        case .log: logger.info("a tick")
        case .clock:
            var time = timespec()
            clock_gettime(CLOCK_MONOTONIC, &time)
            consume(time.tv_sec)
        }
    }
}
