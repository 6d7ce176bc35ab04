import ArgumentParser
import Conversation
import TurnStore

struct ShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show one call: who said what and when, what was cut, where the recording lies.")

    @Argument(help: "The call's id, or the beginning of it.") var call: String
    @OptionGroup var source: StoreOptions
    @Flag(help: "JSON instead of text.") var json = false

    func run() throws {
        let found = try source.find(call, in: try source.open())
        if json { return try printJSON(found) }
        print("call       \(found.id)   tenant \(found.tenant)   \(found.direction)")
        print("started    \(localTime(found.startedAtUnixMilliseconds))")
        if let ended = found.endedAtUnixMilliseconds {
            print(
                "ended      \(localTime(ended)), \(inSeconds(ended - found.startedAtUnixMilliseconds)), \(found.endReason ?? "")"
            )
        }
        if let status = found.status {
            print("status     \(status)" + (found.durationSeconds.map { ", \($0) s by the carrier" } ?? ""))
        }
        if let parent = found.parent { print("leg of     \(parent)") }
        for path in found.recordings { print("recording  \(path)") }
        for turn in found.turns {
            print(describe(turn))
            for line in figures(of: turn, in: found) { print(String(repeating: " ", count: 19) + line) }
        }
        for heard in found.recognized { print(describe(heard)) }
        for line in describe(found.transcript) { print(line) }
        if let usage = found.usage { print(describe(usage)) }
        if !found.frameCounts.isEmpty {
            let counts = found.frameCounts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
            print("frames     " + counts.joined(separator: ", "))
        }
    }

    /// Where the time before the turn went, and its holes.
    private func figures(of turn: StoredTurn, in call: StoredCall) -> [String] {
        var lines: [String] = []
        if let latency = turn.latency {
            let bar = LatencyBar(latency)
            lines.append(bar.bar.isEmpty ? bar.text : "|\(bar.bar)| \(bar.text)")
        }
        for hole in call.holes where hole.turn == turn.index {
            let sent = hole.gapMilliseconds > 0 ? "nothing sent for \(hole.gapMilliseconds) ms" : "by its marks"
            let heard = hole.heardMilliseconds > 0 ? "a hole of \(hole.heardMilliseconds) ms" : "not heard"
            lines.append("\(heard) until \(inSeconds(hole.endedAtMilliseconds)): \(hole.because), \(sent)")
        }
        return lines
    }
}

/// `    3.100  caller  good morning   [heard by vosk, confidence 0.90]`.
func describe(_ heard: RecognizedWords) -> String {
    var remark = "heard by \(heard.recognizer)"
    if let confidence = heard.confidence {
        let hundredths = Int((confidence * 100).rounded())
        remark += ", confidence \(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
    }
    return "\(inSeconds(heard.startMilliseconds).leftPadded(to: 9))  "
        + "\(heard.channel.rawValue.leftPadded(to: 6))  \(heard.text)   [\(remark)]"
}

/// `transcript recording (recordingIsGood)`, and the recording's lines; nothing while nobody has decided.
func describe(_ transcript: StoredTranscript?) -> [String] {
    guard let transcript, let reason = transcript.reason else { return [] }
    let head = "transcript \(transcript.source) (\(reason))"
    guard transcript.source == "recording" else { return [head] }
    return [head]
        + transcript.lines.map {
            "\(inSeconds($0.startMilliseconds).leftPadded(to: 9))  \($0.speaker.leftPadded(to: 6))  \($0.text)"
        }
}

/// `cost       0.042100 USD, 1 session: inputAudio 500, outputAudio 250`.
func describe(_ usage: StoredUsage) -> String {
    let micros = String(usage.costMicros % 1_000_000 + 1_000_000).dropFirst()
    let kinds = usage.counts.filter { $0.value > 0 }.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
    let sessions = "\(usage.sessions) session\(usage.sessions == 1 ? "" : "s")"
    return "cost       \(usage.costMicros / 1_000_000).\(micros) \(usage.currency), \(sessions)"
        + (kinds.isEmpty ? "" : ": " + kinds.joined(separator: ", "))
}

/// One turn, as the demo and `show` print it.
func describe(_ turn: StoredTurn) -> String {
    var line = "\(inSeconds(turn.startedAtMilliseconds).leftPadded(to: 9))  \(turn.speaker.leftPadded(to: 6))  "
    line += turn.text.isEmpty ? "(\(turn.textSource == "failed" ? "not transcribed" : "no text"))" : turn.text
    if turn.interruptedAtMilliseconds != nil { line += " ..." }
    var remarks: [String] = []
    if let response = turn.responseMilliseconds { remarks.append("answered after \(response) ms") }
    if let interruption = turn.interruptionMilliseconds {
        remarks.append("silent \(interruption) ms after the caller began")
    }
    if turn.textSource == "estimated" { remarks.append("heard text estimated") }
    if let heardBy = turn.heardBy { remarks.append("heard by \(heardBy)") }
    return remarks.isEmpty ? line : line + "   [" + remarks.joined(separator: "; ") + "]"
}
