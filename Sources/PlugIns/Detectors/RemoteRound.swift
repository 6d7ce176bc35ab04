import AudioPipeline
import CLinux
import VAD

/// The work of `RemoteDetector`, on its thread alone.
final class RemoteRound {
    /// Answers to nothing that was asked, or that are none, in one life before it ends.
    static let wrongAtMost = 20
    static let silentNanoseconds: UInt64 = 2_000_000_000
    static let firstPause: UInt64 = 500_000_000, longestPause: UInt64 = 30_000_000_000
    /// A life of this length was a good one: the pause after it is the first one again.
    static let goodLife: UInt64 = 30_000_000_000
    /// Windows of one call, and bytes of all, that wait before audio is let go.
    static let outstandingAtMost = 25, backlogAtMost = 512 * 1_024

    private let link: any StageLink
    private let limits: RemoteLimits
    private let counters: PlugInCounters
    private let log: PlugInLog
    private var works: [UInt32: LaneWork] = [:]
    private var begun: Set<UInt32> = []
    private enum Phase {
        case down(until: UInt64)
        case starting(since: UInt64)
        case up(window: DetectorWindow, since: UInt64)
    }
    private var phase = Phase.down(until: 0)
    private var pause = RemoteRound.firstPause
    private var wrong = 0
    /// Answers that calls which are over still have to come.
    private var owed = 0
    private var hasLived = false
    /// When the last answer came, or the first window went out that waits for one.
    private var quietSince: UInt64 = 0
    private var nextLook: UInt64 = 0
    private var out: [UInt8] = []

    init(_ link: any StageLink, limits: RemoteLimits, counters: PlugInCounters, log: @escaping PlugInLog) {
        (self.link, self.limits, self.counters, self.log) = (link, limits, counters, log)
    }

    var isReady: Bool { if case .up = phase { true } else { false } }

    func add(_ lanes: [LaneWork]) {
        for work in lanes {
            works[work.lane.number] = work
            // Whoever comes while the program is starting waits with it; else nobody judges, and the call is told so.
            if case .down = phase, hasLived { work.abandon() }
        }
    }

    /// One look at everything, at least 5 ms long.
    func turn() {
        let now = media_bridge_monotonic_nanoseconds()
        switch phase {
        case .down(let until):
            if now >= until { open(now) } else { link.wait(milliseconds: 5) }
        case .starting(let since):
            takeLines(now)
            if case .starting = phase, now &- since > UInt64(limits.startSeconds) * 1_000_000_000 {
                fail(.notStarted, "no first line in \(limits.startSeconds) s", now)
            }
        case .up(let window, _): serve(window, now)
        }
        forget()
        if isReady {
            link.wait(milliseconds: 5)
        } else {
            for work in works.values { work.skip() }
            link.wait(milliseconds: 20)
        }
    }

    func end() {
        for work in works.values { work.abandon() }
        link.close()
    }

    // MARK: Its life

    private func open(_ now: UInt64) {
        if hasLived { counters.add(.restarted) }
        hasLived = true
        phase = .starting(since: now)
        do throws(StageFault) { try link.open() } catch { fail(.notStarted, error.description, now) }
    }

    private func begin(_ window: DetectorWindow, _ now: UInt64) {
        phase = .up(window: window, since: now)
        (wrong, owed, quietSince, nextLook) = (0, 0, 0, now)
        begun.removeAll()
        for work in works.values { work.begin(window) }
    }

    private func fail(_ event: PlugInCounters.Event, _ detail: String, _ now: UInt64) {
        counters.add(event)
        let words = link.lastWords
        log(event, words.isEmpty ? detail : "\(detail); its last words: \(words)")
        link.close()
        if case .up(_, let since) = phase, now &- since > Self.goodLife { pause = Self.firstPause }
        phase = .down(until: now &+ pause)
        pause = min(pause * 2, Self.longestPause)
        for work in works.values { work.abandon() }
    }

    // MARK: Audio out

    private func serve(_ window: DetectorWindow, _ now: UInt64) {
        out.removeAll(keepingCapacity: true)
        for work in works.values { feed(work, window) }
        if !out.isEmpty || link.backlog > 0, !link.send(out) { return fail(.ended, "it has ended", now) }
        takeLines(now)
        guard isReady else { return }
        let waits = works.values.contains { $0.outstanding > 0 }
        if !waits {
            quietSince = 0
        } else if quietSince == 0 {
            quietSince = now
        } else if now > quietSince, now &- quietSince > Self.silentNanoseconds {
            return fail(.silent, "no answer for 2 s", now)
        }
        guard now >= nextLook else { return }
        nextLook = now &+ 1_000_000_000
        if let bytes = link.residentBytes, bytes > limits.memoryMegabytes << 20 {
            fail(.leaking, "\(bytes >> 20) MB resident, \(limits.memoryMegabytes) MB are allowed", now)
        }
    }

    private func feed(_ work: LaneWork, _ window: DetectorWindow) {
        let call = work.lane.number
        if begun.insert(call).inserted {
            out.append(.begin, call: call, bytes: 0)
            work.begin(window)
            _ = work.takeRestart()
        }
        if work.outstanding > Self.outstandingAtMost || link.backlog > Self.backlogAtMost {
            // Answers to what is under way still come; they are counted off before new ones count.
            if work.letGo() { counters.add(.skipped) }
            return
        }
        if work.takeRestart() { out.append(.reset, call: call, bytes: 0) }
        while work.next({ samples in
            out.append(.audio, call: call, bytes: samples.count * 2)
            out.append(samples: samples)
        }) {}
    }

    /// Calls that are over.
    private func forget() {
        for (number, work) in works where work.lane.hasLeft {
            works[number] = nil
            guard begun.remove(number) != nil, isReady else { continue }
            owed += work.outstanding
            out.removeAll(keepingCapacity: true)
            out.append(.end, call: number, bytes: 0)
            _ = link.send(out)
        }
    }

    // MARK: Answers

    private func takeLines(_ now: UInt64) {
        var answers: [StageAnswer?] = []
        let isThere = link.lines { answers.append(StageAnswer($0)) }
        for answer in answers {
            switch phase {
            case .down: return
            case .starting: introduce(answer, now)
            case .up: take(answer, now)
            }
        }
        guard !isThere else { return }
        if case .down = phase { return }
        if isReady {
            fail(.ended, "it has ended", now)
        } else {
            fail(.notStarted, "it ended before its first line", now)
        }
    }

    private func introduce(_ answer: StageAnswer?, _ now: UInt64) {
        guard let answer else { return fail(.notStarted, "its first line is no JSON object", now) }
        do throws(StageFault) { begin(try answer.introduction(), now) } catch {
            fail(.notStarted, error.description, now)
        }
    }

    private func take(_ answer: StageAnswer?, _ now: UInt64) {
        guard let answer, let call = answer.call else { return misunderstood(nil, now) }
        guard let work = works[call] else {
            // The last answers of a call that is over are no fault.
            guard owed > 0 else { return misunderstood(nil, now) }
            owed -= 1
            return
        }
        // Nor has one been asked for that nobody waits for: a program that never stops would be read for ever.
        guard let activity = answer.activity, work.outstanding > 0 else { return misunderstood(work, now) }
        quietSince = now
        work.answered(activity)
        if !activity.isInRange { misunderstood(nil, now) }
    }

    private func misunderstood(_ work: LaneWork?, _ now: UInt64) {
        work?.answeredWrongly()
        wrong += 1
        guard wrong >= Self.wrongAtMost else { return }
        fail(.wrong, "\(wrong) lines that are no answer", now)
    }
}
