/// Who picked up an outbound call, as the carrier's detection says. It may say so before the stream starts, in the middle
/// of the call, or when the call is over.
public enum AnsweringParty: String, Sendable, Equatable, CaseIterable {
    case human
    /// A machine began to speak its announcement.
    case machineStart
    /// The machine's announcement is over: its beep was heard, or silence, or something else.
    case machineEndBeep, machineEndSilence, machineEndOther
    case fax
    /// The carrier could not tell.
    case unknown

    /// The machine records from now on.
    public var isRecording: Bool {
        switch self {
        case .machineEndBeep, .machineEndSilence, .machineEndOther: true
        case .human, .machineStart, .fax, .unknown: false
        }
    }
}
