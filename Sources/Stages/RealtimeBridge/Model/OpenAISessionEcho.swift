internal import Conversation

/// Reads what `session.updated` says is in force, in today's nested shape or the flat one of the retired beta.
enum OpenAISessionEcho {
    static func read(_ text: Span<UInt8>, at position: Int) -> SessionEcho {
        var echo = SessionEcho(inputFormat: "", outputFormat: "")
        OpenAIObject.read(text, at: position) { key, scanner in
            switch key {
            case "audio":
                OpenAIObject.readMembers(text, &scanner) { key, scanner in
                    switch key {
                    case "input": readInput(text, &scanner, &echo)
                    case "output": readOutput(text, &scanner, &echo)
                    default: scanner.skip(text)
                    }
                }
            case "expires_at": echo.expiresAtUnixSeconds = scanner.integer(text)
            // The beta's names.
            case "input_audio_format": (echo.inputFormat, echo.inputRateHz) = betaFormat(text, &scanner)
            case "output_audio_format": (echo.outputFormat, echo.outputRateHz) = betaFormat(text, &scanner)
            case "turn_detection": readTurnDetection(text, &scanner, &echo)
            case "input_audio_transcription": readTranscription(text, &scanner, &echo)
            default: scanner.skip(text)
            }
        }
        return echo
    }

    private static func readInput(_ text: Span<UInt8>, _ scanner: inout JSONScanner, _ echo: inout SessionEcho) {
        OpenAIObject.readMembers(text, &scanner) { key, scanner in
            switch key {
            case "format": (echo.inputFormat, echo.inputRateHz) = format(text, &scanner)
            case "turn_detection": readTurnDetection(text, &scanner, &echo)
            case "transcription": readTranscription(text, &scanner, &echo)
            default: scanner.skip(text)
            }
        }
    }

    private static func readOutput(_ text: Span<UInt8>, _ scanner: inout JSONScanner, _ echo: inout SessionEcho) {
        OpenAIObject.readMembers(text, &scanner) { key, scanner in
            switch key {
            case "format": (echo.outputFormat, echo.outputRateHz) = format(text, &scanner)
            default: scanner.skip(text)
            }
        }
    }

    private static func readTurnDetection(
        _ text: Span<UInt8>, _ scanner: inout JSONScanner, _ echo: inout SessionEcho
    ) {
        OpenAIObject.readMembers(text, &scanner) { key, scanner in
            switch key {
            case "type": echo.turnDetection = scanner.string(text)?.string(in: text)
            case "create_response": echo.createResponse = scanner.boolean(text)
            case "interrupt_response": echo.interruptResponse = scanner.boolean(text)
            default: scanner.skip(text)
            }
        }
    }

    private static func readTranscription(
        _ text: Span<UInt8>, _ scanner: inout JSONScanner, _ echo: inout SessionEcho
    ) {
        OpenAIObject.readMembers(text, &scanner) { key, scanner in
            switch key {
            case "language": echo.language = scanner.string(text)?.string(in: text)
            default: scanner.skip(text)
            }
        }
    }

    private static func format(_ text: Span<UInt8>, _ scanner: inout JSONScanner) -> (String, Int) {
        var type = "", rate: Int64 = 0
        OpenAIObject.readMembers(text, &scanner) { key, scanner in
            switch key {
            case "type": type = scanner.string(text)?.string(in: text) ?? ""
            case "rate": rate = scanner.integer(text) ?? 0
            default: scanner.skip(text)
            }
        }
        return (type, Int(clamping: rate))
    }

    private static func betaFormat(_ text: Span<UInt8>, _ scanner: inout JSONScanner) -> (String, Int) {
        switch scanner.string(text)?.string(in: text) ?? "" {
        case "pcm16": ("audio/pcm", 24_000)
        case "g711_ulaw": ("audio/pcmu", 0)
        case "g711_alaw": ("audio/pcma", 0)
        case let other: (other, 0)
        }
    }
}
