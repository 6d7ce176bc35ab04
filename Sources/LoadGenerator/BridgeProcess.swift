import Foundation
import Transport

/// What the kernel counts of another process. Source: proc(5).
struct BridgeProcess {
    struct Reading {
        /// Monotonic nanoseconds: what lies between two readings is what they are divided by, however late the second is.
        var at: UInt64
        /// Of the threads that live, to the nanosecond.
        var processorNanoseconds: Double
        var residentBytes: Int
        var voluntarySwitches: Int, involuntarySwitches: Int
        var minorFaults: Int
    }

    let id: Int32

    /// Nil when the process is gone.
    func read() -> Reading? {
        guard let stat = text("stat"), let end = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[stat.index(end, offsetBy: 2)...].split(separator: " ")
        guard fields.count > 22, let faults = Int(fields[7]) else { return nil }
        var voluntary = 0
        var involuntary = 0
        var resident = 0
        for line in (text("status") ?? "").split(separator: "\n") where line.hasPrefix("VmRSS:") {
            resident = (line.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) } ?? 0) * 1_024
        }
        var running = 0.0
        for task in tasks {
            let words = (text("task/\(task)/schedstat") ?? "").split(separator: " ")
            running += words.first.flatMap { Double($0) } ?? 0
            for line in (text("task/\(task)/status") ?? "").split(separator: "\n") {
                guard let value = line.split(whereSeparator: { !$0.isNumber }).last.flatMap({ Int($0) }) else {
                    continue
                }
                if line.hasPrefix("voluntary_ctxt_switches") { voluntary += value }
                if line.hasPrefix("nonvoluntary_ctxt_switches") { involuntary += value }
            }
        }
        return Reading(
            at: EventLoop.now, processorNanoseconds: running, residentBytes: resident, voluntarySwitches: voluntary,
            involuntarySwitches: involuntary, minorFaults: faults)
    }

    private var tasks: [String] { (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(id)/task")) ?? [] }

    private func text(_ name: String) -> String? {
        // Files of proc have no size to read by.
        guard let data = FileManager.default.contents(atPath: "/proc/\(id)/\(name)") else { return nil }
        return String(decoding: data, as: UTF8.self)
    }
}
