import Foundation

/// Time that was not given to whoever was ready to run. Source: proc(5), sched-stats of the kernel's documentation.
public struct ProcessorWaits: Sendable, Equatable {
    /// Seconds that this process's shard threads were ready and not run.
    public var shards: Double
    /// Seconds that the machine's processors were taken by its own host.
    public var stolen: Double

    public init(shards: Double, stolen: Double) { (self.shards, self.stolen) = (shards, stolen) }

    /// Since the threads, and the machine, began. Reads /proc; not on a loop's thread.
    public static func current() -> ProcessorWaits {
        let tasks = "/proc/self/task"
        var waited = 0.0
        for task in (try? FileManager.default.contentsOfDirectory(atPath: tasks)) ?? [] {
            guard text("\(tasks)/\(task)/comm").hasPrefix("shard") else { continue }
            waited += runDelay(text("\(tasks)/\(task)/schedstat"))
        }
        return ProcessorWaits(shards: waited, stolen: stolen(text("/proc/stat")))
    }

    /// The second number of a thread's schedstat, from nanoseconds.
    static func runDelay(_ schedstat: String) -> Double {
        let fields = schedstat.split(separator: " ")
        return fields.count > 1 ? (Double(fields[1]) ?? 0) / 1e9 : 0
    }

    /// The eighth number of the first line of /proc/stat, in hundredths of a second.
    static func stolen(_ stat: String) -> Double {
        let fields = stat.prefix { $0 != "\n" }.split(separator: " ")
        return fields.count > 8 ? (Double(fields[8]) ?? 0) / 100 : 0
    }

    private static func text(_ path: String) -> String {
        String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    }
}
