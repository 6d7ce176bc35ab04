/// Something that happened in a call, as the caller's side saw it.
public struct CarrierPhoneEvent: Sendable, Equatable {
    public enum Kind: Sendable, Equatable {
        /// The verbs of the webhook's answer.
        case webhookAnswered([String])
        case streamOpened
        /// Heard, not received: playout has reached it. Turns count from 1.
        case agentStartedSpeaking(turn: Int)
        case agentStoppedSpeaking(turn: Int)
        case utteranceStarted(index: Int)
        case utteranceEnded(index: Int)
        case keyPressed(Character)
        /// The bridge asked to drop the queue, which held this many bytes.
        case cleared(bytes: Int)
        case markEchoed(name: String, byClear: Bool)
        /// A message that a carrier would complain about.
        case refusedMessage(String)
        case ended(CarrierPhoneReport.Party)
    }

    public let kind: Kind
    /// Since the stream opened; 0 before it.
    public let atMilliseconds: Int
}
