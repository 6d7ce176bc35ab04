import Foundation
import HostBench
import Synchronization

/// This program once more, in a process of its own: lines of its standard error as they come, its standard output whole.
final class ChildProcess: Sendable {
    private let process: Mutex<Process>
    /// What it printed, once it has ended.
    struct End: Sendable {
        var status: Int32
        var output: Data
        /// The last line of its standard error, for who has to say why it failed.
        var lastLine: String
    }

    /// - Parameter line: called on a queue, for each line of standard error.
    /// - Parameter ended: called on a queue, once.
    /// - Throws: `BenchFailure`.
    init(
        arguments: [String], line: @escaping @Sendable (String) -> Void, ended: @escaping @Sendable (End) -> Void
    ) throws {
        let child = Process()
        child.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        child.arguments = arguments
        let (output, errors) = (Pipe(), Pipe())
        child.standardOutput = output
        child.standardError = errors
        child.standardInput = FileHandle.nullDevice
        do { try child.run() } catch {
            throw BenchFailure("cannot run \(arguments.first ?? "") in a process of its own: \(error)")
        }
        process = Mutex(child)
        let identifier = child.processIdentifier
        Thread.detachNewThread { [self] in
            let last = Mutex("")
            let reading = DispatchSemaphore(value: 0)
            Thread.detachNewThread {
                Self.readLines(errors.fileHandleForReading) { text in
                    last.withLock { $0 = text }
                    line(text)
                }
                reading.signal()
            }
            let printed = (try? output.fileHandleForReading.readToEnd()) ?? Data()
            reading.wait()
            let status = wait(identifier)
            ended(End(status: status, output: printed, lastLine: last.withLock { $0 }))
        }
    }

    var identifier: Int32 { process.withLock { $0.processIdentifier } }

    /// Asks it to end.
    func terminate() { process.withLock { if $0.isRunning { $0.terminate() } } }

    private func wait(_ identifier: Int32) -> Int32 {
        // Both its outputs are closed: it ends now.
        while process.withLock({ $0.isRunning }) { Thread.sleep(forTimeInterval: 0.01) }
        return process.withLock { $0.terminationStatus }
    }

    private static func readLines(_ file: FileHandle, _ line: (String) -> Void) {
        var rest = Data()
        while true {
            // What there is, as soon as there is any; `read(upToCount:)` waits for all of it.
            let more = file.availableData
            guard !more.isEmpty else { break }
            rest.append(more)
            while let end = rest.firstIndex(where: { $0 == 0x0A || $0 == 0x0D }) {
                let text = String(decoding: rest[..<end], as: UTF8.self)
                if !text.isEmpty { line(text) }
                rest = Data(rest[rest.index(after: end)...])
            }
        }
        if !rest.isEmpty { line(String(decoding: rest, as: UTF8.self)) }
    }
}

extension ChildProcess {
    /// Runs it to its end. A cancelled task ends it.
    static func run(
        arguments: [String], started: @Sendable (ChildProcess) -> Void = { _ in },
        line: @escaping @Sendable (String) -> Void
    ) async throws -> End {
        let (ends, told) = AsyncStream.makeStream(of: End.self)
        let child = try ChildProcess(arguments: arguments, line: line) {
            told.yield($0)
            told.finish()
        }
        started(child)
        let interruption = Task {
            await untilInterrupted()
            child.terminate()
        }
        defer { interruption.cancel() }
        for await end in ends { return end }
        child.terminate()
        throw BenchFailure("interrupted")
    }
}
