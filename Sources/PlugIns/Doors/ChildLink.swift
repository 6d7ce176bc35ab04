import AudioPipeline
import CLinux
import Foundation
import Glibc

/// A program of ours to start: its standard input and output are one socket, its standard error another. One thread.
final class ChildLink: StageLink {
    private let command: [String]
    private var child: pid_t = 0
    /// In the environment of the program, and of whatever it starts.
    private var mark = ""
    private var io: Int32 = -1
    private var errors: Int32 = -1
    private var waiting: [UInt8] = []
    private var answers = LineBuffer(limit: StageAnswer.maximumBytes)
    private var complaints = LineBuffer(limit: 4_096)
    private var block = [UInt8](repeating: 0, count: 64 * 1_024)
    private var words = ""

    /// - Parameter command: the program, looked up in PATH when its name has no slash, and its arguments.
    init(_ command: [String]) {
        precondition(!command.isEmpty, "a command has a program")
        self.command = command
    }

    deinit { close() }

    func open() throws(StageFault) {
        close()
        words = ""
        var ours: [Int32] = [-1, -1], theirs: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard unsafe socketpair(AF_UNIX, kind, 0, &ours) == 0 else { throw failure("no socket", errno) }
        guard unsafe socketpair(AF_UNIX, kind, 0, &theirs) == 0 else {
            let reason = errno
            for descriptor in ours { _ = Glibc.close(descriptor) }
            throw failure("no socket", reason)
        }
        (io, errors) = (ours[0], theirs[0])
        var started: pid_t = 0
        mark = StrayProcesses.mark()
        let variables = ProcessInfo.processInfo.environment.merging([StrayProcesses.variable: mark]) { $1 }
        var arguments = unsafe command.map { unsafe strdup($0) } + [nil]
        var environment = unsafe variables.map { unsafe strdup("\($0)=\($1)") } + [nil]
        defer { unsafe (arguments + environment).forEach { unsafe free($0) } }
        let status = unsafe media_bridge_spawn(&arguments, &environment, ours[1], theirs[1], &started)
        _ = Glibc.close(ours[1])
        _ = Glibc.close(theirs[1])
        guard status == 0 else {
            close()
            throw failure("`\(command[0])` cannot be started", status)
        }
        child = started
        for descriptor in [io, errors] { _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK) }
    }

    var backlog: Int { waiting.count }

    func send(_ bytes: [UInt8]) -> Bool {
        guard io >= 0 else { return false }
        waiting += bytes
        var sent = 0
        while sent < waiting.count {
            let count = unsafe waiting.withUnsafeBytes { bytes in
                unsafe Glibc.send(
                    io, bytes.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EAGAIN { break }
            guard count > 0 else { return false }
            sent += count
        }
        waiting.removeFirst(sent)
        return true
    }

    func lines(_ body: (ArraySlice<UInt8>) -> Void) -> Bool {
        guard io >= 0 else { return false }
        listen()
        // Asked first: what it wrote before its end is then read.
        let hasEnded = hasEnded
        let isThere = drain(io) { answers.add($0) }
        answers.lines(body)
        return isThere && !hasEnded
    }

    /// A child of its own may hold the socket open for ever.
    private var hasEnded: Bool { child <= 0 || media_bridge_child_has_ended(child) != 0 }

    var lastWords: String {
        listen()
        return words
    }

    /// To its standard error, which must not fill up.
    private func listen() {
        guard errors >= 0 else { return }
        _ = drain(errors) { piece in
            complaints.add(piece)
            complaints.lines { words = String(decoding: $0.prefix(400), as: UTF8.self) }
        }
    }

    /// - Returns: false at the end of the stream.
    private func drain(_ descriptor: Int32, _ body: (ArraySlice<UInt8>) -> Void) -> Bool {
        // What comes faster than it is read waits for the next time.
        for _ in 0..<16 {
            let count = unsafe read(descriptor, &block, block.count)
            if count < 0, errno == EINTR { continue }
            if count < 0 { return errno == EAGAIN }
            guard count > 0 else { return false }
            body(block[..<count])
        }
        return true
    }

    func wait(milliseconds: Int32) {
        var watched = [pollfd(fd: io, events: Int16(POLLIN), revents: 0)]
        if !waiting.isEmpty { watched[0].events |= Int16(POLLOUT) }
        _ = unsafe poll(&watched, 1, milliseconds)
    }

    /// Pages of its own, as the kernel counts them. Source: proc(5), statm.
    var residentBytes: Int? {
        guard child > 0, let data = FileManager.default.contents(atPath: "/proc/\(child)/statm") else { return nil }
        let fields = String(decoding: data, as: UTF8.self).split(separator: " ")
        guard fields.count > 1, let pages = Int(fields[1]) else { return nil }
        return pages * Int(getpagesize())
    }

    func close() {
        for descriptor in [io, errors] where descriptor >= 0 { _ = Glibc.close(descriptor) }
        (io, errors) = (-1, -1)
        waiting.removeAll()
        answers.clear()
        complaints.clear()
        guard child > 0 else { return }
        // It has the end of its input, and a tenth of a second to see it; then its whole group goes, a shell's children too,
        // and last those that left the group. Until it is waited for its number is nobody else's.
        for _ in 0..<10 where !hasEnded { _ = usleep(10_000) }
        _ = kill(-child, SIGKILL)
        var status: Int32 = 0
        while unsafe waitpid(child, &status, 0) < 0, errno == EINTR {}
        child = 0
        StrayProcesses.end(mark)
    }

    private func failure(_ what: String, _ code: Int32) -> StageFault {
        StageFault("\(what): \(unsafe String(cString: strerror(code)))")
    }
}
