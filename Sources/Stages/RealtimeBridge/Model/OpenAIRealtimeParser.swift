public import Conversation

/// Reads OpenAI Realtime server events. Audio is decoded into the parser's own memory, which grows to the largest message
/// seen and no further; an audio delta allocates nothing after that.
///
/// It keeps nothing of a call between messages, so one parser serves all calls of a shard.
/// - Source: OpenAI Realtime API, server events; types of the Python SDK `openai` 3.54.0.
public struct OpenAIRealtimeParser: ModelParser, ~Copyable {
    /// A longer message is not read.
    public let maximumMessageBytes: Int
    private var audio: [UInt8]
    private var audioCount = 0
    private(set) var shape = OpenAIDeltaShape()
    /// What the message that was read last says the transcription of the caller's words has cost; nil after any other.
    public private(set) var transcriptionUsage: ModelUsage?

    /// - Parameter expectedAudioBytes: memory taken at once; 64 KiB holds 1.3 s of 24 kHz PCM.
    public init(expectedAudioBytes: Int = 64 * 1024, maximumMessageBytes: Int = 2 * 1024 * 1024) {
        self.maximumMessageBytes = maximumMessageBytes
        audio = [UInt8](repeating: 0, count: expectedAudioBytes)
    }

    public func withAudio(_ body: (Span<UInt8>) -> Void) {
        body(audio.span.extracting(0..<audioCount))
    }

    public mutating func parse(_ text: Span<UInt8>, isText: Bool = true) -> ModelMessage {
        audioCount = 0
        transcriptionUsage = nil
        guard isText else { return .malformed(.binary) }
        guard text.count <= maximumMessageBytes else { return .malformed(.tooLong(limitBytes: maximumMessageBytes)) }
        if let audio = shape.read(text, into: &audio) {
            audioCount = audio.byteCount
            return .audio(audio)
        }
        return walk(text)
    }

    private mutating func walk(_ text: Span<UInt8>) -> ModelMessage {
        var scanner = JSONScanner()
        var fields = OpenAIFields()
        var audioOutcome: Base64.Outcome?
        if scanner.beginObject(text) {
            while let key = scanner.nextKey(text) {
                if fields.isAudio, key.matches("delta", in: text) {
                    audioOutcome = decodeInPlace(text, &scanner)
                } else {
                    fields.read(key, text, &scanner)
                }
            }
        }
        guard scanner.finish(text), scanner.fault == nil else {
            return .malformed(.json(scanner.fault ?? .trailingBytes, offset: scanner.position))
        }
        guard fields.isAudio else {
            let message = OpenAIEventReader(fields: fields).message(text)
            if case .event(.inputTranscript(_, .final)) = message {
                transcriptionUsage = fields.transcriptionUsage(text)
            }
            return message
        }
        let message = audioMessage(fields, audioOutcome ?? decode(fields.delta, text), text)
        if case .audio = message { shape.learn(text) }
        return message
    }

    /// Makes room for what a text of `count` bytes may carry.
    @inline(__always)
    static func reserve(_ audio: inout [UInt8], forTextOf count: Int) {
        // Whole groups, and the bytes that the last wide store reaches beyond them.
        let needed = count / 4 * 3 + 32
        if audio.count < needed { audio = [UInt8](repeating: 0, count: needed) }
    }

    /// Decodes the string at the current position while looking for its end. Nil when it is no string.
    @inline(__always)
    private mutating func decodeInPlace(_ text: Span<UInt8>, _ scanner: inout JSONScanner) -> Base64.Outcome? {
        guard scanner.position < text.count, text[scanner.position] == UInt8(ascii: "\"") else {
            scanner.skip(text)
            return nil
        }
        Self.reserve(&audio, forTextOf: text.count)
        var output = audio.mutableSpan
        let outcome = Base64.decode(text, from: scanner.position + 1, into: &output)
        if case .decoded(let run) = outcome, run.end < text.count {
            scanner.move(to: run.end + 1)
            return outcome
        }
        guard let slice = scanner.scanString(text) else { return outcome }
        return slice.isEscaped ? Base64.decode(escaped: slice, of: text, into: &output) : outcome
    }

    /// Decodes a string that was found before the message said that it is audio.
    private mutating func decode(_ slice: JSONSlice?, _ text: Span<UInt8>) -> Base64.Outcome? {
        guard let slice else { return nil }
        Self.reserve(&audio, forTextOf: text.count)
        var output = audio.mutableSpan
        return slice.isEscaped
            ? Base64.decode(escaped: slice, of: text, into: &output)
            : Base64.decode(text.extracting(0..<slice.upper), from: slice.lower, into: &output)
    }

    @inline(__always)
    private mutating func audioMessage(
        _ fields: borrowing OpenAIFields, _ outcome: Base64.Outcome?, _ text: Span<UInt8>
    ) -> ModelMessage {
        guard let outcome else { return .malformed(.missing(field: "delta")) }
        guard case .decoded(let run) = outcome else { return .malformed(.badBase64(field: "delta")) }
        guard let responseSlice = fields.response else { return .malformed(.missing(field: "response_id")) }
        guard let itemSlice = fields.item else { return .malformed(.missing(field: "item_id")) }
        guard let response = responseSlice.wireID(in: text) else {
            return .malformed(OpenAIEventReader.badID("response_id"))
        }
        guard let item = itemSlice.wireID(in: text) else { return .malformed(OpenAIEventReader.badID("item_id")) }
        audioCount = run.byteCount
        let index = Int(clamping: fields.contentIndex ?? 0)
        return .audio(ModelAudio(response: response, item: item, contentIndex: index, byteCount: run.byteCount))
    }
}
