import Foundation
import Synchronization

/// A few threads for work that takes long, each with a context of its own. Bounded: 256 jobs wait.
final class WorkerPool<Context>: Sendable {
    typealias Job = @Sendable (Context) -> Void

    private struct State {
        var jobs: [Job] = []
        var isStopping = false
        var failure: (any Error)?
    }

    private let state = Mutex(State())
    private let wake = DispatchSemaphore(value: 0)
    private let ready = DispatchSemaphore(value: 0)
    private let gone = DispatchSemaphore(value: 0)
    private let threads: Int

    /// Returns when every thread has its context.
    /// - Throws: what the first `makeContext` that failed threw; no thread is left then.
    init(name: String, threads: Int, makeContext: @escaping @Sendable () throws -> Context) throws {
        self.threads = threads
        for number in 0..<threads {
            let thread = Thread { [self] in
                do {
                    let context = try makeContext()
                    ready.signal()
                    while let job = next() { job(context) }
                } catch {
                    state.withLock { $0.failure = $0.failure ?? error }
                    ready.signal()
                }
                gone.signal()
            }
            thread.name = "\(name)-\(number)"
            // pocketsphinx and flite put buffers on the stack.
            thread.stackSize = 4 << 20
            thread.start()
        }
        for _ in 0..<threads { ready.wait() }
        if let failure = state.withLock({ $0.failure }) {
            stop()
            throw failure
        }
    }

    /// Any thread.
    /// - Returns: false when too many wait, or the pool is stopping.
    func submit(_ job: @escaping Job) -> Bool {
        let isTaken = state.withLock { state in
            guard !state.isStopping, state.jobs.count < 256 else { return false }
            state.jobs.append(job)
            return true
        }
        if isTaken { wake.signal() }
        return isTaken
    }

    /// Lets running jobs finish, forgets the rest. Not from a job.
    func stop() {
        let wasStopping = state.withLock { state in
            defer { state.isStopping = true }
            state.jobs.removeAll()
            return state.isStopping
        }
        guard !wasStopping else { return }
        for _ in 0..<threads { wake.signal() }
        for _ in 0..<threads { gone.wait() }
    }

    private func next() -> Job? {
        while true {
            wake.wait()
            let (job, isStopping) = state.withLock { state in
                (state.jobs.isEmpty ? nil : state.jobs.removeFirst(), state.isStopping)
            }
            if isStopping { return nil }
            if let job { return job }
        }
    }
}
