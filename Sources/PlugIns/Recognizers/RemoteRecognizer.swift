import AudioPipeline
import CLinux
import Foundation
import SpeechToText
import Transport

/// A recogniser behind a link: one program or server for all calls, fed, watched and started again on a thread of its own.
/// Lives as long as somebody holds it or one of its streams.
final class RemoteRecognizer: Sendable {
    /// A call waits this long for one that is starting; then it tries again, as with any that fails.
    static let patienceMilliseconds = 10_000
    /// And this long for one that has ended, and is started again after its pause.
    static let shortPatienceMilliseconds = 1_000
    static let finishMilliseconds = 3_000

    let desk: RecognizerDesk

    /// Starts it at once.
    init(_ link: any StageLink, limits: RemoteLimits) {
        let desk = RecognizerDesk()
        self.desk = desk
        // The link is the thread's alone from here on.
        nonisolated(unsafe) let round = RecognizerRound(link, limits: limits, desk: desk)
        let thread = Thread {
            unsafe "plug-in".withCString { unsafe media_bridge_name_thread($0) }
            unsafe round.run()
        }
        thread.start()
    }

    deinit { desk.stop() }

    /// A worker's thread, which may wait: one for a call. What the program said of itself decides how it is fed: as the
    /// sound comes, or an utterance at a time.
    func stream() throws(RecognitionError) -> any StreamingRecognizer {
        var waited = 0
        while true {
            switch desk.state {
            case .up(let rate, let isStreaming, _):
                return isStreaming
                    ? try RemoteStream(self, sampleRateHz: rate)
                    : UtteranceStream(RemoteUtterances(self, sampleRateHz: rate))
            case .down(let reason) where waited >= Self.shortPatienceMilliseconds:
                throw RecognitionError(.engine, reason)
            case .starting where waited >= Self.patienceMilliseconds:
                throw RecognitionError(.engine, "it has not introduced itself")
            default:
                usleep(20_000)
                waited += 20
            }
        }
    }
}

/// What calls and the thread of a remote recogniser tell each other.
final class RecognizerDesk: Sendable {
    enum State: Equatable {
        case starting
        case down(reason: String)
        /// `life` tells one from the next.
        case up(sampleRateHz: Int, isStreaming: Bool, life: Int)
    }
    /// Bytes that may wait to go out, of all calls: four seconds of fifty at 16 kHz.
    static let backlogAtMost = 8 << 20
    /// Answers of one call that may wait to be read.
    static let answersAtMost = 4_096

    private struct Held {
        var state = State.starting
        var life = 0
        var reason = ""
        var outgoing: [UInt8] = []
        var answers: [UInt32: [StageAnswer]] = [:]
        var last: UInt32 = 0
        var isStopping = false
    }
    private let held = Guarded(Held())

    var state: State { held.withLock { $0.state } }
    var isStopping: Bool { held.withLock { $0.isStopping } }
    func stop() { held.withLock { $0.isStopping = true } }

    // MARK: Calls

    /// - Returns: a number that no other call has, and the life that it belongs to; nil when nobody is up.
    func register() -> (call: UInt32, life: Int)? {
        held.withLock { held in
            guard case .up(_, _, let life) = held.state else { return nil }
            held.last &+= 1
            held.answers[held.last] = []
            return (held.last, life)
        }
    }

    func forget(_ call: UInt32) { held.withLock { $0.answers[call] = nil } }

    /// Whole messages; they stay together.
    func send(_ bytes: [UInt8], life: Int) throws(RecognitionError) {
        let failure: String? = held.withLock { held in
            if let failure = Self.failure(held, life) { return failure }
            guard held.outgoing.count + bytes.count <= Self.backlogAtMost else {
                return "it has not taken \(held.outgoing.count >> 10) KB of sound"
            }
            held.outgoing += bytes
            return nil
        }
        if let failure { throw RecognitionError(.engine, failure) }
    }

    /// The oldest answer that was not taken; nil: none so far.
    func next(_ call: UInt32, life: Int) throws(RecognitionError) -> StageAnswer? {
        let (answer, failure) = held.withLock { held -> (StageAnswer?, String?) in
            if held.answers[call]?.isEmpty == false { return (held.answers[call]?.removeFirst(), nil) }
            if held.answers[call] == nil { return (nil, "it says more than anybody can read") }
            return (nil, Self.failure(held, life))
        }
        if let failure { throw RecognitionError(.engine, failure) }
        return answer
    }

    private static func failure(_ held: Held, _ life: Int) -> String? {
        if case .up(_, _, life) = held.state { return nil }
        return held.reason.isEmpty ? "it has ended" : held.reason
    }

    // MARK: Its thread

    func up(sampleRateHz: Int, isStreaming: Bool) {
        held.withLock { held in
            held.life += 1
            held.outgoing.removeAll()
            held.state = .up(sampleRateHz: sampleRateHz, isStreaming: isStreaming, life: held.life)
        }
    }

    func starting() { held.withLock { $0.state = .starting } }

    func down(_ reason: String) {
        held.withLock { held in
            held.state = .down(reason: reason)
            held.reason = reason
            held.outgoing.removeAll()
        }
    }

    func takeOutgoing() -> [UInt8] {
        held.withLock { held in
            guard !held.outgoing.isEmpty else { return [] }
            defer { held.outgoing.removeAll() }
            return held.outgoing
        }
    }

    /// - Returns: false when nobody waits for it: the call is over.
    func said(_ answer: StageAnswer, of call: UInt32) -> Bool {
        held.withLock { held in
            guard let count = held.answers[call]?.count else { return false }
            if count < Self.answersAtMost { held.answers[call]?.append(answer) } else { held.answers[call] = nil }
            return true
        }
    }
}
