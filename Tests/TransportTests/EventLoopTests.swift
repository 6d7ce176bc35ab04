import Glibc
import Synchronization
import Testing

@testable import Transport

@Suite struct `Event loop` {
    @Test func `runs what other threads submit, in order`() throws {
        try withLoops { loops in
            let seen = Guarded<[Int]>([])
            for number in 0..<1_000 { #expect(loops[0].submit { seen.withLock { $0.append(number) } }) }
            #expect(eventually { seen.withLock { $0.count } == 1_000 })
            #expect(seen.withLock { $0 } == Array(0..<1_000))
        }
    }

    @Test func `refuses work beyond 4096 and after it has stopped`() throws {
        let loop = try EventLoop(name: "full")
        let ran = Atomic<Int>(0)
        for _ in 0..<4_096 { #expect(loop.submit { ran.wrappingAdd(1, ordering: .relaxed) }) }
        #expect(!loop.submit {})
        loop.start()
        loop.stop()
        #expect(ran.load(ordering: .relaxed) == 4_096)
        #expect(!loop.submit {})
    }

    @Test func `a loop that never started stops and runs its work`() throws {
        let loop = try EventLoop(name: "unstarted")
        let ran = Atomic(false)
        loop.submit { ran.store(true, ordering: .relaxed) }
        loop.stop()
        let hasRun = ran.load(ordering: .relaxed)
        #expect(hasRun)
    }

    @Test func `what comes within a millisecond of a tick is served after it`() throws {
        try withLoops { loops in
            let loop = loops[0]
            struct Round { var tick, served: UInt64; var hasGathered: Bool }
            /// Two rounds of the loop: the first sets the tick, the second comes after it is due, or not.
            func round(_ distance: UInt64) -> Round {
                let seen = Guarded<Round?>(nil)
                loop.submit {
                    let tick = EventLoop.now + distance
                    loop.nextTick = tick
                    loop.submit {
                        let served = Round(tick: tick, served: EventLoop.now, hasGathered: loop.hasGathered)
                        seen.withLock { $0 = served }
                    }
                }
                #expect(eventually { seen.withLock { $0 != nil } })
                return seen.withLock { $0 } ?? Round(tick: 0, served: 0, hasGathered: false)
            }
            let near = (0..<50).map { _ in round(800_000) }
            #expect(near.allSatisfy { $0.served >= $0.tick })
            // A thread that was off its core for that long finds the tick past.
            #expect(near.contains { $0.hasGathered })
            let far = round(60_000_000_000)
            #expect(!far.hasGathered && far.served < far.tick)
            loop.submit { loop.nextTick = .max }
        }
    }

    @Test func `a timer fires once, not before its deadline, and can be moved and cancelled`() throws {
        try withLoops { loops in
            let loop = loops[0]
            let fired = Guarded<[(name: String, late: Int64)]>([])
            let timers = Guarded<Kept?>(nil)
            loop.submit {
                let start = EventLoop.now
                func timer(_ name: String, _ deadline: UInt64) -> LoopTimer {
                    // A loop has file descriptors to spare in a test.
                    let timer = try! loop.makeTimer { now in
                        fired.withLock { $0.append((name, Int64(now) - Int64(deadline))) }
                    }
                    timer.schedule(at: deadline)
                    return timer
                }
                let moved = timer("moved", start + 30_000_000)
                moved.schedule(at: start + 30_000_000)
                let cancelled = timer("cancelled", start + 5_000_000)
                cancelled.cancel()
                let past = timer("past", start - 1)
                let soon = timer("soon", start + 10_000_000)
                _ = timer("dropped", start + 5_000_000)
                timers.withLock { $0 = Kept(timers: [moved, cancelled, past, soon]) }
            }
            #expect(eventually { fired.withLock { $0.count } == 3 })
            let seen = fired.withLock { $0 }
            #expect(seen.map(\.name) == ["past", "soon", "moved"])
            #expect(seen.allSatisfy { $0.late >= 0 })
            timers.withLock { $0 = nil }
        }
    }

    @Test func `what many sockets queue in one round waits in few rooms`() throws {
        try withServer(loops: 2) { listener, loops, service in
            let (loop, sockets) = (loops[0], 3 * EventLoop.writersAtOnce)
            let bouncers = (0..<sockets).map { _ in Bouncer(bytes: 300) }
            for bouncer in bouncers { bouncer.connect(to: "ws://127.0.0.1:\(listener.port)/", on: loop) }
            // Each bounces its message: what a bouncer that has closed held is free.
            #expect(eventually { bouncers.allSatisfy { $0.bounced.load(ordering: .relaxed) > 0 } })
            let lent = Guarded<Int?>(nil)
            loop.submit {
                for bouncer in bouncers {
                    bouncer.socket?.sendBinary([UInt8](repeating: 7, count: 300).span)
                    loop.flushIfMany()
                }
                lent.withLock { $0 = loop.rooms.freeCount }
                for bouncer in bouncers { bouncer.socket?.abort() }
            }
            #expect(eventually { lent.withLock { $0 } != nil })
            let rooms = lent.withLock { $0 } ?? 0
            #expect((1...EventLoop.writersAtOnce).contains(rooms))
        }
    }

    @Test func `knows its own thread`() throws {
        try withLoops { loops in
            #expect(!loops[0].isCurrentThread)
            let answer = Guarded<Bool?>(nil)
            loops[0].submit { answer.withLock { $0 = loops[0].isCurrentThread } }
            #expect(eventually { answer.withLock { $0 } == true })
        }
    }
}

/// Sendable: kept for the loop's thread, which is where the timers were made.
private struct Kept: @unchecked Sendable {
    let timers: [LoopTimer]
}

@Suite struct `Loop priority` {
    @Test func `a loop that asks to run first is told yes or why not, and runs either way`() throws {
        let loop = try EventLoop(name: "first", priority: .realtime)
        loop.start()
        defer { loop.stop() }
        let policy = Guarded<CInt?>(nil)
        loop.submit { policy.withLock { $0 = sched_getscheduler(0) } }
        #expect(eventually { policy.withLock { $0 } != nil })
        // SCHED_RESET_ON_FORK is told with the policy.
        let isFirst = policy.withLock { ($0 ?? 0) & 0xFF } == CInt(SCHED_FIFO)
        #expect((loop.priorityOutcome == .granted) == isFirst)
        #expect(loop.priorityOutcome != nil)
    }
}
