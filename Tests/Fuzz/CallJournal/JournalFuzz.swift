import Conversation

/// Any bytes as a journal, and as the records of a journal whose head and checksums are right: whatever they hold, a
/// replay ends with a verdict, and the detectors run over them.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = unsafe Array(UnsafeBufferPointer(start: bytes, count: count))
    try? replay(input)
    do throws(JournalError) { try replay(MemoryJournal.file(header, records: input)) } catch {
        fatalError("our own head is damaged: \(error)")
    }
    return 0
}

private let header = JournalHeader(
    call: "CA1", tenant: "tea", startedAtUnixMilliseconds: 0, keepsAudio: true, policy: ConversationPolicy(),
    prompt: try! PromptBuilder().build(
        from: PromptSource(inbound: .init(instructions: "You sell tea.", greeting: "Hello.")), direction: .inbound))

private func replay(_ bytes: [UInt8]) throws(JournalError) {
    let file = try JournalFile(bytes: bytes)
    let result = Replay(file).run()
    if let difference = result.difference {
        _ = JournalText.describe(difference.record)
        for decision in difference.replayed { _ = JournalText.describe(decision) }
    }
    if file.header.keepsAudio { _ = try DetectorRun(file, .energyEcho) }
}
