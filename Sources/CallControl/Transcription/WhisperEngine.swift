public import Configuration
public import Conversation
import Dispatch
import Foundation
import Synchronization
import TurnStore

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Any server of Whisper's HTTP interface, `POST .../audio/transcriptions`.
///
/// - Source: OpenAI's API reference, audio transcriptions (2026); whisper.cpp's and other servers take the same fields.
public final class WhisperEngine: OfflineEngine {
    public let name: String
    public var cutting: OfflineCutting { OfflineCutting(longest: 300_000, silence: 3_000) }

    private let url: URL
    private let model: String
    private let apiKey: Secret?
    private let timeoutMilliseconds: Int
    private let requests: OutgoingRequests
    /// Some models answer without times only.
    private let refusesVerbose = Atomic<Bool>(false)

    static let maximumAnswerBytes = 8 * 1024 * 1024
    /// Whisper keeps the last 224 tokens of its prompt.
    static let maximumPromptCharacters = 600

    /// - Returns: nil when the address is none.
    public init?(_ configuration: TranscriptionConfiguration, requests: OutgoingRequests) {
        guard let url = URL(string: configuration.url), url.host != nil else { return nil }
        (self.url, model, apiKey, self.requests) = (url, configuration.model, configuration.apiKey, requests)
        timeoutMilliseconds = configuration.timeoutSeconds * 1_000
        name = "whisper \(configuration.model)"
    }

    public func transcribe(
        _ samples: [Int16], hints: TranscriptionHints, phrases: [String], isStopping: @Sendable () -> Bool
    ) throws(OfflineFailure) -> OfflineText {
        let isVerbose = !refusesVerbose.load(ordering: .relaxed)
        do throws(OfflineFailure) {
            return try ask(samples, hints, isVerbose: isVerbose, isStopping)
        } catch {
            guard isVerbose, error == Self.failure(status: 400) else { throw error }
            let text = try ask(samples, hints, isVerbose: false, isStopping)
            refusesVerbose.store(true, ordering: .relaxed)
            return text
        }
    }

    private func ask(
        _ samples: [Int16], _ hints: TranscriptionHints, isVerbose: Bool, _ isStopping: @Sendable () -> Bool
    ) throws(OfflineFailure) -> OfflineText {
        let boundary = "media-bridge-" + Cryptography.hexadecimal(Cryptography.randomBytes(12))
        var request = URLRequest(url: url)
        request.httpMethod = "POST"
        request.setValue("multipart/form-data; boundary=\(boundary)", forHTTPHeaderField: "Content-Type")
        request.setValue("application/json", forHTTPHeaderField: "Accept")
        if let apiKey { request.setValue("Bearer \(apiKey.reveal())", forHTTPHeaderField: "Authorization") }
        request.httpBody = body(samples, hints, isVerbose: isVerbose, boundary: boundary)

        let answer = Answered()
        requests.send(
            request, timeoutMilliseconds: timeoutMilliseconds, maximumBytes: Self.maximumAnswerBytes
        ) { result in
            answer.result.withLock { $0 = result }
            answer.arrived.signal()
        }
        while answer.arrived.wait(timeout: .now() + .milliseconds(100)) == .timedOut {
            if isStopping() { throw .stopped }
        }
        switch answer.result.withLock({ $0 }) {
        case .success(let answer) where (200..<300).contains(answer.status):
            return try Self.read(answer.body, audioMilliseconds: Int64(samples.count / 16))
        case .success(let answer): throw Self.failure(status: answer.status)
        case .failure(.redirected): throw .final("the server redirects")
        case .failure(.tooLong): throw .final("the answer is too long")
        case .failure(let failure): throw .again(failure.rawValue)
        case nil: throw .again("no answer")
        }
    }

    private final class Answered: Sendable {
        let arrived = DispatchSemaphore(value: 0)
        let result = Mutex<Result<OutgoingRequests.Answer, OutgoingRequests.Failure>?>(nil)
    }

    static func failure(status: Int) -> OfflineFailure {
        status == 408 || status == 429 || status >= 500 ? .again("HTTP \(status)") : .final("HTTP \(status)")
    }

    // MARK: What is sent

    private func body(_ samples: [Int16], _ hints: TranscriptionHints, isVerbose: Bool, boundary: String) -> Data {
        var body = Data()
        func part(_ name: String, _ value: String) {
            body.append(
                Data("--\(boundary)\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n".utf8))
        }
        part("model", model)
        part("language", hints.language)
        part("response_format", isVerbose ? "verbose_json" : "json")
        if isVerbose { part("timestamp_granularities[]", "segment") }
        part("temperature", "0")
        if !hints.prompt.isEmpty { part("prompt", String(hints.prompt.suffix(Self.maximumPromptCharacters))) }
        body.append(
            Data(
                ("--\(boundary)\r\nContent-Disposition: form-data; name=\"file\"; filename=\"call.wav\"\r\n"
                    + "Content-Type: audio/wav\r\n\r\n").utf8))
        body.append(Self.wav(samples))
        body.append(Data("\r\n--\(boundary)--\r\n".utf8))
        return body
    }

    /// 16 kHz, mono, linear: what every server reads.
    static func wav(_ samples: [Int16]) -> Data {
        var data = Data(capacity: 44 + samples.count * 2)
        func put(_ value: some FixedWidthInteger) {
            for byte in 0..<(value.bitWidth / 8) { data.append(UInt8(truncatingIfNeeded: value >> (8 * byte))) }
        }
        data.append(Data("RIFF".utf8))
        put(UInt32(36 + samples.count * 2))
        data.append(Data("WAVEfmt ".utf8))
        put(UInt32(16))
        put(UInt16(1))
        put(UInt16(1))
        put(UInt32(16_000))
        put(UInt32(32_000))
        put(UInt16(2))
        put(UInt16(16))
        data.append(Data("data".utf8))
        put(UInt32(samples.count * 2))
        for sample in samples { put(sample) }
        return data
    }

    // MARK: What comes back

    private struct Answer: Decodable {
        struct Segment: Decodable {
            var start: Double
            var end: Double
            var text: String
            var avg_logprob: Double?
            var no_speech_prob: Double?
        }
        var text: String
        var language: String?
        var segments: [Segment]?
    }

    static func read(_ body: [UInt8], audioMilliseconds: Int64) throws(OfflineFailure) -> OfflineText {
        guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(body)) else {
            throw .final("the answer is not a transcription")
        }
        guard let segments = answer.segments, !segments.isEmpty else {
            let text = tidy(answer.text)
            return OfflineText(
                text: text, language: answer.language,
                segments: text.isEmpty ? [] : [.init(start: 0, end: audioMilliseconds, text: text)])
        }
        var pieces: [OfflineSegment] = []
        var (weight, sum) = (0.0, 0.0)
        for segment in segments {
            // What the server itself takes for silence, it has made up.
            if (segment.no_speech_prob ?? 0) > 0.6, (segment.avg_logprob ?? 0) < -1 { continue }
            let text = tidy(segment.text)
            guard !text.isEmpty, segment.start.isFinite, segment.end.isFinite else { continue }
            let start = milliseconds(segment.start, atMost: audioMilliseconds)
            let end = max(start, milliseconds(segment.end, atMost: audioMilliseconds))
            pieces.append(OfflineSegment(start: start, end: end, text: text))
            if let logarithm = segment.avg_logprob, logarithm.isFinite {
                let length = Double(max(1, end - start))
                weight += length
                sum += length * logarithm
            }
        }
        return OfflineText(
            text: pieces.map(\.text).joined(separator: " "), language: answer.language,
            confidence: weight > 0 ? min(1, exp(sum / weight)) : nil, segments: pieces)
    }

    private static func milliseconds(_ seconds: Double, atMost limit: Int64) -> Int64 {
        Int64(max(0, min(Double(limit), seconds * 1_000)))
    }

    private static func tidy(_ text: String) -> String {
        text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
}
