import AudioPipeline
public import Conversation
import Synchronization

/// How a journal stands; written once by the shard, read by the writer's thread.
final class JournalEnding: Sendable {
    enum State: UInt8 { case open, complete, broken }
    private let state = Atomic<UInt8>(State.open.rawValue)

    /// Releasing: every record pushed before is there for whoever sees the end. The first word holds.
    func set(_ end: State) {
        _ = state.compareExchange(
            expected: State.open.rawValue, desired: end.rawValue, successOrdering: .releasing,
            failureOrdering: .relaxed)
    }

    var value: State { State(rawValue: state.load(ordering: .acquiring)) ?? .open }
}

extension JournalEnding.State {
    /// The last record of a journal that ended so.
    var mark: [UInt8] {
        switch self {
        case .open: []
        case .complete: [JournalRecord.Kind.complete.rawValue]
        case .broken: [JournalRecord.Kind.broken.rawValue]
        }
    }
}

/// The shard's end of a call's journal. Never waits and never fails: a record that finds no room ends the journal there,
/// marked broken, and the call goes on without one. Shard thread. Records of the frame path allocate nothing.
public struct JournalTap: ~Copyable {
    /// Bytes that wait for the writer's thread: over ten seconds of audio. Also the longest record.
    public static let ringBytes = 128 * 1024

    private var encoder = JournalEncoder(shortensNames: true, capacity: 4_096)
    private var ring: SampleWriter<UInt8>
    private let ending: JournalEnding
    public let keepsAudio: Bool
    private var memory = JournalRecord.Memory()
    /// The encoder holds a frame that was sent and whose mark has not been asked for yet.
    private var holdsFrame = false
    /// The ring was full once: nothing more is written.
    public private(set) var isBroken = false

    init(_ ring: consuming SampleWriter<UInt8>, ending: JournalEnding, keepsAudio: Bool) {
        self.ring = ring
        self.ending = ending
        self.keepsAudio = keepsAudio
    }

    /// The last of what the encoder holds goes out; nothing may be written after it.
    public mutating func end() {
        letGo()
        ending.set(.complete)
    }

    // MARK: Edges

    /// - Parameter first: index of the event's first action.
    public mutating func happened(
        _ event: borrowing ConversationEvent, at now: CallInstant, _ actions: borrowing ActionList, from first: Int
    ) {
        guard begin(.event, at: now) else { return }
        encoder.put(copy event)
        encoder.unsigned(UInt64(actions.count - first))
        for index in first..<actions.count { encoder.put(actions[index]) }
        push()
    }

    // MARK: Frames

    public mutating func admitted(response: WireID, item: WireID, at now: CallInstant, _ verdict: AudioVerdict) {
        if memory.response == response, memory.item == item, verdict == .play(memory.admitted) {
            if begin(.admittedAgain, at: now) { push() }
            return
        }
        guard begin(.admitted, at: now) else { return }
        (memory.response, memory.item) = (response, item)
        if case .play(let playout) = verdict { memory.admitted = playout }
        encoder.name(response)
        encoder.name(item)
        encoder.put(verdict)
        push()
    }

    public mutating func queued(_ item: PlayoutItem, samples: Int, at now: CallInstant) {
        guard begin(item == memory.queued ? .queuedAgain : .queued, at: now) else { return }
        if item != memory.queued { encoder.put(item) }
        memory.queued = item
        encoder.put(samples)
        push()
    }

    public mutating func sent(_ item: PlayoutItem, samples: Int, at now: CallInstant) {
        if item == memory.sent, samples == JournalRecord.Memory.frameSamples {
            guard !isBroken else { return }
            letGo()
            encoder.kind(JournalRecord.Kind.sentAgain)
            encoder.elapsed(now.nanoseconds - memory.sentAt - JournalRecord.Memory.frameNanoseconds)
            (memory.at, memory.sentAt) = (now.nanoseconds, now.nanoseconds)
            holdsFrame = true
            return
        }
        guard begin(.sent, at: now) else { return }
        encoder.put(item)
        encoder.put(samples)
        (memory.sent, memory.sentAt) = (item, now.nanoseconds)
        push()
    }

    public mutating func marked(itemEnded: Bool, _ mark: PlaybackMark?) {
        guard !isBroken else { return }
        if holdsFrame, !itemEnded, mark == nil {
            encoder.replace(at: 0, with: JournalRecord.Kind.frame.rawValue)
            return letGo()
        }
        letGo()
        encoder.kind(JournalRecord.Kind.mark)
        encoder.put(itemEnded)
        encoder.put(mark)
        push()
    }

    /// One frame of either side, when the journal keeps audio.
    mutating func audio(_ kind: JournalRecord.Kind, _ frame: borrowing Span<UInt8>, at now: CallInstant) {
        guard keepsAudio, begin(kind, at: now) else { return }
        encoder.unsigned(UInt64(frame.count))
        encoder.raw(frame)
        push()
    }

    mutating func missed(frames: Int, at now: CallInstant) {
        guard keepsAudio, begin(.callerMissed, at: now) else { return }
        encoder.put(frames)
        push()
    }

    // MARK: Bytes

    /// - Returns: false when the journal is broken: then nothing is to follow.
    private mutating func begin(_ kind: JournalRecord.Kind, at now: CallInstant) -> Bool {
        guard !isBroken else { return false }
        letGo()
        encoder.kind(kind)
        encoder.elapsed(now.nanoseconds - memory.at)
        memory.at = now.nanoseconds
        return true
    }

    private mutating func letGo() { if holdsFrame { push() } }

    private mutating func push() {
        holdsFrame = false
        if !isBroken {
            // Let go of before the encoder forgets them: shared bytes would be copied.
            let bytes = encoder.bytes
            isBroken = !ring.push(bytes.span)
            if isBroken { ending.set(.broken) }
        }
        encoder.removeAll()
    }
}
