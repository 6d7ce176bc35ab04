import Foundation

/// The machine that something was measured on, as far as it matters for how many calls it carries.
public struct HostIdentity: Codable, Sendable, Equatable {
    public var name: String
    /// As the kernel names it: `AMD EPYC 7R13 Processor`.
    public var processor: String
    /// Processors this process may run on.
    public var cores: Int
    public var kernel: String

    public init(name: String, processor: String, cores: Int, kernel: String) {
        (self.name, self.processor, self.cores, self.kernel) = (name, processor, cores, kernel)
    }

    /// This machine. Reads /proc; not on a loop's thread.
    public static func current() -> HostIdentity {
        HostIdentity(
            name: line(of: "/proc/sys/kernel/hostname") ?? "unknown",
            processor: processorName(FileManager.default.contents(atPath: "/proc/cpuinfo") ?? Data()),
            cores: ProcessInfo.processInfo.activeProcessorCount,
            kernel: line(of: "/proc/sys/kernel/osrelease") ?? "unknown")
    }

    /// The first `model name` of a cpuinfo text; `unknown` on processors that give none.
    static func processorName(_ cpuinfo: Data) -> String {
        for line in String(decoding: cpuinfo, as: UTF8.self).split(separator: "\n") where line.hasPrefix("model name") {
            guard let colon = line.firstIndex(of: ":") else { continue }
            return line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
        }
        return "unknown"
    }

    private static func line(of path: String) -> String? {
        FileManager.default.contents(atPath: path)
            .map { String(decoding: $0, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines) }
    }

    /// What differs from `other`, for a person; empty on the same machine.
    public func differences(from other: HostIdentity) -> [String] {
        [
            ("host", name, other.name), ("processor", processor, other.processor),
            ("cores", "\(cores)", "\(other.cores)"), ("kernel", kernel, other.kernel),
        ].filter { $0.1 != $0.2 }.map { "\($0.0) \($0.2), not \($0.1)" }
    }
}
