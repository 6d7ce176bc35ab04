import Conversation

/// The records of a journal, one after the other. Whatever the bytes hold, it ends with a sentence and never traps.
package struct JournalRecords {
    /// How the records end.
    enum End: Equatable {
        /// With the call.
        case complete
        /// Where the ring was full.
        case broken
        /// Without a word: the process was killed, or the rest of the file is gone.
        case missing
        /// With bytes that are no record.
        case damaged(String)
    }

    private var decoder: JournalDecoder
    private var memory = JournalRecord.Memory()
    /// A frame record stands for two.
    private var markFollows = false
    private(set) var end: End?

    package init(_ file: JournalFile) { decoder = JournalDecoder(file.records) }

    package mutating func next() -> JournalRecord? {
        guard end == nil else { return nil }
        if markFollows {
            markFollows = false
            return .mark(itemEnded: false, nil)
        }
        guard !decoder.isAtEnd else {
            end = .missing
            return nil
        }
        do throws(JournalDamage) { return try record() } catch {
            end = .damaged(error.what)
            return nil
        }
    }

    private mutating func record() throws(JournalDamage) -> JournalRecord? {
        switch try decoder.kind(JournalRecord.Kind.self) {
        case .event:
            let at = try instant()
            let event: ConversationEvent = try decoder.value()
            return .event(event, at: at, actions: try decoder.value())
        case .admitted:
            let at = try instant()
            let (response, item) = (try decoder.name(), try decoder.name())
            let verdict: AudioVerdict = try decoder.value()
            (memory.response, memory.item) = (response, item)
            if case .play(let playout) = verdict { memory.admitted = playout }
            return .admitted(response: response, item: item, at: at, verdict)
        case .admittedAgain:
            let at = try instant()
            guard let response = memory.response, let item = memory.item else {
                throw decoder.damage("audio of no item")
            }
            return .admitted(response: response, item: item, at: at, .play(memory.admitted))
        case .queued:
            let at = try instant()
            memory.queued = try decoder.value()
            return .queued(memory.queued, samples: try samples(), at: at)
        case .queuedAgain:
            let at = try instant()
            return .queued(memory.queued, samples: try samples(), at: at)
        case .sent:
            let at = try instant()
            (memory.sent, memory.sentAt) = (try decoder.value(), at.nanoseconds)
            return .sent(memory.sent, samples: try samples(), at: at)
        case .sentAgain: return try frame()
        case .frame:
            markFollows = true
            return try frame()
        case .mark: return .mark(itemEnded: try decoder.value(), try decoder.value())
        case .callerAudio:
            let at = try instant()
            return .callerAudio(try audio(), at: at)
        case .agentAudio:
            let at = try instant()
            return .agentAudio(try audio(), at: at)
        case .callerMissed:
            let at = try instant()
            return .callerMissed(frames: Int(try decoder.signed(in: 0...1_000_000_000, "frames")), at: at)
        case .complete: end = .complete
        case .broken: end = .broken
        }
        return nil
    }

    private mutating func audio() throws(JournalDamage) -> [UInt8] {
        let count = try decoder.unsigned()
        guard count <= 4_096 else { throw decoder.damage("a frame of \(count) samples") }
        return try decoder.raw(Int(count))
    }

    private mutating func frame() throws(JournalDamage) -> JournalRecord {
        memory.at = memory.sentAt + JournalRecord.Memory.frameNanoseconds
        memory.sentAt = try instant().nanoseconds
        return .sent(memory.sent, samples: JournalRecord.Memory.frameSamples, at: CallInstant(nanoseconds: memory.at))
    }

    /// Since the last record's. Both lie within a few years, so that their sum is a number.
    private mutating func instant() throws(JournalDamage) -> CallInstant {
        let limit: Int64 = 100_000_000_000_000_000
        memory.at += try decoder.elapsed()
        guard (-limit...limit).contains(memory.at) else { throw decoder.damage("nanoseconds of a call: \(memory.at)") }
        return CallInstant(nanoseconds: memory.at)
    }

    private mutating func samples() throws(JournalDamage) -> Int {
        Int(try decoder.signed(in: 0...1_000_000_000, "samples"))
    }
}
