import Conversation
import Foundation
import Synchronization
import Testing

@testable import CallJournal

@Suite struct `Journal writer` {
    private let folder = NSTemporaryDirectory() + "journals-\(UInt64.random(in: 0 ... .max))"

    private func permissions(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    @Test func `a call's journal is a file for its owner's eyes`() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let writer = JournalWriter(JournalDirectory(path: folder + "/deep")) { Issue.record("\($0): \($1)") }
        try writer.start()
        var header = `Journal file`.header()
        header.call = "CA../1/é"
        var conversation = JournalledConversation(
            Conversation(policy: header.policy, prompt: header.prompt), journal: writer.journal(header))
        var actions = ActionList()
        conversation.handle(.carrierStarted(stream: "MZ1"), at: .start, into: &actions)
        conversation.handle(.carrierStopped, at: CallInstant(milliseconds: 5), into: &actions)
        conversation.endJournal()
        writer.stop()
        let path = folder + "/deep/CA1-1795000000000.journal"
        #expect(try permissions(folder + "/deep") == 0o700)
        #expect(try permissions(path) == 0o600)
        let file = try JournalFile(path: path)
        let result = Replay(file).run()
        #expect(result.difference == nil)
        #expect(result.events == 2)
        #expect(result.ending == .complete)
        #expect(writer.writtenBytes > 0)
    }

    @Test func `a journal that cannot be written is told once, and the call does not notice`() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let failures = Mutex<[String]>([])
        let writer = JournalWriter(JournalDirectory(path: folder)) { _, failure in
            failures.withLock { $0.append(failure) }
        }
        try writer.start()
        let header = `Journal file`.header()
        try FileManager.default.createDirectory(
            atPath: folder + "/CA1-1795000000000.journal", withIntermediateDirectories: false)
        var conversation = JournalledConversation(
            Conversation(policy: header.policy, prompt: header.prompt), journal: writer.journal(header))
        var actions = ActionList()
        conversation.handle(.carrierStarted(stream: "MZ1"), at: .start, into: &actions)
        #expect(actions.count > 0)
        conversation.endJournal()
        writer.stop()
        let told = failures.withLock { $0 }
        #expect(told.count == 1)
        #expect(told.first?.contains("cannot make") == true)
    }

    @Test func `a directory that cannot be made is an error at the start`() {
        let writer = JournalWriter(JournalDirectory(path: "/proc/journals")) { _, _ in }
        #expect(throws: JournalError("cannot make /proc/journals")) { try writer.start() }
    }

    @Test func `old journals go, then the oldest while all are too large, and nothing else`() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let now = Date(timeIntervalSince1970: 1_795_000_000)
        func make(_ name: String, daysOld: Double, bytes: Int) throws {
            _ = FileManager.default.createFile(atPath: folder + "/" + name, contents: Data(count: bytes))
            try FileManager.default.setAttributes(
                [.modificationDate: now.addingTimeInterval(-daysOld * 86_400)], ofItemAtPath: folder + "/" + name)
        }
        try make("ancient.journal", daysOld: 8, bytes: 10)
        try make("ancient-but-open.journal", daysOld: 8, bytes: 10)
        try make("ancient.wav", daysOld: 80, bytes: 10)
        try make("old.journal", daysOld: 5, bytes: 600_000)
        try make("newer.journal", daysOld: 2, bytes: 300_000)
        try make("newest.journal", daysOld: 1, bytes: 300_000)
        JournalRetention.apply(
            JournalDirectory(path: folder, keepDays: 7, maximumMegabytes: 1), except: ["ancient-but-open.journal"],
            now: now)
        let left = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        #expect(left == ["ancient-but-open.journal", "ancient.wav", "newer.journal", "newest.journal"])
    }
}
