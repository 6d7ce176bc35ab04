import AllocationProbe
import Synchronization
import Testing

@testable import Transport

@Suite struct `Transport allocations` {
    @Test func `the probe sees an allocation on a loop's thread`() throws {
        try withLoops { loops in
            let count = counted(on: loops[0]) {
                unsafe UnsafeMutablePointer<UInt8>.allocate(capacity: 100).deallocate()
            }
            #expect(count > 0)
        }
    }

    @Test func `a server receives and echoes messages without allocating`() throws {
        try withServer(loops: 2) { listener, loops, _ in
            let bouncer = Bouncer(bytes: 300)
            // The client takes the first loop, the server's end goes to the other, which holds fewer.
            bouncer.connect(to: "ws://127.0.0.1:\(listener.port)/", on: loops[0])
            #expect(eventually { bouncer.bounced.load(ordering: .relaxed) >= 100 })
            // A few belong to the two submissions that start and stop the count, none to the thousand messages.
            #expect(during(loops[1], 1_000, bouncer) < 10)
            loops[0].submit { bouncer.socket?.abort() }
        }
    }

    @Test func `a client sends and receives messages without allocating`() throws {
        try withServer(loops: 2) { listener, loops, _ in
            let bouncer = Bouncer(bytes: 300)
            bouncer.connect(to: "ws://127.0.0.1:\(listener.port)/", on: loops[0])
            #expect(eventually { bouncer.bounced.load(ordering: .relaxed) >= 100 })
            // A few belong to the two submissions that start and stop the count, none to the thousand messages.
            #expect(during(loops[0], 1_000, bouncer) < 10)
            loops[0].submit { bouncer.socket?.abort() }
        }
    }

    /// Allocations of the loop's thread while at least `messages` bounce.
    private func during(_ loop: EventLoop, _ messages: Int, _ bouncer: Bouncer) -> Int {
        let result = Guarded<Int?>(nil)
        let start = bouncer.bounced.load(ordering: .relaxed)
        loop.submit { allocation_probe_start() }
        #expect(eventually { bouncer.bounced.load(ordering: .relaxed) >= start + messages })
        loop.submit {
            let count = allocation_probe_stop()
            result.withLock { $0 = count }
        }
        #expect(eventually { result.withLock { $0 } != nil })
        return result.withLock { $0 } ?? -1
    }

    private func counted(on loop: EventLoop, _ work: @escaping @Sendable () -> Void) -> Int {
        let result = Guarded<Int?>(nil)
        loop.submit {
            allocation_probe_start()
            work()
            let count = allocation_probe_stop()
            result.withLock { $0 = count }
        }
        _ = eventually { result.withLock { $0 } != nil }
        return result.withLock { $0 } ?? -1
    }
}
