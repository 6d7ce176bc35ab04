internal import Conversation

/// The members of one server event that any of them may have, as slices of the message, in whatever order they came.
struct OpenAIFields {
    var type: JSONSlice?
    /// The type is one of the two names of an audio delta.
    var isAudio = false
    var response: JSONSlice?
    var item: JSONSlice?
    var previousItem: JSONSlice?
    var contentIndex: Int64?
    var delta: JSONSlice?
    var transcript: JSONSlice?
    var audioStartMilliseconds: Int64?
    var audioEndMilliseconds: Int64?
    /// Where the objects of these names begin.
    var itemObject: Int?
    var responseObject: Int?
    var sessionObject: Int?
    var errorObject: Int?
    var usageObject: Int?

    /// Reads the value behind `key`, or passes over it.
    @inline(__always)
    mutating func read(_ key: JSONSlice, _ text: Span<UInt8>, _ scanner: inout JSONScanner) {
        switch key.length(in: text) {
        case 4 where key.matches("type", in: text):
            type = scanner.string(text)
            isAudio =
                type.map {
                    $0.matches("response.output_audio.delta", in: text) || $0.matches("response.audio.delta", in: text)
                } ?? false
        case 4 where key.matches("item", in: text): itemObject = object(text, &scanner)
        case 5 where key.matches("delta", in: text): delta = scanner.string(text)
        case 5 where key.matches("usage", in: text): usageObject = object(text, &scanner)
        case 5 where key.matches("error", in: text): errorObject = object(text, &scanner)
        case 7 where key.matches("item_id", in: text): item = scanner.string(text)
        case 7 where key.matches("session", in: text): sessionObject = object(text, &scanner)
        case 8 where key.matches("response", in: text): responseObject = object(text, &scanner)
        case 10 where key.matches("transcript", in: text): transcript = scanner.string(text)
        case 11 where key.matches("response_id", in: text): response = scanner.string(text)
        case 12 where key.matches("audio_end_ms", in: text): audioEndMilliseconds = scanner.integer(text)
        case 13 where key.matches("content_index", in: text): contentIndex = scanner.integer(text)
        case 14 where key.matches("audio_start_ms", in: text): audioStartMilliseconds = scanner.integer(text)
        case 16 where key.matches("previous_item_id", in: text): previousItem = scanner.string(text)
        default: scanner.skip(text)
        }
    }

    func transcriptionUsage(_ text: Span<UInt8>) -> ModelUsage? {
        guard let usageObject else { return nil }
        var scanner = JSONScanner(at: usageObject)
        var usage = OpenAIUsage()
        usage.read(text, &scanner)
        return usage.ofTranscription
    }

    private func object(_ text: Span<UInt8>, _ scanner: inout JSONScanner) -> Int? {
        let position = scanner.isObject(text) ? scanner.position : nil
        scanner.skip(text)
        return position
    }
}
