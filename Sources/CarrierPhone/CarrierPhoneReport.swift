import MulawCodec
import Recording
public import Transport

/// What came of one call. Times are milliseconds since its stream opened.
public struct CarrierPhoneReport: Sendable {
    public enum Party: String, Sendable { case caller, agent }

    public enum Outcome: Sendable, Equatable {
        /// The stream was up and ended.
        case talked(endedBy: Party)
        /// `<Reject>`: the call was never answered.
        case rejected(reason: String)
        /// Answered with verbs that open no stream, as "Say: text".
        case answeredWithoutStream([String])
        /// The webhook or the stream could not be reached, refused, or made no sense.
        case failed(String)
    }

    public struct Turn: Sendable, Equatable {
        public var startMilliseconds: Int
        /// Nil when the call ended first.
        public var endMilliseconds: Int?
    }

    /// A hole inside the agent's speech: the queue ran dry and was filled again soon after, without a clear.
    public struct Gap: Sendable, Equatable {
        public var startMilliseconds: Int, durationMilliseconds: Int
    }

    public var outcome = Outcome.failed("not run")
    public var callSid = "", streamSid = ""
    /// From opening to the end of the stream.
    public var durationMilliseconds = 0

    public var framesSent = 0
    /// Frames the bounded send queue had no room for.
    public var framesNotSent = 0
    public var mediaMessagesReceived = 0
    public var bytesReceived = 0, bytesPlayed = 0, bytesCleared = 0
    /// Beyond the ten minutes that a carrier queues.
    public var bytesOverflowed = 0
    /// Most audio that waited at once.
    public var largestQueueMilliseconds = 0
    public var clears: [Int] = []
    public var marksReceived = 0, marksEchoed = 0, marksEchoedByClear = 0
    /// Not echoed when the stream ended.
    public var marksOutstanding = 0
    public var refusedMessages = 0
    public var firstRefusal: String?

    /// First media message, received; first sound of the agent, played.
    public var firstMediaMilliseconds: Int?, firstAgentSoundMilliseconds: Int?
    public var agentTurns: [Turn] = []
    /// When each utterance and key began; nil for those that never came due.
    public var utterancesStarted: [Int?] = [], keysPressed: [Int?] = []
    public var gaps: [Gap] = []

    /// How late our own clock was: more than a few milliseconds void a measurement.
    public var timerLatenessMaximumMicroseconds = 0
    /// Ticks more than 2 ms late.
    public var lateTicks = 0

    public var close: WebSocketClose?
    /// Verbs of the answer to `<Connect action>`, when the agent ended the stream and there was one.
    public var afterStream: [String]?
    /// Why that answer could not be had.
    public var afterStreamFailure: String?
    /// HTTP status of each status callback; 0 when it could not be delivered.
    public var statusCallbacks: [(event: String, httpStatus: Int)] = []

    /// What the caller heard and said, mu-law, from the stream's first frame on. Empty unless kept.
    public var heardAudio: [UInt8] = [], saidAudio: [UInt8] = []

    public var heardSamples: [Int16] { heardAudio.map { MulawDecoder.decode($0) } }
    public var saidSamples: [Int16] { saidAudio.map { MulawDecoder.decode($0) } }

    /// What the caller heard, mono at 8 kHz.
    public func writeHeardAudio(path: String) throws(CarrierPhoneError) {
        try write(heardSamples, channels: 1, path: path)
    }

    /// The caller left, what the caller heard right.
    public func writeBothSides(path: String) throws(CarrierPhoneError) {
        let said = saidSamples, heard = heardSamples
        var both: [Int16] = []
        for index in 0..<max(said.count, heard.count) {
            both.append(index < said.count ? said[index] : 0)
            both.append(index < heard.count ? heard[index] : 0)
        }
        try write(both, channels: 2, path: path)
    }

    private func write(_ samples: [Int16], channels: Int, path: String) throws(CarrierPhoneError) {
        do throws(RecordingError) {
            try WAVFile(format: WAVFormat(channels: channels, sampleRateHz: 8_000), samples: samples).write(path: path)
        } catch {
            throw CarrierPhoneError(error.message)
        }
    }
}
