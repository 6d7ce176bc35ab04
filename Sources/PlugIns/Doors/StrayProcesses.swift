import Foundation
import Glibc

/// What a program leaves behind when it ends: children that went into groups or sessions of their own. They are known by a
/// variable of the environment that they were begun with, whoever their parent is now.
public enum StrayProcesses {
    /// Its value is the mark.
    public static let variable = "MEDIA_BRIDGE_PLUG_IN"

    /// A mark that no other program on this machine has.
    public static func mark() -> String { "\(getpid())-\(UInt64.random(in: 0 ... .max))" }

    /// Processes of this user's that carry the mark, but for this one. Reads the environment of each process: a worker's
    /// thread. One that has put another environment in its own's place is not found. Source: proc(5), environ.
    static func marked(_ mark: String) -> [pid_t] {
        let wanted = Data("\(variable)=\(mark)\0".utf8)
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { pid_t($0) }.filter { process in
            guard process != getpid() else { return false }
            return FileManager.default.contents(atPath: "/proc/\(process)/environ")?.range(of: wanted) != nil
        }
    }

    /// Ends them all, also those that they start meanwhile.
    /// - Returns: how many there were.
    @discardableResult public static func end(_ mark: String) -> Int {
        var ended: Set<pid_t> = []
        // Whoever was killed is there until its parent, or init, has taken note.
        for _ in 0..<20 {
            let there = marked(mark)
            guard !there.isEmpty else { break }
            for process in there { _ = kill(process, SIGKILL) }
            ended.formUnion(there)
            usleep(5_000)
        }
        return ended.count
    }
}
