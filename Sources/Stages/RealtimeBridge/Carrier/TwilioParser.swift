internal import Conversation

/// Reads Twilio Media Streams messages. Audio is decoded into the parser's own memory; media and marks allocate nothing.
///
/// It keeps nothing of a call between messages, so one parser serves all calls of a shard.
/// - Source: Twilio Media Streams, WebSocket messages (2026 edition).
public struct TwilioParser: CarrierParser, ~Copyable {
    /// Most bytes of audio one message may carry.
    public let maximumAudioBytes: Int
    private var audio: [UInt8]
    private var audioCount = 0
    private(set) var shape = TwilioMediaShape()

    public init(maximumAudioBytes: Int = 64 * 1024) {
        self.maximumAudioBytes = maximumAudioBytes
        audio = [UInt8](repeating: 0, count: maximumAudioBytes)
    }

    public func withAudio(_ body: (Span<UInt8>) -> Void) {
        body(audio.span.extracting(0..<audioCount))
    }

    public mutating func parse(_ text: Span<UInt8>, isText: Bool = true) -> CarrierMessage {
        audioCount = 0
        guard isText else { return .malformed(.binary) }
        if let media = shape.read(text, into: &audio) {
            audioCount = media.byteCount
            return .media(media)
        }
        return walk(text)
    }

    private mutating func walk(_ text: Span<UInt8>) -> CarrierMessage {
        var scanner = JSONScanner()
        var fields = Fields()
        if scanner.beginObject(text) {
            while let key = scanner.nextKey(text) { readMember(key, text, &scanner, &fields) }
        }
        guard scanner.finish(text), scanner.fault == nil else {
            audioCount = 0
            return .malformed(.json(scanner.fault ?? .trailingBytes, offset: scanner.position))
        }
        let message = message(fields, text)
        // A message of another kind may carry a `media` member too: its audio is nobody's.
        if case .media = message { shape.learn(text) } else { audioCount = 0 }
        return message
    }

    /// What one message said, in whatever order it said it.
    private struct Fields {
        var kind: JSONSlice?
        var sequence: Int64?
        var stream: JSONSlice?
        /// Where the value of `start` begins.
        var start: Int?
        var hasMedia = false
        var media = CarrierMedia(byteCount: 0)
        var mediaFault: MediaFault?
        var hasPayload = false
        var markName: JSONSlice?
        var digit: JSONSlice?
    }

    private enum MediaFault { case notBase64, tooLong, track, payload }

    @inline(__always)
    private mutating func readMember(
        _ key: JSONSlice, _ text: Span<UInt8>, _ scanner: inout JSONScanner, _ fields: inout Fields
    ) {
        switch key.length(in: text) {
        case 5 where key.matches("event", in: text): fields.kind = scanner.string(text)
        case 14 where key.matches("sequenceNumber", in: text): fields.sequence = scanner.integer(text)
        case 5 where key.matches("media", in: text) && scanner.isObject(text): readMedia(text, &scanner, &fields)
        case 9 where key.matches("streamSid", in: text): fields.stream = scanner.string(text)
        case 4 where key.matches("mark", in: text) && scanner.isObject(text):
            fields.markName = readString("name", text, &scanner)
        case 4 where key.matches("dtmf", in: text) && scanner.isObject(text):
            fields.digit = readString("digit", text, &scanner)
        case 5 where key.matches("start", in: text) && scanner.isObject(text):
            fields.start = scanner.position
            scanner.skip(text)
        default: scanner.skip(text)
        }
    }

    private mutating func readMedia(_ text: Span<UInt8>, _ scanner: inout JSONScanner, _ fields: inout Fields) {
        fields.hasMedia = true
        guard scanner.beginObject(text) else { return }
        while let key = scanner.nextKey(text) {
            switch key.length(in: text) {
            case 7 where key.matches("payload", in: text): readPayload(text, &scanner, &fields)
            case 9 where key.matches("timestamp", in: text):
                fields.media.timestampMilliseconds = scanner.integer(text)
            case 5 where key.matches("chunk", in: text): fields.media.chunk = scanner.integer(text)
            case 5 where key.matches("track", in: text):
                if let track = scanner.string(text), let known = CarrierTrack(track, in: text) {
                    fields.media.track = known
                } else {
                    fields.mediaFault = .track
                }
            default: scanner.skip(text)
            }
        }
    }

    private mutating func readPayload(_ text: Span<UInt8>, _ scanner: inout JSONScanner, _ fields: inout Fields) {
        audioCount = 0
        guard scanner.position < text.count, text[scanner.position] == UInt8(ascii: "\"") else {
            fields.mediaFault = .payload
            scanner.skip(text)
            return
        }
        var output = audio.mutableSpan
        // Decoding finds the closing quote by itself; only what it stumbles over is scanned as a string.
        var outcome = Base64.decode(text, from: scanner.position + 1, into: &output)
        if case .decoded(let run) = outcome, run.end < text.count {
            scanner.move(to: run.end + 1)
        } else {
            guard let slice = scanner.scanString(text) else { return }
            if slice.isEscaped { outcome = Base64.decode(escaped: slice, of: text, into: &output) }
        }
        switch outcome {
        case .decoded(let run):
            audioCount = run.byteCount
            fields.hasPayload = true
        case .failed(.notBase64): fields.mediaFault = .notBase64
        case .failed(.tooLong): fields.mediaFault = .tooLong
        }
    }

    /// The string member `name` of the object at the current position.
    private func readString(_ name: StaticString, _ text: Span<UInt8>, _ scanner: inout JSONScanner) -> JSONSlice? {
        var found: JSONSlice?
        guard scanner.beginObject(text) else { return nil }
        while let key = scanner.nextKey(text) {
            if key.matches(name, in: text) {
                found = scanner.string(text)
            } else {
                scanner.skip(text)
            }
        }
        return found
    }

    private mutating func message(_ fields: borrowing Fields, _ text: Span<UInt8>) -> CarrierMessage {
        guard let kind = fields.kind else { return .malformed(.missing(field: "event")) }
        if kind.matches("media", in: text) { return media(fields) }
        audioCount = 0
        if kind.matches("mark", in: text) {
            guard let name = fields.markName else { return .malformed(.missing(field: "mark.name")) }
            return .mark(PlaybackMark(name: name, in: text), sequence: fields.sequence)
        }
        if kind.matches("dtmf", in: text) { return dtmf(fields, text) }
        if kind.matches("start", in: text) { return start(fields, text) }
        if kind.matches("stop", in: text) { return .stop(sequence: fields.sequence) }
        if kind.matches("connected", in: text) { return .connected }
        return .unknown(kind: kind.string(in: text), sequence: fields.sequence)
    }

    private mutating func media(_ fields: borrowing Fields) -> CarrierMessage {
        if let fault = fields.mediaFault {
            audioCount = 0
            switch fault {
            case .notBase64: return .malformed(.badBase64(field: "media.payload"))
            case .tooLong: return .malformed(.tooLong(limitBytes: maximumAudioBytes))
            case .track: return .malformed(.invalid(field: "media.track", expected: "inbound or outbound"))
            case .payload: return .malformed(.invalid(field: "media.payload", expected: "a string"))
            }
        }
        guard fields.hasMedia else { return .malformed(.missing(field: "media")) }
        guard fields.hasPayload else { return .malformed(.missing(field: "media.payload")) }
        var media = fields.media
        media.sequence = fields.sequence
        media.byteCount = audioCount
        return .media(media)
    }

    private func dtmf(_ fields: borrowing Fields, _ text: Span<UInt8>) -> CarrierMessage {
        guard let digit = fields.digit else { return .malformed(.missing(field: "dtmf.digit")) }
        if digit.count == 1, !digit.isEscaped {
            switch text[digit.lower] {
            case let byte where byte &- UInt8(ascii: "0") < 10 || byte &- UInt8(ascii: "A") < 4:
                return .dtmf(digit: byte, sequence: fields.sequence)
            case UInt8(ascii: "*"), UInt8(ascii: "#"):
                return .dtmf(digit: text[digit.lower], sequence: fields.sequence)
            default: break
            }
        }
        return .malformed(.invalid(field: "dtmf.digit", expected: "one of 0-9 * # A-D"))
    }

    // MARK: Start, once per stream: allocates.

    private func start(_ fields: borrowing Fields, _ text: Span<UInt8>) -> CarrierMessage {
        guard let position = fields.start else { return .malformed(.missing(field: "start")) }
        var reader = TwilioStartReader(sequence: fields.sequence)
        reader.outerStream = fields.stream
        var scanner = JSONScanner(at: position)
        return reader.read(text, &scanner)
    }
}

extension CarrierTrack {
    /// `inbound`, `inbound_track`, `outbound`, `outbound_track`: Twilio writes both forms.
    @inline(__always)
    init?(_ slice: JSONSlice, in text: Span<UInt8>) {
        if slice.matches("inbound", in: text) || slice.matches("inbound_track", in: text) {
            self = .inbound
        } else if slice.matches("outbound", in: text) || slice.matches("outbound_track", in: text) {
            self = .outbound
        } else {
            return nil
        }
    }
}
