import CarrierPhone
import Conversation
import Foundation
import LocalAgent
import MediaBridge
import Recording
import TurnStore

/// What must truly have happened in the demo's call, each with what was seen.
struct DemoChecks {
    private var checks: [(name: String, passed: Bool, seen: String)] = []
    let frames: String
    let files: String

    var allPassed: Bool { checks.allSatisfy(\.passed) }
    var text: String {
        let lines = checks.map { "\($0.passed ? "ok    " : "FAILED") \($0.name): \($0.seen)" }
        let verdict = allPassed ? "the call held: all \(checks.count) checks passed" : "the call did not hold"
        return (lines + [verdict]).joined(separator: "\n")
    }

    init(report: CarrierPhoneReport, screen: DemoScreen, call: StoredCall?, metrics: String, heard: String) {
        let seen = screen.seen
        let counts = call?.frameCounts ?? [:]
        func framesOf(_ name: String) -> String { "\((counts[name] ?? 0) / 160)" }
        frames = """

            frames of 20 ms  in from the caller \(framesOf("callerReceived")), to the model \(framesOf("callerForwarded")), \
            dropped: \(framesOf("callerStale")) too old, \(framesOf("callerOverrun")) no room, \(framesOf("callerEnded")) call over
                             in from the model \(framesOf("agentReceived")), to the caller \(framesOf("agentPlayed")), \
            dropped: \(framesOf("agentCleared")) cleared, \(framesOf("agentCancelled")) cancelled, \
            \(framesOf("agentRefused")) refused
            """
        files =
            (["", "turn store       \(call == nil ? "no call in it" : "media-bridge show \(report.callSid)")"]
            + seen.recordings.map { "recording        \($0)" } + ["heard by caller  \(heard)"]).joined(separator: "\n")

        let turns = call?.turns ?? []
        let caller = turns.filter { $0.speaker == "caller" }
        let agent = turns.filter { $0.speaker == "agent" }
        check(
            "the agent greeted first", agent.first?.index == turns.first?.index && !turns.isEmpty,
            turns.first?.text ?? "no turns")
        let expected = DefaultScript.conversation.compactMap { name in
            DefaultScript.recordings.first { $0.name == name }?.words
        }
        let understood = expected.filter { words in caller.contains { Self.letters($0.text) == Self.letters(words) } }
        check(
            "every word of the caller was understood", understood.count == expected.count,
            "\(understood.count) of \(expected.count) utterances")
        let interrupted = agent.filter { $0.interruptedAtMilliseconds != nil }
        check(
            "the caller interrupted once", interrupted.count == 1 && seen.notes[.interruptionConfirmed] == 1,
            "\(interrupted.count) interrupted turn(s)")
        let silence = interrupted.first?.interruptionMilliseconds
        check(
            "the agent fell silent within 400 ms", silence.map { $0 >= 0 && $0 <= 400 } ?? false,
            silence.map { "\($0) ms from the onset to the last frame" } ?? "not measured")
        check(
            "what was not heard was cut from the text",
            interrupted.first.map { $0.text.count < $0.plannedText.count && !$0.text.isEmpty } ?? false,
            interrupted.first.map { "\($0.text.count) of \($0.plannedText.count) characters" } ?? "nothing cut")
        check("the carrier was told to clear", report.clears.count == 1, "\(report.clears.count) clear(s)")
        let answers = agent.compactMap(\.responseMilliseconds)
        check(
            "every answer's latency was measured", answers.count >= expected.count,
            answers.map { "\($0)" }.joined(separator: ", ") + " ms")
        check(
            "the agent said goodbye and hung up", seen.ending == .agentSaidGoodbye, seen.ending?.rawValue ?? "still up")
        check("no hole in the agent's speech", report.gaps.isEmpty, "\(report.gaps.count) hole(s)")
        check(
            "the frame ledger balances", seen.books?.balance ?? false,
            seen.books.map { "\($0.inboundImbalance) and \($0.outboundImbalance) samples missing" } ?? "no books")
        check(
            "every mark was echoed", report.marksReceived > 0 && report.marksOutstanding == 0,
            "\(report.marksEchoed) of \(report.marksReceived)")
        let (isRecorded, recording) = Self.recording(seen)
        check("both voices are in the recording", isRecorded, recording)
        check("the turns are in the store", turns.count >= 2 * expected.count, "\(turns.count) turns")
        check(
            "metrics show the call",
            metrics.contains(#"media_bridge_calls_ended_total{reason="agent_said_goodbye"} 1"#),
            "\(metrics.split(separator: "\n").count) lines")
    }

    private mutating func check(_ name: String, _ passed: Bool, _ seen: String) { checks.append((name, passed, seen)) }

    private static func letters(_ text: String) -> String { text.lowercased().filter { $0.isLetter || $0 == " " } }

    private static func recording(_ seen: DemoScreen.Seen) -> (Bool, String) {
        if let failure = seen.recordingFailure { return (false, failure) }
        guard let path = seen.recordings.first(where: { $0.hasSuffix(".wav") }), let file = try? WAVFile(path: path),
            file.format.channels == 2
        else { return (false, "no stereo WAV") }
        func level(_ side: Int) -> Int {
            stride(from: side, to: file.samples.count, by: 2).reduce(0) { max($0, abs(Int(file.samples[$1]))) }
        }
        let length = Double(file.samples.count) / 16_000
        let text = String(format: "%.1f s, caller's peak %d, agent's peak %d", length, level(0), level(1))
        return (level(0) > 1_000 && level(1) > 1_000 && length > 10, text)
    }
}
