public import Conversation

/// Builds what one OpenAI Realtime session is sent. Audio goes out from memory of its own behind a prefix written once and
/// allocates nothing; commands are a few per turn and come as new arrays.
/// - Source: OpenAI Realtime API, client events; types of the Python SDK `openai` 3.54.0.
public struct OpenAIRealtimeWriter: ~Copyable {
    public let maximumAudioBytes: Int
    private var append: [UInt8]
    private let prefixCount: Int
    /// Numbers our events, so that an error can be laid at the right door: `configure-1`, `response-2`.
    private var eventNumber = 0

    /// - Parameter maximumAudioBytes: longest audio one message will carry; 4,800 is 100 ms of 24 kHz PCM.
    public init(maximumAudioBytes: Int = 4_800) {
        self.maximumAudioBytes = maximumAudioBytes
        append = Array(#"{"type":"input_audio_buffer.append","audio":""#.utf8)
        prefixCount = append.count
        append += [UInt8](repeating: 0, count: Base64.encodedCount(maximumAudioBytes) + 2)
    }

    /// One `input_audio_buffer.append`, in the session's input format. The bytes handed to `send` are valid until it
    /// returns; its answer is returned.
    public mutating func sendAudio(_ audio: Span<UInt8>, _ send: (Span<UInt8>) -> Bool) -> Bool {
        precondition(audio.count > 0 && audio.count <= maximumAudioBytes, "audio.count: \(audio.count)")
        let prefix = prefixCount
        var output = append.mutableSpan
        let end = Base64.encode(audio, into: &output, at: prefix)
        output[end] = UInt8(ascii: "\"")
        output[end + 1] = UInt8(ascii: "}")
        return send(append.span.extracting(0..<end + 2))
    }

    /// One message for one command.
    public mutating func message(
        for command: ModelCommand, prompt: SessionPrompt, options: ModelSessionOptions
    ) -> [UInt8] {
        switch command {
        case .configure(let optionalFields):
            return event("session.update", as: "configure") {
                $0.member("session") {
                    OpenAISessionUpdate(prompt: prompt, options: options, optionalFields: optionalFields).write(&$0)
                }
            }
        case .createResponse(let instructions):
            return event("response.create", as: "response") {
                guard let instructions else { return }
                $0.member("response") { $0.object { $0.member("instructions", instructions) } }
            }
        case .cancelResponse(let response):
            return event("response.cancel", as: "cancel") {
                if let response { $0.member("response_id", response.description) }
            }
        case .truncate(let item, let audioEndMilliseconds):
            return event("conversation.item.truncate", as: "truncate") {
                $0.member("item_id", item.description)
                $0.member("content_index", number: Int64(0))
                $0.member("audio_end_ms", number: audioEndMilliseconds)
            }
        case .deleteItem(let item):
            return event("conversation.item.delete", as: "delete") { $0.member("item_id", item.description) }
        case .createText(let role, let text):
            return event("conversation.item.create", as: "item") { Self.writeText(&$0, role: role, text: text) }
        case .toolOutput(let call, let output):
            return event("conversation.item.create", as: "output") {
                $0.member("item") {
                    $0.object {
                        $0.member("type", "function_call_output")
                        $0.member("call_id", call.description)
                        $0.member("output", output)
                    }
                }
            }
        case .commitInput: return event("input_audio_buffer.commit", as: "commit") { _ in }
        case .clearInput: return event("input_audio_buffer.clear", as: "clear") { _ in }
        }
    }

    private static func writeText(_ json: inout JSONWriter, role: ItemRole, text: String) {
        // Whatever is neither party's words is the system's (R10).
        let (name, kind) =
            switch role {
            case .user: ("user", "input_text")
            case .assistant: ("assistant", "output_text")
            case .system, .functionCall, .functionOutput, .other: ("system", "input_text")
            }
        json.member("item") {
            $0.object {
                $0.member("type", "message")
                $0.member("role", name)
                $0.member("content") {
                    $0.array {
                        $0.element {
                            $0.object {
                                $0.member("type", kind)
                                $0.member("text", text)
                            }
                        }
                    }
                }
            }
        }
    }

    private mutating func event(_ type: String, as name: String, _ members: (inout JSONWriter) -> Void) -> [UInt8] {
        eventNumber += 1
        let id = "\(name)-\(eventNumber)"
        var json = JSONWriter()
        json.object {
            $0.member("type", type)
            $0.member("event_id", id)
            members(&$0)
        }
        return json.bytes
    }
}
