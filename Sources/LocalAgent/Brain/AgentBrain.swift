/// Decides what the agent says. Runs on a worker thread and may block.
protocol AgentBrain: Sendable {
    /// Gives pieces in order, until it returns.
    /// - Parameter isCancelled: nobody wants the rest any more.
    func answer(
        _ request: AnswerRequest, isCancelled: @escaping @Sendable () -> Bool, give: (AnswerPiece) -> Void
    ) throws(BrainError)
}

/// What an answer is made from.
struct AnswerRequest: Equatable, Sendable {
    enum Occasion: Equatable, Sendable {
        /// These words, whatever else.
        case exactly(String)
        /// The caller said this; empty when it was not understood.
        case heard(String)
        /// Nobody has spoken yet.
        case opening
        /// A function was run for the agent.
        case toolOutput(name: String, output: String)
        /// The caller says nothing.
        case silence
    }

    struct Line: Equatable, Sendable {
        enum Speaker: String, Sendable { case system, user, assistant }
        var speaker: Speaker
        var text: String
    }

    struct Tool: Equatable, Sendable {
        var name: String
        var description: String
        var parameters: JSONValue
    }

    var occasion: Occasion
    var instructions: String
    /// What the client wants of this response in particular.
    var directive: String? = nil
    /// What was said so far, the occasion included.
    var history: [Line]
    /// Functions that may be called now.
    var tools: [Tool]
    var maximumTokens: Int?
}

/// A part of an answer.
enum AnswerPiece: Equatable, Sendable {
    /// A sentence or several, to be spoken.
    case say(String)
    /// A function to run; the arguments are a JSON object.
    case call(name: String, arguments: String)
}

/// Why there is no answer, or no more of it.
struct BrainError: Error, Equatable, Sendable {
    /// As `response.done` reports it.
    var code: String
    var message: String
}
