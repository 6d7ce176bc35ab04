public import Conversation

/// Builds the messages for one Twilio stream in memory of its own, behind a prefix written once. Allocates in `init`, and for
/// a message that is longer than a frame and any before it. The bytes handed to `send` are valid until it returns.
public struct TwilioWriter: CarrierWriter, ~Copyable {
    public let maximumAudioBytes: Int
    private var media: [UInt8]
    private let mediaPrefixCount: Int
    /// Audio that `media` has room for.
    private var roomBytes = 0
    private var mark: [UInt8]
    private let markPrefixCount: Int
    private let clear: [UInt8]

    /// - Parameter maximumAudioBytes: longest audio one message will carry: 160 is one frame, 1,600 is 200 ms.
    public init(stream: WireID, maximumAudioBytes: Int = 1_600) {
        self.maximumAudioBytes = maximumAudioBytes
        var name: [UInt8] = []
        name.appendJSONString(stream.description)
        func message(_ head: String, _ tail: String) -> [UInt8] { Array(head.utf8) + name + Array(tail.utf8) }
        media = message(#"{"event":"media","streamSid":"#, #","media":{"payload":""#)
        mediaPrefixCount = media.count
        mark = message(#"{"event":"mark","streamSid":"#, #","mark":{"name":""#)
        markPrefixCount = mark.count
        mark += [UInt8](repeating: 0, count: PlaybackMark.longestName + 3)
        clear = message(#"{"event":"clear","streamSid":"#, "}")
        makeRoom(for: min(maximumAudioBytes, Self.frameBytes))
    }

    /// 20 ms, and room for what the last wide store of its base64 may reach beyond it.
    private static var frameBytes: Int { 160 + 24 }

    @inline(never)
    private mutating func makeRoom(for audioBytes: Int) {
        roomBytes = max(roomBytes, audioBytes)
        let missing = mediaPrefixCount + Base64.encodedCount(audioBytes) + 3 - media.count
        if missing > 0 { media += repeatElement(0, count: missing) }
    }

    public mutating func sendMedia(_ audio: Span<UInt8>, _ send: (Span<UInt8>) -> Bool) -> Bool {
        precondition(audio.count > 0 && audio.count <= maximumAudioBytes, "audio.count: \(audio.count)")
        if audio.count > roomBytes { makeRoom(for: audio.count) }
        let prefixCount = mediaPrefixCount
        var output = media.mutableSpan
        let end = Base64.encode(audio, into: &output, at: prefixCount)
        Self.close(&output, at: end)
        return send(media.span.extracting(0..<end + 3))
    }

    public mutating func sendMark(_ mark: PlaybackMark, _ send: (Span<UInt8>) -> Bool) -> Bool {
        let prefixCount = markPrefixCount
        var output = self.mark.mutableSpan
        let end = mark.writeName(into: &output, at: prefixCount)
        Self.close(&output, at: end)
        return send(self.mark.span.extracting(0..<end + 3))
    }

    public mutating func sendClear(_ send: (Span<UInt8>) -> Bool) -> Bool { send(clear.span) }

    @inline(__always)
    private static func close(_ output: inout MutableSpan<UInt8>, at end: Int) {
        // Highest first: who has room for it has room for the others.
        output[end + 2] = UInt8(ascii: "}")
        output[end + 1] = UInt8(ascii: "}")
        output[end] = UInt8(ascii: "\"")
    }
}
