import AudioPipeline
import CLinux
import SpeechToText

/// The work of a remote recogniser's thread: its life, its sound, its answers. That one says nothing is no fault: nobody
/// may be speaking.
final class RecognizerRound {
    private let link: any StageLink
    private let limits: RemoteLimits
    private let desk: RecognizerDesk
    private enum Phase {
        case down(until: UInt64)
        case starting(since: UInt64)
        case up(since: UInt64)
    }
    private var phase = Phase.down(until: 0)
    private var pause = RemoteRound.firstPause
    private var wrong = 0
    private var nextLook: UInt64 = 0
    /// Answers since the last look that nobody waits for.
    private var unread = 0
    /// In a second; the last words of calls that are over are fewer.
    private static let unreadAtMost = 10_000

    init(_ link: any StageLink, limits: RemoteLimits, desk: RecognizerDesk) {
        (self.link, self.limits, self.desk) = (link, limits, desk)
    }

    func run() {
        while !desk.isStopping { turn(media_bridge_monotonic_nanoseconds()) }
        desk.down("it was stopped")
        link.close()
    }

    private func turn(_ now: UInt64) {
        switch phase {
        case .down(let until):
            guard now >= until else { return link.wait(milliseconds: 20) }
            phase = .starting(since: now)
            desk.starting()
            do throws(StageFault) { try link.open() } catch { return fail(error.description, now) }
        case .starting(let since):
            takeLines(now)
            if case .starting = phase, now &- since > UInt64(limits.startSeconds) * 1_000_000_000 {
                fail("no first line in \(limits.startSeconds) s", now)
            }
        case .up:
            let out = desk.takeOutgoing()
            if !out.isEmpty || link.backlog > 0, !link.send(out) { return fail("it has ended", now) }
            if link.backlog > RecognizerDesk.backlogAtMost {
                return fail("it has not taken \(link.backlog >> 10) KB of sound", now)
            }
            takeLines(now)
            look(now)
        }
        link.wait(milliseconds: 10)
    }

    private func look(_ now: UInt64) {
        guard now >= nextLook, case .up = phase else { return }
        (nextLook, unread) = (now &+ 1_000_000_000, 0)
        if let bytes = link.residentBytes, bytes > limits.memoryMegabytes << 20 {
            fail("\(bytes >> 20) MB resident, \(limits.memoryMegabytes) MB are allowed", now)
        }
    }

    private func fail(_ detail: String, _ now: UInt64) {
        let words = link.lastWords
        link.close()
        if case .up(let since) = phase, now &- since > RemoteRound.goodLife { pause = RemoteRound.firstPause }
        phase = .down(until: now &+ pause)
        pause = min(pause * 2, RemoteRound.longestPause)
        desk.down(words.isEmpty ? detail : "\(detail); its last words: \(words)")
    }

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
        if case .down = phase { return }
        guard !isThere else { return }
        if case .up = phase { fail("it has ended", now) } else { fail("it ended before its first line", now) }
    }

    private func introduce(_ answer: StageAnswer?, _ now: UInt64) {
        guard let answer else { return fail("its first line is no JSON object", now) }
        guard answer.role == "stt", answer.version ?? 1 == 1 else {
            return fail("the first line says role `\(answer.role ?? "")`; `stt` was expected", now)
        }
        guard let rate = answer.sampleRateHz, [8_000, 16_000, 24_000, 48_000].contains(rate) else {
            return fail(
                "the first line says \(answer.sampleRateHz ?? 0) Hz; 8000, 16000, 24000 or 48000 was expected", now)
        }
        (phase, wrong, nextLook) = (.up(since: now), 0, now)
        desk.up(sampleRateHz: rate, isStreaming: answer.streaming == true)
    }

    private func take(_ answer: StageAnswer?, _ now: UInt64) {
        if let answer, let call = answer.call, answer.isRecognizers {
            guard !desk.said(answer, of: call) else { return }
            unread += 1
            if unread > Self.unreadAtMost { fail("\(unread) answers in a second for calls that are over", now) }
            return
        }
        wrong += 1
        if wrong >= RemoteRound.wrongAtMost { fail("\(wrong) lines that are no answer", now) }
    }
}

extension StageAnswer {
    /// It says something that a recogniser may say.
    fileprivate var isRecognizers: Bool { result != nil || done == true || error != nil }
}
