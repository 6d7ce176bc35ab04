import ArgumentParser
import CLinux
import Configuration
import Foundation
import Glibc
import PlugIns
import StageConformance

/// What the process made for one library has to say, in a file: a library may print what it likes, and end when it likes.
enum StageFindings: Codable {
    /// What it was about to do.
    case part(String)
    /// There is nothing to check.
    case refused(String)
    case heard(ConformanceReport)

    func write(to path: String) throws { try JSONEncoder().encode(self).write(to: URL(fileURLWithPath: path)) }

    init?(file: String) {
        guard let data = FileManager.default.contents(atPath: file),
            let findings = try? JSONDecoder().decode(StageFindings.self, from: data)
        else { return nil }
        self = findings
    }
}

/// The half of the command that loads a library where it can do no harm.
extension CheckStageCommand {
    /// How that process says that it came to its end: an `exit` of the library's says something else.
    private static let heardOut: Int32 = 97

    /// In the process made for it.
    func hear(alone settings: PlugInSettings, _ golden: () -> GoldenCalls, _ findings: String) throws {
        if let parent = ProcessInfo.processInfo.environment[Self.parentVariable].flatMap({ pid_t($0) }) {
            media_bridge_end_with(parent)
        }
        try StageFindings.part("while it was loaded").write(to: findings)
        let report = try checked(settings, golden) { part in
            // What is slower than the call is no use; what never returns would keep its process for ever.
            alarm(UInt32(holdSeconds) + 60)
            complain(part)
            try? StageFindings.part("in: \(part)").write(to: findings)
        }
        try StageFindings.heard(report).write(to: findings)
        throw ExitCode(Self.heardOut)
    }

    private static let parentVariable = "MEDIA_BRIDGE_CHECK"

    /// The same command once more, so that what crashes is not the one who tells.
    func checkApart(_ settings: PlugInSettings, _ place: Int) throws -> ConformanceReport {
        let findings = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        defer { try? FileManager.default.removeItem(atPath: findings) }
        let mark = StrayProcesses.mark()
        let child = Process()
        child.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        child.arguments = CommandLine.arguments.dropFirst() + ["--hear-alone", "\(place)", "--findings", findings]
        // What a library prints is not this command's output.
        child.standardOutput = FileHandle.standardError
        child.standardInput = FileHandle.nullDevice
        // The crash is the library's; where in this program it was called from says nothing to anybody.
        child.environment = ProcessInfo.processInfo.environment.merging([
            "SWIFT_BACKTRACE": "enable=no", StrayProcesses.variable: mark, Self.parentVariable: "\(getpid())",
        ]) { $1 }
        do { try child.run() } catch { throw CommandFailure("this program cannot be started again: \(error)") }
        child.waitUntilExit()
        let strays = StrayProcesses.end(mark)
        var report = try report(settings.name, StageFindings(file: findings), child)
        if strays > 0 {
            report.broke(.remains, "\(strays) processes of its own, after its end")
        }
        return report
    }

    private func report(
        _ name: String, _ findings: StageFindings?, _ child: Process
    ) throws -> ConformanceReport {
        let (isSignal, status) = (child.terminationReason == .uncaughtSignal, child.terminationStatus)
        var (heard, place): (ConformanceReport?, String) = (nil, "while it was loaded")
        switch findings {
        case .heard(let report)?:
            if !isSignal, status == Self.heardOut { return report }
            (heard, place) = (report, "after the check")
        case .refused(let reason)?: throw CommandFailure(reason)
        case .part(let part)?: place = part
        // It ended before it had a word to say: the command line, which the library has not seen.
        case nil: if !isSignal, status == 64 { throw ExitCode(status) }
        }
        let (rule, detail): (ConformanceReport.Violation.Rule, String) =
            if isSignal, status == SIGALRM {
                (.hangs, "it did not come back (\(place)): inline it would have stopped every call")
            } else if isSignal {
                (.crashes, "it crashed its process (signal \(status), \(place)): inline it would have ended every call")
            } else {
                (.crashes, "it ended its process (status \(status), \(place)): inline it would have ended every call")
            }
        guard var heard else { return ConformanceReport(name, lost: rule, detail) }
        heard.broke(rule, detail)
        return heard
    }
}
