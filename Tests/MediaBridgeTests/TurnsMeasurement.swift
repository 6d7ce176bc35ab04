import CarrierPhone
import Configuration
import Conversation
import Foundation
import LocalAgent
import MulawCodec
import SpeechToText
import Testing

@testable import MediaBridge

/// `turns: ours` against `turns: model`, both services in the same run, over real sockets and the local agent: what a
/// caller with recorded speech hears. `scripts/measure-turns` runs it; nothing is asserted but that it was measured.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["MEDIA_BRIDGE_MEASURE"] == "turns"))
struct `Turns measured` {
    fileprivate struct Figures {
        /// Milliseconds from the end of the caller's words to the agent's first sound in his ear.
        var answers: [Int] = []
        /// From the caller's first sound, while the agent speaks, to the agent's last in his ear.
        var silences: [Int] = []
        /// The same to our last frame, as stored with the turn.
        var stored: [Int] = []
        var missed = 0
        var lateTicks = 0
    }

    private static let callsPerMode = 5
    private static let utterancesPerCall = 6

    @Test func `turns ours against turns model`() async throws {
        async let ours = Self.measure(.ours)
        async let model = Self.measure(.model)
        let (first, second) = (try await ours, try await model)
        var lines = ["| | turns: ours | turns: model |", "| --- | --- | --- |"]
        let rows: [(String, KeyPath<Figures, [Int]>)] = [
            ("end of the caller's words to the agent's first sound", \.answers),
            ("caller's first sound to the agent's last in the caller's ear", \.silences),
            ("caller's onset to our last frame, as stored", \.stored),
        ]
        for (name, path) in rows {
            lines.append("| \(name) | \(Self.line(first[keyPath: path])) | \(Self.line(second[keyPath: path])) |")
        }
        lines.append("| not interrupted | \(first.missed) | \(second.missed) |")
        lines.append("| phone's ticks more than 2 ms late | \(first.lateTicks) | \(second.lateTicks) |")
        print(lines.joined(separator: "\n"))
        for figures in [first, second] {
            #expect(figures.answers.count >= 20)
            #expect(figures.silences.count + figures.missed >= 20)
        }
    }

    private static func line(_ values: [Int]) -> String {
        guard !values.isEmpty else { return "none" }
        let sorted = values.sorted()
        func quantile(_ part: Double) -> Int { sorted[Int((Double(sorted.count - 1) * part).rounded())] }
        return "p50 \(quantile(0.5)), p95 \(quantile(0.95)), max \(sorted[sorted.count - 1]) ms (n = \(sorted.count))"
    }

    private static func measure(_ turns: ConversationPolicy.Turns) async throws -> Figures {
        // Every utterance gets the long answer, and the next one interrupts it.
        let texts = [String](repeating: "hello world", count: 1_000)
        var plan = RigPlan(.agent(SpokenScript.options(hearing: texts)), greets: false)
        plan.configure = { $0.tenants[0].turnTaking.turns = turns }
        var figures = Figures()
        try await withService(plan) { rig in
            for _ in 0..<callsPerMode {
                var options = rig.phoneOptions()
                options.agentHangoverMilliseconds = 600
                options.utterances = try (0..<utterancesPerCall).map { index in
                    try SpokenScript.utterance(
                        "hello-world",
                        index == 0 ? .at(milliseconds: 500) : .intoAgentTurn(index, milliseconds: 1_500 + 97 * index))
                }
                options.hangUp = [
                    .after(milliseconds: 60_000), .afterAgentTurn(utterancesPerCall, pauseMilliseconds: 0),
                ]
                let report = await rig.call(options)
                figures.take(report, bounds(options.utterances[0].audio))
                let seen = try await rig.ended(report.callSid)
                figures.stored += seen.turns.compactMap { $0.interruptionMilliseconds.map { Int($0) } }
            }
        }
        return figures
    }

    /// Milliseconds of the first and the last sound.
    private static func bounds(_ audio: [UInt8]) -> (start: Int, end: Int) {
        let loud = stride(from: 0, to: audio.count - 79, by: 80).filter { CallerSound.level(audio[$0..<$0 + 80]) > 200 }
        return ((loud.first ?? 0) / 8, (loud.last ?? 0) / 8 + 10)
    }
}

extension `Turns measured`.Figures {
    fileprivate mutating func take(_ report: CarrierPhoneReport, _ words: (start: Int, end: Int)) {
        lateTicks += report.lateTicks
        for (index, started) in report.utterancesStarted.enumerated() {
            guard let started else { continue }
            let (onset, end) = (started + words.start, started + words.end)
            // The turn that was under way, and the first that began after the words.
            if let speaking = report.agentTurns.last(where: { $0.startMilliseconds < onset }),
                let silent = speaking.endMilliseconds, index > 0
            {
                if silent < end + 1_000 { silences.append(silent - onset) } else { missed += 1 }
            }
            if let answer = report.agentTurns.first(where: { $0.startMilliseconds > end }) {
                let next = index + 1 < report.utterancesStarted.count ? report.utterancesStarted[index + 1] : nil
                if answer.startMilliseconds < next ?? .max { answers.append(answer.startMilliseconds - end) }
            }
        }
    }
}
