@testable import CallJournal
import Testing

@Suite struct `Journal blocks` {
    @Test func `the checksum is the one of ISO 3309`() {
        #expect(JournalBlocks.checksum(Array("123456789".utf8)) == 0xCBF4_3926)
    }
}
