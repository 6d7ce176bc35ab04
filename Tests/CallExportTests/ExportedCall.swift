import Conversation
import Recording
@testable import TurnStore

/// A call whose words try to leave their place.
enum ExportedCall {
    static let attack = "</script><script>alert(1)</script> & \"quoted\" --> done"

    static func make(turns: [StoredTurn]? = nil) -> StoredCall {
        var call = StoredCall(
            id: "CA1", tenant: "clinic", direction: "inbound", from: "+15005550006", to: "+15005550001", stream: "MZ1",
            promptHash: "e9d8960d8c903680", startedAtUnixMilliseconds: 1_795_396_346_562,
            endedAtUnixMilliseconds: 1_795_396_346_562 + 61_230, endReason: "agentSaidGoodbye", status: "completed",
            recordings: [], frameCounts: [:], turnCount: 3,
            turns: turns ?? [
                turn(0, "agent", "Hello.", from: 55, to: 3_820),
                turn(1, "caller", attack, from: 4_000, to: 5_500),
                turn(2, "agent", "שלום, איך אפשר", from: 6_400, to: 9_000, cutAt: 8_500),
            ])
        call.turns[call.turns.count - 1].latency = StoredLatency(
            origin: "callerSpeech", endpointing: 500_000, request: 0, followUp: nil, model: 380_000, queueing: 2_000,
            carrier: 18_000, heard: 900_000)
        call.holes = [
            StoredHole(
                turn: 2, endedAtMilliseconds: 7_500, cause: "modelLate", gapMilliseconds: 420, heardMilliseconds: 260)
        ]
        return call
    }

    static func turn(
        _ index: Int, _ speaker: String, _ text: String, from start: Int64, to end: Int64?, cutAt: Int64? = nil
    ) -> StoredTurn {
        StoredTurn(
            index: index, speaker: speaker, item: nil, text: text, textSource: "transcribed", plannedText: text,
            startedAtMilliseconds: start, endedAtMilliseconds: end, interruptedAtMilliseconds: cutAt,
            responseMilliseconds: nil, interruptionMilliseconds: nil)
    }

    /// A second of the caller at half, then a second of the agent at a quarter of full scale.
    static var recording: WAVFile {
        var samples: [Int16] = []
        for frame in 0..<16_000 {
            let sign: Int16 = frame % 2 == 0 ? 1 : -1
            samples.append(frame < 8_000 ? 16_384 * sign : 0)
            samples.append(frame < 8_000 ? 0 : 8_192 * sign)
        }
        return WAVFile(format: WAVFormat(channels: 2, sampleRateHz: 8_000), samples: samples)
    }
}
