import AllocationProbe
import AudioPipeline
import Conversation
import Testing

@testable import CallJournal

@Suite struct `Journal file` {
    static let prompt = try! PromptBuilder().build(
        from: PromptSource(inbound: .init(instructions: "You sell tea.", greeting: "Hello, this is the tea house.")),
        direction: .inbound)

    // Made before anything is counted.
    static let response: WireID = "resp_1"
    static let item: WireID = "item_1"

    static func header(keepsAudio: Bool = false) -> JournalHeader {
        JournalHeader(
            call: "CA1", tenant: "tea", startedAtUnixMilliseconds: 1_795_000_000_000, keepsAudio: keepsAudio,
            policy: ConversationPolicy(), prompt: prompt)
    }

    /// A greeting of two seconds, its frames and marks, and the caller's hang-up.
    static func greeted(_ journal: MemoryJournal, frames: Int = 100) -> JournalledConversation {
        var conversation = journal.conversation()
        var actions = ActionList()
        let echo = SessionEcho(
            inputFormat: "audio/pcmu", outputFormat: "audio/pcmu", turnDetection: "server_vad", createResponse: false,
            interruptResponse: false)
        let events: [ConversationEvent] = [
            .carrierStarted(stream: "MZ1"), .modelOpened, .model(.sessionUpdated(echo)),
            .model(.responseCreated(response: "resp_1")),
            .model(.outputTranscriptDelta(response: "resp_1", item: "item_1", text: "Hello, this is")),
        ]
        for (n, event) in events.enumerated() {
            conversation.handle(event, at: CallInstant(milliseconds: Int64(n)), into: &actions)
            actions.removeAll()
        }
        let talking = Self.talk(&conversation, frames: 0..<frames)
        #expect(talking)
        return conversation
    }

    /// The agent's frames, 20 ms and a little apart, and the caller's.
    static func talk(_ conversation: inout JournalledConversation, frames: Range<Int>) -> Bool {
        let (response, item) = (Self.response, Self.item)
        let silence = InlineArray<160, UInt8>(repeating: 0xFF)
        var isPlaying = true
        for n in frames {
            let now = CallInstant(nanoseconds: 20_000_000 * Int64(n + 1) + Int64(n % 7) * 1_000)
            guard case .play(let playout) = conversation.admit(response: response, item: item, at: now) else {
                isPlaying = false
                continue
            }
            conversation.heard(silence.span, at: now)
            conversation.queued(playout, samples: 160, at: now)
            conversation.spoke(silence.span, at: now)
            conversation.sent(playout, samples: 160, at: now)
            _ = conversation.dueMark(itemEnded: false)
        }
        return isPlaying
    }

    static func whole(keepsAudio: Bool = false, frames: Int = 100) -> MemoryJournal {
        let journal = MemoryJournal(header(keepsAudio: keepsAudio))
        var conversation = greeted(journal, frames: frames)
        var actions = ActionList()
        conversation.handle(.carrierClosed(.peer), at: CallInstant(milliseconds: 3_000), into: &actions)
        conversation.endJournal()
        return journal
    }

    @Test(arguments: [false, true]) func `a journal replays identically`(keepsAudio: Bool) throws {
        let file = try JournalFile(bytes: Self.whole(keepsAudio: keepsAudio).bytes())
        #expect(file.header == Self.header(keepsAudio: keepsAudio))
        let result = Replay(file).run()
        #expect(result.difference == nil)
        #expect(result.ending == .complete)
        #expect(result.events == 6)
        #expect(result.frames == 100)
        let end = CallInstant(milliseconds: 3_000)
        #expect(result.length == end)
    }

    /// What the agent says costs a few bytes a frame; the target is well under 1 MB for an hour of it.
    @Test func `a frame of the agent's takes at most four bytes, one of the caller's its audio and six`() throws {
        func bytes(_ frames: Int, keepsAudio: Bool) -> Int {
            var size = 0
            let journal = MemoryJournal(Self.header(keepsAudio: keepsAudio))
            var conversation = Self.greeted(journal, frames: 10)
            size = journal.bytes().count
            for start in stride(from: 10, to: frames + 10, by: 100) {
                _ = Self.talk(&conversation, frames: start..<start + 100)
                journal.drain()
            }
            return journal.bytes().count - size
        }
        // Model audio comes a frame at a time here, which no model does: `admit` and `queued` count too.
        let plain = bytes(3_000, keepsAudio: false)
        #expect(plain < 3_000 * 12, "\(plain) bytes")
        let heard = bytes(3_000, keepsAudio: true)
        #expect(heard - plain < 3_000 * 2 * 166, "\(heard) bytes")
    }

    @Test(arguments: [false, true]) func `R15 500 frames with a journal allocate nothing`(keepsAudio: Bool) {
        let journal = MemoryJournal(Self.header(keepsAudio: keepsAudio), ringBytes: 1 << 20)
        var conversation = Self.greeted(journal)
        allocation_probe_start()
        let isPlaying = Self.talk(&conversation, frames: 100..<600)
        let allocations = allocation_probe_stop()
        #expect(isPlaying)
        #expect(allocations <= 0)  // -1: the probe cannot work in this build.
        let isBroken = conversation.isJournalBroken
        #expect(!isBroken)
    }

    // MARK: Damage

    @Test func `what a killed process leaves is read up to the cut`() throws {
        let whole = Self.whole().bytes()
        let file = try JournalFile(bytes: whole)
        let events = Replay(file).run().events
        var unread = 0
        for count in stride(from: 1, to: whole.count, by: 3) {
            do throws(JournalError) {
                let result = Replay(try JournalFile(bytes: Array(whole.prefix(count)))).run()
                #expect(result.difference == nil, "\(count) bytes")
                #expect(result.ending != .complete, "\(count) bytes")
                #expect(result.events <= events)
            } catch { unread += 1 }
        }
        #expect(unread > 0, "without its head it is no journal")
    }

    @Test func `a flipped bit is damage, never a difference`() throws {
        let whole = Self.whole().bytes()
        for index in whole.indices {
            var bytes = whole
            bytes[index] ^= 1 << UInt8(index % 8)
            do throws(JournalError) {
                let result = Replay(try JournalFile(bytes: bytes)).run()
                #expect(result.difference == nil, "byte \(index)")
                #expect(result.ending != .complete, "byte \(index)")
            } catch {}
        }
    }

    @Test func `other files and other versions are refused with a sentence`() throws {
        #expect(throws: JournalError("not a journal of a call")) { try JournalFile(bytes: Array("RIFF".utf8)) }
        #expect(throws: JournalError("not a journal of a call")) { try JournalFile(bytes: []) }
        var encoder = JournalEncoder(shortensNames: false)
        encoder.put(JournalHeader.formatVersion + 1)
        let newer = JournalBlocks.magic + JournalBlocks.block(encoder.bytes)
        let error = #expect(throws: JournalError.self) { try JournalFile(bytes: newer) }
        #expect(error?.description.contains("a journal of format 3; this program reads format 2") == true)
        #expect(throws: JournalError("no such file, or not readable: /nowhere")) { try JournalFile(path: "/nowhere") }
    }

    @Test func `R14 a journal without room is marked broken there, and the call goes on`() throws {
        let journal = MemoryJournal(Self.header(), ringBytes: 1_024)
        var conversation = Self.greeted(journal, frames: 10)
        let isPlaying = Self.talk(&conversation, frames: 10..<600)
        #expect(isPlaying)
        let isBroken = conversation.isJournalBroken
        #expect(isBroken)
        journal.drain()
        var actions = ActionList()
        conversation.handle(.carrierClosed(.peer), at: CallInstant(milliseconds: 99_000), into: &actions)
        conversation.endJournal()
        let result = Replay(try JournalFile(bytes: journal.bytes())).run()
        #expect(result.difference == nil)
        #expect(result.ending == .broken)
        #expect(result.frames > 10)
    }

    // MARK: Differences

    /// The journal of a core that did something else at its third event.
    @Test func `the first difference is shown with its event, and nothing behind it`() throws {
        let ring = SampleRing<UInt8>(capacity: 1 << 16)
        var reader = ring.reader
        var tap = JournalTap(ring.writer, ending: JournalEnding(), keepsAudio: false)
        var core = Conversation(policy: ConversationPolicy(), prompt: Self.prompt)
        let events: [ConversationEvent] = [
            .carrierStarted(stream: "MZ1"), .modelOpened, .carrierStopped, .fallbackQueued,
        ]
        for (n, event) in events.enumerated() {
            let now = CallInstant(milliseconds: Int64(n) * 10)
            var actions = ActionList()
            core.handle(event, at: now, into: &actions)
            if n == 2 { actions.append(.clearPlayout) }
            tap.happened(event, at: now, actions, from: 0)
        }
        var records = [UInt8](repeating: 0, count: reader.count)
        var space = records.mutableSpan
        _ = reader.popAvailable(into: &space)
        let file = try JournalFile(bytes: MemoryJournal.file(Self.header(), records: records))
        var seen = 0
        let result = Replay(file).run { _ in seen += 1 }
        #expect(seen == 3)
        #expect(result.events == 2)
        let difference = try #require(result.difference)
        #expect(difference.event == 3)
        let expected = CallInstant(milliseconds: 20)
        #expect(difference.at == expected)
        #expect(
            difference.record
                == .event(.carrierStopped, at: expected, actions: difference.recorded.compactMap(\.action)))
        #expect(difference.recorded == difference.replayed + [.action(.clearPlayout)])
    }
}

extension CoreDecision {
    fileprivate var action: ConversationAction? { if case .action(let action) = self { action } else { nil } }
}
