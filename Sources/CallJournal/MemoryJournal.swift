import AudioPipeline
import Conversation

/// A journal kept in memory: for simulated calls and tests. One thread.
public final class MemoryJournal {
    public let header: JournalHeader
    private var reader: SampleReader<UInt8>
    private let ending = JournalEnding()
    private var records: [UInt8] = []
    private var scratch = [UInt8](repeating: 0, count: 4_096)

    /// The other end, until a conversation has it.
    private var tap: JournalTap?

    /// - Parameter ringBytes: what may be written between two `drain`s.
    public init(_ header: JournalHeader, ringBytes: Int = JournalTap.ringBytes) {
        let ring = SampleRing<UInt8>(capacity: ringBytes)
        self.header = header
        reader = ring.reader
        tap = JournalTap(ring.writer, ending: ending, keepsAudio: header.keepsAudio)
    }

    /// The conversation that writes it; the first one asked for, later ones write nothing.
    public func conversation() -> JournalledConversation {
        JournalledConversation(
            Conversation(policy: header.policy, prompt: header.prompt), journal: tap.take())
    }

    /// Takes what was written since the last time; often enough, or the journal breaks.
    public func drain() {
        while true {
            var buffer = scratch.mutableSpan
            let count = reader.popAvailable(into: &buffer)
            if count == 0 { return }
            records += scratch[..<count]
        }
    }

    /// The file that a writer would have written by now.
    public func bytes() -> [UInt8] {
        let end = ending.value
        drain()
        return Self.file(header, records: records + end.mark)
    }

    static func file(_ header: JournalHeader, records: [UInt8]) -> [UInt8] {
        var encoder = JournalEncoder(shortensNames: false)
        encoder.put(header)
        var bytes = JournalBlocks.magic + JournalBlocks.block(encoder.bytes)
        for start in stride(from: 0, to: records.count, by: JournalBlocks.usual) {
            bytes += JournalBlocks.block(Array(records[start..<min(start + JournalBlocks.usual, records.count)]))
        }
        return bytes
    }
}
