public import Conversation

/// How a tenant's agent takes turns with a caller: interruption, silence, and who may have picked up.
public struct TurnTaking: Sendable, Equatable {
    public var turns = ConversationPolicy.Turns.ours
    public var greetingProtectionMilliseconds = 0
    public var allowInterruptions = true
    /// Speech over the agent for this long interrupts it, as the local detector hears it.
    public var confirmationMilliseconds = 160
    /// Messages of the agent that hold one of these are heard to their end.
    public var protectedMessages: [String] = []
    /// Utterances of nothing but these do not interrupt.
    public var backchannels: [String] = []
    /// Utterances of fewer words do not interrupt; 0: words are not counted.
    public var minimumWords = 0
    /// Speech of this length interrupts without its words being known.
    public var briefSpeechMilliseconds = 700
    /// How long the agent stays silent for the words of a brief utterance.
    public var wordsWaitMilliseconds = 500
    public var lateWords = ConversationPolicy.LateWords.resume
    public var keepBackchannels = false
    /// Silence of both sides before the agent asks, and again before it says goodbye.
    public var silenceSeconds = 20
    public var silencePrompts = 1
    public var silencePrompt: String?
    public var silenceGoodbye: String?
    public var answeringMachine = ConversationPolicy.AnsweringMachine.ignore
    public var answeringMachineMessage: String?

    public init() {}

    var asksForWords: Bool { minimumWords > 0 || !backchannels.isEmpty }

    /// Writes these settings into a call's policy.
    func apply(to policy: inout ConversationPolicy) {
        policy.turns = turns
        policy.greetingProtectionMilliseconds = Int64(greetingProtectionMilliseconds)
        policy.allowInterruptions = allowInterruptions
        // An onset is given time to be confirmed, dips of the voice included; agreement never comes before it.
        policy.confirmInterruptionMilliseconds = max(400, Int64(confirmationMilliseconds) + 240)
        policy.agreementMilliseconds = max(200, Int64(confirmationMilliseconds) + 40)
        policy.protectedMessages = SpokenPhrases(protectedMessages)
        policy.backchannels = SpokenPhrases(backchannels)
        policy.minimumWords = minimumWords
        policy.briefSpeechMilliseconds = Int64(briefSpeechMilliseconds)
        policy.wordsWaitMilliseconds = Int64(wordsWaitMilliseconds)
        policy.lateWords = lateWords
        policy.keepsBackchannels = keepBackchannels
        policy.silenceMilliseconds = Int64(silenceSeconds) * 1_000
        policy.silencePrompts = silencePrompts
        policy.silencePromptText = silencePrompt ?? ""
        policy.silenceGoodbyeText = silenceGoodbye ?? ""
        policy.answeringMachine = answeringMachine
        policy.answeringMachineMessage = answeringMachineMessage ?? ""
    }

    // MARK: In the file, among the tenant's other fields

    init(reading fields: FieldReader) {
        turns = fields.choice("turns", default: turns)
        greetingProtectionMilliseconds = fields.integer(
            "greetingProtectionMilliseconds", in: 0...30_000, default: greetingProtectionMilliseconds)
        allowInterruptions = fields.boolean("allowInterruptions", default: allowInterruptions)
        confirmationMilliseconds = fields.integer(
            "confirmationMilliseconds", in: 60...1_000, default: confirmationMilliseconds)
        protectedMessages = Self.phrases("protectedMessages", fields)
        backchannels = Self.phrases("backchannels", fields)
        minimumWords = fields.integer("minimumWords", in: 0...10, default: minimumWords)
        briefSpeechMilliseconds = fields.integer(
            "briefSpeechMilliseconds", in: 200...2_000, default: briefSpeechMilliseconds)
        wordsWaitMilliseconds = fields.integer("wordsWaitMilliseconds", in: 0...3_000, default: wordsWaitMilliseconds)
        lateWords = fields.choice("lateWords", default: lateWords)
        keepBackchannels = fields.boolean("keepBackchannels", default: keepBackchannels)
        silenceSeconds = fields.integer("silenceSeconds", in: 3...600, default: silenceSeconds)
        silencePrompts = fields.integer("silencePrompts", in: 0...5, default: silencePrompts)
        silencePrompt = fields.optionalString("silencePrompt", literally: true)
        silenceGoodbye = fields.optionalString("silenceGoodbye", literally: true)
        answeringMachine = fields.choice("answeringMachine", default: answeringMachine)
        answeringMachineMessage = fields.optionalString("answeringMachineMessage", literally: true)
        check(fields)
    }

    private static func phrases(_ key: String, _ fields: FieldReader) -> [String] {
        let phrases = fields.strings(key)
        for (index, phrase) in phrases.enumerated() where SpokenPhrases.words(of: phrase.text).isEmpty {
            fields.document.report(phrase.mark, "\(fields.path).\(key)[\(index)]", "no word in it; words were expected")
        }
        return phrases.map(\.text)
    }

    private func check(_ fields: FieldReader) {
        if asksForWords, turns == .model {
            fields.report(
                backchannels.isEmpty ? "minimumWords" : "backchannels",
                "needs `turns: ours`; with `turns: model` the model interrupts before any word is known")
        }
        if answeringMachine == .leaveMessage, answeringMachineMessage?.isEmpty != false {
            fields.report("answeringMachine", "`leaveMessage` needs `answeringMachineMessage`, the words to leave")
        }
        if answeringMachine != .leaveMessage, answeringMachineMessage != nil {
            fields.report("answeringMachineMessage", "is only said with `answeringMachine: leaveMessage`")
        }
    }
}
