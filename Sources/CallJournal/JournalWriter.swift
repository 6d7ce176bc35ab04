import AudioPipeline
import Conversation
import Foundation
import Glibc
import Synchronization

/// Where journals go, and how long they stay.
public struct JournalDirectory: Sendable, Equatable {
    /// Made with access for its owner alone when it does not exist.
    public var path: String
    /// Journals that were last written longer ago are removed.
    public var keepDays: Int
    /// When all journals are larger together, the oldest are removed.
    public var maximumMegabytes: Int

    public init(path: String, keepDays: Int = 7, maximumMegabytes: Int = 1_024) {
        (self.path, self.keepDays, self.maximumMegabytes) = (path, keepDays, maximumMegabytes)
    }
}

/// Writes the journals of all calls, on a thread of its own, and removes old ones. May wait for the disk; no call notices.
public final class JournalWriter: Sendable {
    /// Rings are emptied this often.
    private static let pollSeconds = 0.05
    private static let tidySeconds: Double = 3_600

    private struct Inbox {
        var jobs: [JournalJob] = []
        var isStopping = false
        var isRunning = false
    }
    private let directory: JournalDirectory
    /// Told of a journal that could not be written. Writer's thread.
    private let failed: @Sendable (_ call: String, _ failure: String) -> Void
    private let inbox = Mutex(Inbox())
    private let finished = DispatchSemaphore(value: 0)
    private let bytes = Atomic<UInt64>(0)

    public init(_ directory: JournalDirectory, failed: @escaping @Sendable (String, String) -> Void) {
        (self.directory, self.failed) = (directory, failed)
    }

    /// Bytes written to files so far. Any thread.
    public var writtenBytes: UInt64 { bytes.load(ordering: .relaxed) }

    /// - Throws: when the directory cannot be made or written to.
    public func start() throws(JournalError) {
        do {
            try FileManager.default.createDirectory(
                atPath: directory.path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch { throw JournalError("cannot make \(directory.path)") }
        guard FileManager.default.isWritableFile(atPath: directory.path) else {
            throw JournalError("\(directory.path) is not writable")
        }
        inbox.withLock { $0.isRunning = true }
        let thread = Thread { [self] in
            work()
            finished.signal()
        }
        thread.name = "journals"
        thread.start()
    }

    /// Finishes what has ended; a call that has not is left without its end.
    public func stop() {
        let wasRunning = inbox.withLock { inbox in
            inbox.isStopping = true
            defer { inbox.isRunning = false }
            return inbox.isRunning
        }
        if wasRunning { finished.wait() }
    }

    /// Shard thread, once per call; opens nothing itself.
    public func journal(_ header: JournalHeader) -> JournalTap {
        let ring = SampleRing<UInt8>(capacity: JournalTap.ringBytes)
        let ending = JournalEnding()
        let job = JournalJob(header, bytes: ring.reader, ending: ending)
        inbox.withLock { $0.jobs.append(job) }
        return JournalTap(ring.writer, ending: ending, keepsAudio: header.keepsAudio)
    }

    // MARK: Writer's thread

    private func work() {
        var jobs: [JournalJob] = []
        var lastTidied = -Double.infinity
        while true {
            let isStopping = inbox.withLock { inbox in
                jobs += inbox.jobs
                inbox.jobs = []
                return inbox.isStopping
            }
            let now = ProcessInfo.processInfo.systemUptime
            if now - lastTidied >= Self.tidySeconds {
                lastTidied = now
                JournalRetention.apply(directory, except: Set(jobs.map(\.name)))
            }
            jobs.removeAll { job in
                do throws(JournalError) {
                    let (written, isDone) = try job.drain(into: directory.path, at: now, isLast: isStopping)
                    bytes.add(UInt64(written), ordering: .relaxed)
                    return isDone
                } catch {
                    failed(job.call, error.description)
                    return true
                }
            }
            if isStopping, jobs.isEmpty { return }
            Thread.sleep(forTimeInterval: Self.pollSeconds)
        }
    }
}

/// One journal being written. Made on a shard, then the writer's alone.
private final class JournalJob: @unchecked Sendable {  // Handed over once, under the inbox's lock.
    /// What waits is written as one block when it is this long, or this old.
    private static let blockSeconds = 0.5

    let call: String
    /// The file's name in the directory.
    let name: String
    private let header: JournalHeader
    private var reader: SampleReader<UInt8>
    private let ending: JournalEnding
    private var file: FileHandle?
    private var waiting: [UInt8] = []
    private var waitingSince: Double = 0
    private var scratch = [UInt8](repeating: 0, count: 4_096)

    init(_ header: JournalHeader, bytes: consuming SampleReader<UInt8>, ending: JournalEnding) {
        self.header = header
        reader = bytes
        self.ending = ending
        call = header.call
        // The start keeps apart what one name might stand for: a carrier's id is its own affair.
        let safe = header.call.filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
        name = "\(safe.prefix(64))-\(header.startedAtUnixMilliseconds).journal"
    }

    /// Takes what has come since the last time.
    /// - Returns: bytes written, and whether the journal is closed.
    func drain(into directory: String, at now: Double, isLast: Bool) throws(JournalError) -> (Int, Bool) {
        if file == nil { try open(directory) }
        // Asked for before the ring is emptied: what was written before the end is then certainly in it.
        let end = ending.value
        while true {
            var buffer = scratch.mutableSpan
            let count = reader.popAvailable(into: &buffer)
            if count == 0 { break }
            if waiting.isEmpty { waitingSince = now }
            waiting += scratch[..<count]
        }
        waiting += end.mark
        let isDone = end != .open || isLast
        guard
            isDone || waiting.count >= JournalBlocks.usual
                || (!waiting.isEmpty && now - waitingSince >= Self.blockSeconds)
        else { return (0, false) }
        let written = try write()
        if isDone { try? file?.close() }
        return (written, isDone)
    }

    private func open(_ directory: String) throws(JournalError) {
        let path = directory + "/" + name
        // What people said is for the operator's eyes alone, from the first byte.
        let number = unsafe Glibc.open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard number >= 0 else { throw JournalError("cannot make \(path): error \(errno)") }
        file = FileHandle(fileDescriptor: number, closeOnDealloc: true)
        var encoder = JournalEncoder(shortensNames: false)
        encoder.put(header)
        try put(JournalBlocks.magic + JournalBlocks.block(encoder.bytes))
    }

    private func write() throws(JournalError) -> Int {
        guard !waiting.isEmpty else { return 0 }
        defer { waiting.removeAll(keepingCapacity: true) }
        let block = JournalBlocks.block(waiting)
        try put(block)
        return block.count
    }

    private func put(_ bytes: [UInt8]) throws(JournalError) {
        do { try file?.write(contentsOf: Data(bytes)) } catch { throw JournalError("cannot write \(name): \(error)") }
    }
}
