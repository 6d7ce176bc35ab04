import SpeechToText

/// What a session wants done. Whoever owns the session does it, in order.
enum AgentEffect: Equatable {
    /// One message to the client.
    case send(String)
    /// Audio deltas are sent like any message, but not while the client's queue is long.
    case work(AgentWork)
    case cancelWork(id: Int)
    case observe(LocalAgentEvent.Kind)
    /// After what was sent.
    case close(code: UInt16, reason: String)
}

/// A job for a worker thread. Its results come back under the same id.
enum AgentWork: Equatable, Sendable {
    case transcribe(id: Int, samples: [Int16], sampleRateHz: Int)
    /// - Parameter output: nil when only text is wanted.
    case answer(id: Int, request: AnswerRequest, output: SpeechOutput?)
}

struct SpeechOutput: Equatable, Sendable {
    var format: WireFormat
    var speed: Double
}

/// What a worker gives back.
enum AgentWorkResult: Sendable {
    case transcribed(id: Int, Result<Transcript, RecognitionError>)
    case sentence(id: Int, SpokenSentence)
    case call(id: Int, name: String, arguments: String)
    /// Nothing more comes for this answer.
    case answered(id: Int, BrainError?)
}
