/// How one tenant wants its calls held. All times in milliseconds; the defaults suit a telephone call.
public struct ConversationPolicy: Sendable, Equatable {
    /// Who decides that the caller has finished and an answer is due.
    public enum Turns: String, Sendable, CaseIterable {
        /// We do: the session is configured not to answer or interrupt by itself.
        case ours
        /// The model does: saves a round trip, and a cough or an echo may cancel an answer.
        case model
    }

    /// What is done when a machine picks up an outbound call (S52).
    public enum AnsweringMachine: String, Sendable, CaseIterable {
        /// Talk to it as to anybody.
        case ignore
        case hangUp
        /// Be quiet until its announcement is over, say `answeringMachineMessage` once, hang up when it was heard.
        case leaveMessage
    }
    /// What becomes of an interruption whose words are not known in time.
    public enum LateWords: String, Sendable, CaseIterable {
        /// The agent goes on where it paused. Words that come later and are no backchannel interrupt then.
        case resume
        /// They count as an interruption.
        case interrupt
    }

    public var turns = Turns.ours

    /// What the call is for.
    public enum Mode: String, Sendable, CaseIterable {
        /// An agent speaks with the caller.
        case agent
        /// The call is only listened to: no model, nothing is said, and what a recogniser hears are the turns.
        case transcribe
    }
    public var mode = Mode.agent

    // The session, as `session.updated` must echo it (R3).
    /// `audio/pcmu`, `audio/pcma` or `audio/pcm`.
    public var inputFormat = "audio/pcmu"
    public var outputFormat = "audio/pcmu"
    /// Silence that the model's voice detection awaits before it says that speech has stopped.
    public var modelSilenceMilliseconds: Int64 = 500
    /// Wait for `session.updated` before the one resend.
    public var configureMilliseconds: Int64 = 3_000
    /// From the first try to reach the model, and again from each loss, until the fallback message.
    public var modelGiveUpMilliseconds: Int64 = 8_000
    /// First wait before the model is tried again; doubles with each try, up to 2 s.
    public var reconnectMilliseconds: Int64 = 250
    /// Tries after one loss before the fallback message.
    public var reconnectAttempts = 5
    /// Sessions that one call may lose; a model that comes and goes is no model.
    public var maximumModelLosses = 8
    /// Addresses in the tenant's chain, 1 ... `ModelRoute.capacity`.
    public var modelRoutes = 1
    /// From opening a session at one address to its being ready, when there is another address to try.
    public var routeMilliseconds: Int64 = 3_000
    /// Age at which a session is renewed when the provider does not say when it expires; 0: never.
    public var renewalMilliseconds: Int64 = 3_300_000
    /// How long before its expiry, where the provider says it, a session is renewed; a quarter of its life at most.
    public var renewalMarginMilliseconds: Int64 = 300_000
    /// How long a prepared session waits for a silence; then the next end of a turn will do.
    public var standbySwitchMilliseconds: Int64 = 60_000
    /// From opening the next session to its being prepared.
    public var standbyMilliseconds: Int64 = 8_000
    /// Wait before another try to prepare one.
    public var standbyRetryMilliseconds: Int64 = 10_000
    /// What the fallback message says, for the turn that is stored.
    public var fallbackText = ""

    // The carrier.
    /// Rate of the audio that the carrier plays, in samples per second.
    public var carrierSampleRateHz = 8_000
    /// False for a carrier that echoes no marks: then only the paced clock says what was heard.
    public var carrierEchoesMarks = true
    /// How long after the computed end of a message its mark may still come before the clock is believed instead.
    public var markGraceMilliseconds: Int64 = 2_000
    /// Audio that waits this long without a frame being sent means that a stage of ours has died.
    public var playoutStallMilliseconds: Int64 = 10_000

    // Greeting and interruption.
    /// Whether the agent speaks first.
    public var greets = true
    /// This call was greeted before, by a process that is gone: it is taken up again with a word of excuse (R4).
    public var wasGreeted = false
    /// The caller cannot interrupt the first milliseconds of the greeting; what is said then is kept and answered.
    public var greetingProtectionMilliseconds: Int64 = 0
    /// False: the agent always finishes; what is said meanwhile is kept and answered.
    public var allowInterruptions = true
    /// A message of the agent that holds one of these phrases is heard to its end, like a legal notice; what is said
    /// meanwhile is kept and answered. With turns of the model's only what it had said already can be kept (S39).
    public var protectedMessages: SpokenPhrases = []
    /// A pending interruption that nothing has confirmed by then is rejected.
    public var confirmInterruptionMilliseconds: Int64 = 400
    /// A pending interruption is confirmed this long after its onset when the model hears speech as well: longer than a
    /// click takes to lapse.
    public var agreementMilliseconds: Int64 = 200
    /// Speech that only the model hears interrupts after this long; nil, the default, means never: on a line with echo
    /// the model hears the agent itself.
    public var modelSpeechAloneMilliseconds: Int64?
    /// An answer of which nothing was played yet is withdrawn when the caller goes on speaking.
    public var withdrawsUnheardAnswer = true
    /// Withdrawn, and the caller's new words were never committed: answer after this long instead of never.
    public var withdrawnAnswerMilliseconds: Int64 = 2_000
    /// An utterance of nothing but these is no interruption (S30); none: words are not asked for.
    public var backchannels: SpokenPhrases = []
    /// An utterance of fewer words is no interruption; 0: words are not counted.
    public var minimumWords = 0
    /// Speech of at least this length interrupts without its words being asked for.
    public var briefSpeechMilliseconds: Int64 = 700
    /// Silence after which the local detector tells that speech has ended.
    public var voiceHangoverMilliseconds: Int64 = 300
    /// How long the agent stays silent for the words of a brief utterance once its end is known.
    public var wordsWaitMilliseconds: Int64 = 500
    public var lateWords = LateWords.resume
    /// After this long without words an utterance is taken for a turn like any other.
    public var wordsGiveUpMilliseconds: Int64 = 3_000
    /// What was no interruption stays in the history and in the store, unanswered; false: it is deleted.
    public var keepsBackchannels = false
    /// A key pressed during a message ends the message.
    public var digitsInterrupt = true
    /// Keys pressed within this time of each other are one entry.
    public var digitGapMilliseconds: Int64 = 1_500

    // Answers and tools.
    /// With turns of the model's: how long its own answer to a turn may take to begin before we ask for one.
    public var modelAnswerMilliseconds: Int64 = 3_000
    /// From the request of a response to its first audio or tool call.
    public var responseStartMilliseconds: Int64 = 8_000
    public var toolTimeoutMilliseconds: Int64 = 8_000
    /// A tool that runs longer gets a short "one moment" from the agent; nil: none.
    public var toolFillerMilliseconds: Int64?
    /// Responses in a row that answer tool outputs without a word of the caller.
    public var maximumToolRounds = 8
    /// Responses in a row that the model began by itself without a word of the caller.
    public var maximumSelfAnswers = 3

    // Errands of the carrier.
    /// How long the carrier may have the call: a person who has not refused it by then has taken it.
    public var errandMilliseconds: Int64 = 60_000
    /// From word that nobody was reached to the stream's return.
    public var errandReturnMilliseconds: Int64 = 15_000
    /// The destination that takes the call after the fallback message; empty: nobody, the call is hung up.
    public var transferWhenModelUnavailable = ""

    // The end.
    /// True silence of both sides before a prompt, and again before the goodbye.
    public var silenceMilliseconds: Int64 = 20_000
    /// How often a silent caller is asked whether he is there before the goodbye.
    public var silencePrompts = 1
    /// What he is asked, word for word, and what is said before hanging up on him; empty: the model finds the words.
    public var silencePromptText = ""
    public var silenceGoodbyeText = ""
    public var answeringMachine = AnsweringMachine.ignore
    /// What is said to a machine, word for word.
    public var answeringMachineMessage = ""
    /// The message is said after this long even when nobody told that the announcement is over, and after this much
    /// silence of the machine.
    public var machineWaitMilliseconds: Int64 = 30_000
    public var machineSilenceMilliseconds: Int64 = 4_000
    public var maximumDurationMilliseconds: Int64 = 3_600_000
    /// Tokens of all kinds that one call may use; nil: no limit (S51).
    public var maximumTokens: Int64?
    /// Millionths of the currency's unit that one call may cost by `prices`; nil: no limit.
    public var maximumCostMicros: Int64?
    public var prices = PriceTable()
    /// A goodbye that has not begun or not been heard by then is not waited for.
    public var goodbyeLimitMilliseconds: Int64 = 15_000
    /// The agent's own goodbye gives way when the caller goes on speaking.
    public var goodbyeIsInterruptible = true
    /// How long the model is kept after the hang-up for the last transcript.
    public var transcriptGraceMilliseconds: Int64 = 800

    public init() {}
}
