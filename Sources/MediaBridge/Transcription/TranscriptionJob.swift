import CallControl
import Foundation
import TurnStore

/// What a job of the kind `transcribe` says: one channel of one recording. The key is the call, the channel and the
/// audio's digest, so the same audio is one job, however often it is asked for.
struct TranscriptionJob: Codable, Equatable {
    var path: String
    var channel: OfflineTranscript.Channel
    var sha256: String

    func key(call: String) -> String { "\(call)/\(channel.rawValue)/\(sha256)" }

    var partialPath: String { "\(path).\(channel.rawValue).partial" }

    func job(call: String, notBefore: Int64, at: Int64) -> NewJob? {
        guard let payload = Self.json(self) else { return nil }
        return NewJob(
            kind: .transcribe, key: key(call: call), call: call, payload: payload, notBefore: notBefore, at: at)
    }

    init(path: String, channel: OfflineTranscript.Channel, sha256: String) {
        (self.path, self.channel, self.sha256) = (path, channel, sha256)
    }

    /// Nil for a payload that is none.
    init?(payload: String) {
        guard let job = try? JSONDecoder().decode(Self.self, from: Data(payload.utf8)) else { return nil }
        self = job
    }

    static func json(_ value: some Encodable) -> String? {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Before one more try: five seconds, doubled each time, ten minutes at most.
    static func backOffMilliseconds(afterAttempts attempts: Int) -> Int64 {
        min(600_000, 5_000 << Int64(max(0, min(attempts - 1, 10))))
    }
}
