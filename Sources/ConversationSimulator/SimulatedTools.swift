import Conversation

/// What the tools of a simulated call do: answer, fail, take their time, or never come back.
struct SimulatedTools {
    enum Outcome: BitwiseCopyable { case ok, error, slow(Int64), never }

    /// For the next calls, in order; then each is well in 150 ms.
    private var outcomes: [Outcome] = []
    private(set) var runs = 0

    mutating func plan(_ outcome: Outcome) { outcomes.append(outcome) }

    /// - Returns: after how long the result comes, nil for never, and what it is.
    mutating func run() -> (after: Int64?, output: String) {
        runs += 1
        switch outcomes.isEmpty ? .ok : outcomes.removeFirst() {
        case .ok: return (150, #"{"ok":true}"#)
        case .error: return (80, #"{"error":"no such order"}"#)
        case .slow(let milliseconds): return (milliseconds, #"{"ok":true}"#)
        case .never: return (nil, "")
        }
    }
}
