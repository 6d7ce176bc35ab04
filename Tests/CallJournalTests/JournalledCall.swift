import AudioPipeline
import Conversation
import Foundation

@testable import CallJournal

/// A journal kept in memory, and the writer's part of the way to a file.
final class MemoryJournal {
    let header: JournalHeader
    private var reader: SampleReader<UInt8>
    private let ending = JournalEnding()
    private var taken: [UInt8] = []
    private var scratch = [UInt8](repeating: 0, count: 4_096)

    static let prompt = try! PromptBuilder().build(
        from: PromptSource(inbound: .init(instructions: "You sell tea.", greeting: "Hello, this is the tea house.")),
        direction: .inbound)

    /// - Returns: the journal and the end that goes with a conversation.
    static func make(
        policy: ConversationPolicy = .init(), keepsAudio: Bool = false, ringBytes: Int = JournalTap.ringBytes
    ) -> (MemoryJournal, JournalledConversation) {
        let ring = SampleRing<UInt8>(capacity: ringBytes)
        let header = JournalHeader(
            call: "CA1", tenant: "tea", startedAtUnixMilliseconds: 1_795_000_000_000, keepsAudio: keepsAudio,
            policy: policy, prompt: prompt)
        let journal = MemoryJournal(header, ring.reader)
        let tap = JournalTap(ring.writer, ending: journal.ending, keepsAudio: keepsAudio)
        return (journal, JournalledConversation(Conversation(policy: policy, prompt: prompt), journal: tap))
    }

    private init(_ header: JournalHeader, _ reader: consuming SampleReader<UInt8>) {
        self.header = header
        self.reader = reader
    }

    /// What the writer's thread would do now.
    func drain() {
        while true {
            var buffer = scratch.mutableSpan
            let count = reader.popAvailable(into: &buffer)
            if count == 0 { return }
            taken += scratch[..<count]
        }
    }

    /// The file as it would lie there now.
    func bytes() -> [UInt8] {
        let end = ending.value
        drain()
        var records = taken
        switch end {
        case .open: break
        case .complete: records.append(JournalRecord.Kind.complete.rawValue)
        case .broken: records.append(JournalRecord.Kind.broken.rawValue)
        }
        return Self.file(header, records: records)
    }

    static func file(_ header: JournalHeader, records: [UInt8]) -> [UInt8] {
        var encoder = JournalEncoder(shortensNames: false)
        encoder.put(header)
        var bytes = JournalBlocks.magic + JournalBlocks.block(encoder.bytes)
        for start in stride(from: 0, to: records.count, by: 1_000) {
            bytes += JournalBlocks.block(Array(records[start..<min(start + 1_000, records.count)]))
        }
        return bytes
    }
}
