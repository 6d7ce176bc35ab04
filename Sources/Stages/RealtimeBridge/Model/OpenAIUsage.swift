internal import Conversation

/// A `usage` object: of a response, or of the transcription of the caller's words, which bills by tokens or by time.
/// - Source: types of the Python SDK `openai` 3.54.0 (`RealtimeResponseUsage`, transcription usage by tokens or duration).
struct OpenAIUsage {
    private(set) var input: Int64 = 0
    private(set) var output: Int64 = 0
    private var seconds = 0.0
    // Details; what they leave out of the totals counts as text.
    private var inputAudio: Int64 = 0
    private var cached: Int64 = 0
    private var cachedAudio: Int64 = 0
    private var outputAudio: Int64 = 0

    mutating func read(_ text: Span<UInt8>, _ scanner: inout JSONScanner) {
        OpenAIObject.readMembers(text, &scanner) { key, scanner in
            switch key {
            case "input_tokens": input = Self.count(text, &scanner)
            case "output_tokens": output = Self.count(text, &scanner)
            case "seconds": seconds = Self.number(text, &scanner)
            case "input_token_details": readInput(text, &scanner)
            case "output_token_details": outputAudio = Self.audio(text, &scanner)
            default: scanner.skip(text)
            }
        }
    }

    private mutating func readInput(_ text: Span<UInt8>, _ scanner: inout JSONScanner) {
        OpenAIObject.readMembers(text, &scanner) { key, scanner in
            switch key {
            case "audio_tokens": inputAudio = Self.count(text, &scanner)
            case "cached_tokens": cached = Self.count(text, &scanner)
            case "cached_tokens_details": cachedAudio = Self.audio(text, &scanner)
            default: scanner.skip(text)
            }
        }
    }

    /// `audio_tokens` of an object.
    private static func audio(_ text: Span<UInt8>, _ scanner: inout JSONScanner) -> Int64 {
        var audio: Int64 = 0
        OpenAIObject.readMembers(text, &scanner) { key, scanner in
            if key == "audio_tokens" { audio = count(text, &scanner) } else { scanner.skip(text) }
        }
        return audio
    }

    /// The cached part is taken out of what was read: each token is counted once.
    var ofResponse: ModelUsage {
        var usage = ModelUsage()
        let audio = min(inputAudio, input)
        usage.cachedAudio = min(cachedAudio, audio)
        usage.inputAudio = audio - usage.cachedAudio
        usage.cachedText = min(max(0, cached - usage.cachedAudio), input - audio)
        usage.inputText = input - audio - usage.cachedText
        usage.outputAudio = min(outputAudio, output)
        usage.outputText = output - usage.outputAudio
        return usage
    }

    var ofTranscription: ModelUsage {
        var usage = ModelUsage()
        (usage.transcriptionInput, usage.transcriptionOutput) = (input, output)
        usage.transcriptionMilliseconds = Int64((seconds * 1_000).rounded())
        return usage
    }

    /// 0 for what is no count.
    private static func count(_ text: Span<UInt8>, _ scanner: inout JSONScanner) -> Int64 {
        min(max(0, scanner.integer(text) ?? 0), 1_000_000_000_000)
    }

    /// A number with or without a fraction, up to eleven days in seconds; 0 for anything else.
    private static func number(_ text: Span<UInt8>, _ scanner: inout JSONScanner) -> Double {
        let start = scanner.position
        guard scanner.skip(text) else { return 0 }
        var digits = ""
        for index in start..<min(scanner.position, start + 32) {
            digits.unicodeScalars.append(Unicode.Scalar(text[index]))
        }
        guard let number = Double(digits.prefix { !" \t\r\n".contains($0) }), number.isFinite else { return 0 }
        return min(max(0, number), 1_000_000)
    }
}
