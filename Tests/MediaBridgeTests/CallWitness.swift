import Conversation
import MediaBridge
import Synchronization

/// Writes down what a service tells of its calls.
final class CallWitness: ServiceObserver {
    struct Seen {
        var began: [String] = []
        /// The newest version of each turn, in order.
        var turns: [Turn] = []
        var notes: [ConversationNote: Int] = [:]
        var ending: HangUpReason?
        var endings = 0
        var books: CallBooks?
        var recordings: [String] = []
        var recordingFailure: String?

        /// One line of the call's books, in samples at 8 kHz; -1 when there is none.
        func samples(_ line: String) -> Int { books?.counts[line].map { Int($0) } ?? -1 }
    }

    private let calls = Mutex<[String: Seen]>([:])

    subscript(call: String) -> Seen { calls.withLock { $0[call] ?? Seen() } }
    var all: [String: Seen] { calls.withLock { $0 } }

    func callBegan(_ call: String) { calls.withLock { $0[call, default: Seen()].began.append(call) } }

    func turn(_ call: String, _ turn: Turn) {
        calls.withLock { calls in
            var turns = calls[call]?.turns ?? []
            if let place = turns.firstIndex(where: { $0.index == turn.index }) {
                turns[place] = turn
            } else {
                turns.append(turn)
            }
            calls[call, default: Seen()].turns = turns
        }
    }

    func note(_ call: String, _ note: ConversationNote, at: CallInstant) {
        calls.withLock { $0[call, default: Seen()].notes[note, default: 0] += 1 }
    }

    func callEnded(_ call: String, _ reason: HangUpReason, _ books: CallBooks) {
        calls.withLock { calls in
            calls[call, default: Seen()].ending = reason
            calls[call, default: Seen()].endings += 1
            calls[call, default: Seen()].books = books
        }
    }

    func recorded(_ call: String, paths: [String], failure: String?) {
        calls.withLock { calls in
            calls[call, default: Seen()].recordings = paths
            calls[call, default: Seen()].recordingFailure = failure
        }
    }
}
