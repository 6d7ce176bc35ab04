import CarrierPhone
import Conversation
import Foundation
import LocalAgent
import MediaBridge
import Synchronization

/// Shows a call as it happens, and remembers what the checks will ask for. Called from shards, the phone's loop and the
/// recorder; prints off all of them.
final class DemoScreen: ServiceObserver {
    struct Seen: Sendable {
        var turns: [Int: Turn] = [:]
        var notes: [ConversationNote: Int] = [:]
        var ending: HangUpReason?
        var books: CallBooks?
        var recordings: [String] = []
        var recordingFailure: String?
        var isRecorded = false
        fileprivate var shownTurns: Set<Int> = []
        fileprivate var began: ContinuousClock.Instant?
    }

    private let state = Mutex(Seen())
    private let printer = DispatchQueue(label: "screen")

    var seen: Seen { state.withLock { $0 } }

    /// The call has ended and its recording is closed, or five seconds have passed.
    func settled() async {
        for _ in 0..<100 {
            let isDone = state.withLock { $0.ending != nil && $0.isRecorded }
            if isDone { break }
            try? await Task.sleep(for: .milliseconds(50))
        }
        printer.sync {}
    }

    // MARK: The service

    func callBegan(_ call: String) { state.withLock { $0.began = .now } }

    func turn(_ call: String, _ turn: Turn) {
        let line: String? = state.withLock { seen in
            seen.turns[turn.index] = turn
            guard turn.endedAt != nil, !turn.text.isEmpty, seen.shownTurns.insert(turn.index).inserted else {
                return nil
            }
            return Self.describe(turn)
        }
        if let line { show(line) }
    }

    func note(_ call: String, _ note: ConversationNote, at: CallInstant) {
        state.withLock { $0.notes[note, default: 0] += 1 }
        let words: String? =
            switch note {
            case .interruptionPending: "the caller makes a sound: the agent pauses"
            case .interruptionConfirmed: "it is speech: the agent falls silent, playout is cleared"
            case .interruptionRejected: "it was nothing: the agent goes on with the very next sample"
            default: nil
            }
        if let words { show("\(Self.time(at))        *  \(words)") }
    }

    func callEnded(_ call: String, _ reason: HangUpReason, _ books: CallBooks) {
        state.withLock { seen in
            seen.ending = reason
            seen.books = books
        }
    }

    func recorded(_ call: String, paths: [String], failure: String?) {
        state.withLock { seen in
            (seen.recordings, seen.recordingFailure, seen.isRecorded) = (paths, failure, true)
        }
    }

    // MARK: The caller's end

    func phone(_ event: CarrierPhoneEvent) {
        switch event.kind {
        case .webhookAnswered(let verbs): show("           the webhook answers: \(verbs.joined(separator: ", "))")
        case .utteranceStarted(let index):
            let name = DefaultScript.conversation[index]
            show("\(Self.time(milliseconds: event.atMilliseconds))   caller  plays \(name).wav")
        case .refusedMessage(let why): show("           the phone refuses a message: \(why)")
        case .ended(let party):
            show("\(Self.time(milliseconds: event.atMilliseconds))           \(party.rawValue) hangs up")
        default: break
        }
    }

    // MARK: Lines

    private static func describe(_ turn: Turn) -> String {
        let who = turn.speaker == .caller ? "caller" : " agent"
        var line = "\(time(turn.startedAt))   \(who)  \(turn.text)"
        if turn.interruptedAt != nil { line += " --" }
        var remarks: [String] = []
        if let response = turn.responseMilliseconds { remarks.append("answered \(response) ms after the caller") }
        if let interruption = turn.interruptionMilliseconds {
            remarks.append("silent \(interruption) ms after the onset")
        }
        if !remarks.isEmpty { line += "  [" + remarks.joined(separator: "; ") + "]" }
        guard let latency = turn.latency else { return line }
        return line + "\n" + String(repeating: " ", count: 19) + LatencyBar(latency).text
    }

    private static func time(_ instant: CallInstant) -> String { time(milliseconds: Int(instant.milliseconds)) }

    private static func time(milliseconds: Int) -> String {
        inSeconds(Int64(milliseconds)).leftPadded(to: 8)
    }

    private func show(_ line: String) { printer.async { print(line) } }
}
