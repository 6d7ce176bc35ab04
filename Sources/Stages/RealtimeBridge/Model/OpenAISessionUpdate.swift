internal import Conversation

/// The `session` object of the one `session.update`.
struct OpenAISessionUpdate {
    let prompt: SessionPrompt
    let options: ModelSessionOptions
    /// False leaves out what a picky server may refuse: noise reduction, speed, limits, words to expect.
    let optionalFields: Bool
    /// Takes no words to expect, and refuses a session that has some.
    private static let modelWithoutPrompt = "gpt-realtime-whisper"

    func write(_ json: inout JSONWriter) {
        json.object {
            $0.member("type", "realtime")
            $0.member("output_modalities", raw: #"["audio"]"#)
            $0.member("instructions", prompt.instructions)
            if optionalFields, let limit = options.maximumOutputTokens {
                $0.member("max_output_tokens", number: Int64(min(max(limit, 1), 4_096)))
            }
            $0.member("audio") {
                $0.object {
                    $0.member("input") { writeInput(&$0) }
                    $0.member("output") { writeOutput(&$0) }
                }
            }
            $0.member("tools") { writeTools(&$0) }
            $0.member("tool_choice", "auto")
        }
    }

    private func writeInput(_ json: inout JSONWriter) {
        json.object {
            $0.member("format", raw: options.audioFormat.json)
            $0.member("transcription") { writeTranscription(&$0) }
            if optionalFields, let reduction = options.noiseReduction {
                $0.member("noise_reduction") { $0.object { $0.member("type", reduction.rawValue) } }
            }
            $0.member("turn_detection") { writeTurnDetection(&$0) }
        }
    }

    private func writeTranscription(_ json: inout JSONWriter) {
        guard let model = options.transcriptionModel else { return json.raw("null") }
        json.object {
            $0.member("model", model)
            let hints = prompt.transcription
            if !hints.language.isEmpty { $0.member("language", hints.language) }
            if optionalFields, !hints.prompt.isEmpty, !model.hasPrefix(Self.modelWithoutPrompt) {
                $0.member("prompt", hints.prompt)
            }
        }
    }

    private func writeTurnDetection(_ json: inout JSONWriter) {
        guard let detection = options.turnDetection else { return json.raw("null") }
        json.object {
            $0.member("type", "server_vad")
            if let threshold = detection.threshold { $0.member("threshold", number: threshold) }
            $0.member("prefix_padding_ms", number: Int64(detection.prefixPaddingMilliseconds))
            $0.member("silence_duration_ms", number: Int64(detection.silenceDurationMilliseconds))
            $0.member("create_response", raw: detection.createResponse ? "true" : "false")
            $0.member("interrupt_response", raw: detection.interruptResponse ? "true" : "false")
            if let timeout = detection.idleTimeoutMilliseconds { $0.member("idle_timeout_ms", number: Int64(timeout)) }
        }
    }

    private func writeOutput(_ json: inout JSONWriter) {
        json.object {
            $0.member("format", raw: options.audioFormat.json)
            if !prompt.voice.isEmpty { $0.member("voice", prompt.voice) }
            if optionalFields, let speed = options.speed { $0.member("speed", number: min(max(speed, 0.25), 1.5)) }
        }
    }

    private func writeTools(_ json: inout JSONWriter) {
        json.array {
            for tool in prompt.tools {
                $0.element {
                    $0.object {
                        $0.member("type", "function")
                        $0.member("name", tool.name)
                        $0.member("description", tool.description)
                        $0.member("parameters", raw: Self.schema(tool.parameters))
                    }
                }
            }
            for server in options.remoteServers { $0.element { server.write(&$0) } }
        }
    }

    /// The tool's own schema, or that of no arguments when it is not one JSON object: it would break the whole message.
    private static func schema(_ text: String) -> String {
        let bytes = Array(text.utf8)
        var scanner = JSONScanner()
        guard scanner.isObject(bytes.span), scanner.skip(bytes.span), scanner.finish(bytes.span) else {
            return #"{"type":"object","properties":{}}"#
        }
        return text
    }
}
