import AudioPipeline

/// A response under way: what was made so far and how far it was sent.
struct ActiveResponse {
    let id: String
    /// False: out of band, the conversation does not hear of it.
    let isInConversation: Bool
    let metadata: JSONValue
    let speaks: Bool
    let output: SpeechOutput
    let voice: JSONValue
    let maximumTokens: Int?
    var plan: Plan

    struct Plan {
        var instructions: String
        var directive: String?
        /// Said word for word.
        var exactly: String?
        var tools: [JSONValue]
        /// Instead of the conversation.
        var input: [ConversationItem]?
        /// Nobody answered in time.
        var isIdle = false
    }

    enum Stage: Equatable {
        /// For the transcript of what the caller said.
        case waiting
        case generating(work: Int)
    }
    var stage = Stage.waiting

    var sentences: [SpokenSentence] = []
    var calls: [(name: String, arguments: String)] = []
    var isGenerated = false
    var failure: BrainError?

    /// The message item, once opened.
    var messageID: String?
    var outputIndex = 0
    /// Finished output items.
    var outputItems: [JSONValue] = []
    /// Of `sentences`: those wholly sent, and bytes and characters sent of the next.
    var sentSentences = 0, sentBytes = 0, sentCharacters = 0
    /// What was sent in all.
    var transcript = ""
    var audioBytes = 0
    /// When the first audio was sent, in nanoseconds.
    var firstAudio: UInt64?
    /// When the next audio may be sent.
    var due: UInt64?

    var audioMilliseconds: Int { audioBytes / output.format.audioFormat.bytesPerMillisecond }
    var outputTokens: (text: Int, audio: Int) { ((transcript.utf8.count + 3) / 4, audioMilliseconds / 50) }
    var isExhausted: Bool {
        guard let maximumTokens else { return false }
        return outputTokens.text + outputTokens.audio >= maximumTokens
    }

    init(
        id: String, isInConversation: Bool, metadata: JSONValue, speaks: Bool, output: SpeechOutput, voice: JSONValue,
        maximumTokens: Int?, plan: Plan
    ) {
        (self.id, self.isInConversation, self.metadata, self.speaks) = (id, isInConversation, metadata, speaks)
        (self.output, self.voice, self.maximumTokens, self.plan) = (output, voice, maximumTokens, plan)
    }
}
