import Conversation

/// Any bytes as a journal, and as the records of a journal whose head and checksums are right: whatever they hold, a
/// replay ends with a verdict, twice the same, and every detector runs over them.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = unsafe Array(UnsafeBufferPointer(start: bytes, count: count))
    _ = try? replay(input)
    guard let first = try? replay(MemoryJournal.file(header, records: input)) else {
        fatalError("our own head is damaged")
    }
    guard (try? replay(MemoryJournal.file(header, records: input))) == first else { fatalError("two replays differ") }
    return 0
}

private let header = JournalHeader(
    call: "CA1", tenant: "tea", startedAtUnixMilliseconds: 0, keepsAudio: true, policy: ConversationPolicy(),
    prompt: try! PromptBuilder().build(
        from: PromptSource(inbound: .init(instructions: "You sell tea.", greeting: "Hello.")), direction: .inbound))

/// - Returns: the digest of what the core did.
private func replay(_ bytes: [UInt8]) throws(JournalError) -> String {
    let file = try JournalFile(bytes: bytes)
    let result = Replay(file).run()
    if let difference = result.difference {
        _ = JournalText.describe(difference.record)
        for decision in difference.replayed { _ = JournalText.describe(decision) }
    }
    if file.header.keepsAudio { _ = try DetectorRun(file, .energyEcho) }
    return result.digest
}
