/// What the carrier is told when a call's stream is over and it asks what comes next. The one place where that is
/// decided; docs/CALL_STATE_MACHINE.md has the table, and a test reads it.
enum AfterStream: String, CaseIterable {
    case hangUp
    /// The tenant's fallback words, then hang up.
    case sayFallback
    /// The stream is opened once more.
    case streamAgain

    /// What is known of the call.
    enum Situation: String, CaseIterable {
        /// Never announced, another account's, or long over.
        case unknown
        /// It was announced and its stream has not come.
        case waiting
        /// Its stream is up, or the conversation has not ended yet.
        case streaming
        /// It is over, and the caller heard the agent or the fallback voice.
        case spokenTo
        /// It is over, and the caller heard nothing.
        case unspoken
        /// It was up in a process that is gone: begun, and neither ended nor hung up.
        case cutOff
        /// It was hung up, or ended, before this process began.
        case endedBefore
    }

    /// - Parameter hasWords: the tenant's fallback is text: what is a WAV only we could play.
    static func answer(_ situation: Situation, hasWords: Bool) -> AfterStream {
        switch situation {
        case .unknown, .streaming, .spokenTo, .endedBefore: .hangUp
        case .waiting, .unspoken: hasWords ? .sayFallback : .hangUp
        case .cutOff: .streamAgain
        }
    }
}
