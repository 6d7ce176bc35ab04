import AudioPipeline
import Conversation

/// What a shard counts. One writer, the shard's thread; Telemetry reads.
enum ShardCount: UInt8, CounterName {
    // Frames of 20 ms.
    case framesIn, framesOfEcho, framesToModel, framesOut, lostByCarrier
    // Samples at 8 kHz.
    case samplesFromModel, samplesCleared, samplesCancelled, droppedOverrun, droppedStale, droppedEnded
    case duplicated, outboundTrack, messagesMissing
    // Holes that a caller heard; gaps in sending, and those of them that the carrier's buffer covered.
    case holesModelLate, holesOurs, holesCarrier, holeMilliseconds, gapsCovered, sendGapMilliseconds
    case turnsHeardByMarks, turnsHeardByClock
    case ticksLate, ticksMissed, framesOverBudget, stagesDemoted
    // A tenant's own detector was given up for the energy detector, and believed again.
    case detectorFallbacks, detectorReturns
    case callsBegun, callsEnded, streamsDeclined, ledgerImbalance
    case warmOpened, warmAdopted, warmDropped
    case modelConnects, modelLost, modelPaused
    case carrierMalformed, carrierUnknown, modelMalformed, modelUnknown
    case carrierRefusedSend, modelRefusedSend
    case storeRefused, recordingSkipped, journalsBroken
}

/// One count for each `ConversationNote`, in its order.
struct NoteCount: CounterName {
    let rawValue: UInt8
    static var allCases: [NoteCount] { ConversationNote.allCases.indices.map { NoteCount(rawValue: UInt8($0))! } }
    init?(rawValue: UInt8) { self.rawValue = rawValue }
    init(_ note: ConversationNote) { rawValue = UInt8(ConversationNote.allCases.firstIndex(of: note)!) }
    var note: ConversationNote { ConversationNote.allCases[Int(rawValue)] }
}

/// One count for each `HangUpReason`, in its order.
struct HangUpCount: CounterName {
    let rawValue: UInt8
    static var allCases: [HangUpCount] { HangUpReason.allCases.indices.map { HangUpCount(rawValue: UInt8($0))! } }
    init?(rawValue: UInt8) { self.rawValue = rawValue }
    init(_ reason: HangUpReason) { rawValue = UInt8(HangUpReason.allCases.firstIndex(of: reason)!) }
    var reason: HangUpReason { HangUpReason.allCases[Int(rawValue)] }
}
