import Foundation
import Testing

@testable import Conversation
@testable import RealtimeBridge

@Suite struct `OpenAI Realtime writer` {
    private static let prompt = SessionPrompt(
        instructions: "Be \"brief\".\nשלום 😀\u{2028}\u{0}", greeting: "Hi", language: "he", voice: "marin",
        tools: [
            .endCall,
            ToolDefinition(
                name: "book", description: "Books \\ a day",
                parameters: #"{"type":"object","properties":{"day":{"type":"string"}},"required":["day"]}"#),
        ], callerContext: "", hash: "0")

    private static func options() -> ModelSessionOptions {
        var options = ModelSessionOptions()
        options.noiseReduction = .farField
        options.maximumOutputTokens = 1_024
        options.speed = 1.25
        options.turnDetection?.threshold = 0.5
        options.turnDetection?.idleTimeoutMilliseconds = 8_000
        return options
    }

    private func json(_ bytes: [UInt8]) throws -> NSDictionary {
        try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? NSDictionary)
    }

    private func message(
        _ command: ModelCommand, prompt: SessionPrompt = Self.prompt, options: ModelSessionOptions = Self.options()
    ) -> [UInt8] {
        var writer = OpenAIRealtimeWriter()
        return writer.message(for: command, prompt: prompt, options: options)
    }

    @Test func `configures the session in today's shape`() throws {
        let prompt = Self.prompt
        let book: NSDictionary = [
            "type": "function", "name": "book", "description": "Books \\ a day",
            "parameters": ["type": "object", "properties": ["day": ["type": "string"]], "required": ["day"]],
        ]
        let endCall: NSDictionary = [
            "type": "function", "name": "end_call", "description": ToolDefinition.endCall.description,
            "parameters": ["type": "object", "properties": [String: String]()],
        ]
        let input: NSDictionary = [
            "format": ["type": "audio/pcmu"],
            "transcription": ["model": "gpt-4o-mini-transcribe", "language": "he"],
            "noise_reduction": ["type": "far_field"],
            "turn_detection": [
                "type": "server_vad", "threshold": 0.5, "prefix_padding_ms": 300, "silence_duration_ms": 500,
                "create_response": false, "interrupt_response": false, "idle_timeout_ms": 8_000,
            ] as NSDictionary,
        ]
        let session: NSDictionary = [
            "type": "realtime", "output_modalities": ["audio"], "instructions": prompt.instructions,
            "max_output_tokens": 1_024,
            "audio": [
                "input": input,
                "output": ["format": ["type": "audio/pcmu"], "voice": "marin", "speed": 1.25] as NSDictionary,
            ],
            "tools": [endCall, book], "tool_choice": "auto",
        ]
        let expected: NSDictionary = ["type": "session.update", "event_id": "configure-1", "session": session]
        #expect(try json(message(.configure(optionalFields: true))) == expected)
    }

    @Test func `S19 leaves out what a picky server may refuse`() throws {
        let session = try #require(try json(message(.configure(optionalFields: false)))["session"] as? NSDictionary)
        let audio = try #require(session["audio"] as? [String: NSDictionary])
        #expect(session["max_output_tokens"] == nil)
        #expect(audio["input"]?["noise_reduction"] == nil)
        #expect(audio["output"]?["speed"] == nil)
        #expect(session["instructions"] as? String == Self.prompt.instructions)
        #expect(audio["input"]?["turn_detection"] != nil)
    }

    @Test(arguments: ModelAudioFormat.allCases)
    func `names each audio format as the server does`(format: ModelAudioFormat) throws {
        var options = ModelSessionOptions()
        options.audioFormat = format
        options.turnDetection = nil
        options.transcriptionModel = nil
        let text = String(decoding: message(.configure(optionalFields: true), options: options), as: UTF8.self)
        let shape = format == .pcm24 ? #"{"type":"audio/pcm","rate":24000}"# : #"{"type":"\#(format.rawValue)"}"#
        #expect(text.contains(#""output":{"format":\#(shape),"voice":"marin"}"#))
        #expect(text.contains(#""input":{"format":\#(shape),"transcription":null,"turn_detection":null}"#))
    }

    @Test func `a tool whose schema is not one JSON object does not break the message`() throws {
        for schema in ["", "{", "{} {}", "[]", #"{"a":}"#, "null"] {
            let prompt = SessionPrompt(
                instructions: "", greeting: "", language: "", voice: "",
                tools: [ToolDefinition(name: "x", description: "", parameters: schema)], callerContext: "", hash: "")
            let session =
                try json(message(.configure(optionalFields: true), prompt: prompt))["session"] as? NSDictionary
            let tools = session?["tools"] as? [NSDictionary]
            #expect((tools?.first?["parameters"] as? NSDictionary)?["type"] as? String == "object")
        }
    }

    /// Each kind of message, with what it must read like.
    private static func commands() -> [(ModelCommand, NSDictionary)] {
        [
            (.createResponse(instructions: nil), ["type": "response.create", "event_id": "response-1"]),
            (
                .createResponse(instructions: "Say \"hi\"\u{1}"),
                ["type": "response.create", "event_id": "response-1", "response": ["instructions": "Say \"hi\"\u{1}"]]
            ),
            (.cancelResponse(response: nil), ["type": "response.cancel", "event_id": "cancel-1"]),
            (
                .cancelResponse(response: "resp_1"),
                ["type": "response.cancel", "event_id": "cancel-1", "response_id": "resp_1"]
            ),
            (
                .truncate(item: "item_1", audioEndMilliseconds: 1_234),
                [
                    "type": "conversation.item.truncate", "event_id": "truncate-1", "item_id": "item_1",
                    "content_index": 0,
                    "audio_end_ms": 1_234,
                ]
            ),
            (.deleteItem("item_1"), ["type": "conversation.item.delete", "event_id": "delete-1", "item_id": "item_1"]),
            (
                .createText(role: .user, text: "5"),
                [
                    "type": "conversation.item.create", "event_id": "item-1",
                    "item": ["type": "message", "role": "user", "content": [["type": "input_text", "text": "5"]]]
                        as NSDictionary,
                ]
            ),
            (
                .createText(role: .assistant, text: "שלום\u{2029}"),
                [
                    "type": "conversation.item.create", "event_id": "item-1",
                    "item": [
                        "type": "message", "role": "assistant",
                        "content": [["type": "output_text", "text": "שלום\u{2029}"]],
                    ] as NSDictionary,
                ]
            ),
            (
                .toolOutput(call: "call_1", output: #"{"ok":"\n😀"}"#),
                [
                    "type": "conversation.item.create", "event_id": "output-1",
                    "item": ["type": "function_call_output", "call_id": "call_1", "output": #"{"ok":"\n😀"}"#],
                ]
            ),
            (.commitInput, ["type": "input_audio_buffer.commit", "event_id": "commit-1"]),
            (.clearInput, ["type": "input_audio_buffer.clear", "event_id": "clear-1"]),
        ]
    }

    @Test func `words to expect go to the model's ears, but not to a model or server that refuses them`() throws {
        let prompt = try PromptBuilder().build(
            from: PromptSource(
                inbound: .init(instructions: "Hi."), language: "he", vocabulary: ["ריטלין", "\"Dr.\" Cohen"]),
            direction: .inbound)
        func transcription(_ model: String, optionalFields: Bool) throws -> NSDictionary? {
            var options = Self.options()
            options.transcriptionModel = model
            let text = message(.configure(optionalFields: optionalFields), prompt: prompt, options: options)
            let session = try json(text)["session"] as? NSDictionary
            return ((session?["audio"] as? NSDictionary)?["input"] as? NSDictionary)?["transcription"] as? NSDictionary
        }
        let plain: NSDictionary = ["model": "gpt-realtime-whisper", "language": "he"]
        let told: NSDictionary = [
            "model": "gpt-4o-mini-transcribe", "language": "he", "prompt": "ריטלין, \"Dr.\" Cohen",
        ]
        #expect(try transcription("gpt-4o-mini-transcribe", optionalFields: true) == told)
        #expect(try transcription("gpt-realtime-whisper", optionalFields: true) == plain)
        #expect(try transcription("gpt-4o-mini-transcribe", optionalFields: false)?["prompt"] == nil)
    }

    @Test func `writes each command as the server reads it`() throws {
        for (command, expected) in Self.commands() { #expect(try json(message(command)) == expected) }
    }

    @Test(arguments: [ItemRole.system, .functionCall, .functionOutput, .other])
    func `R10 what is neither party's words goes as the system's`(role: ItemRole) throws {
        let item = try json(message(.createText(role: role, text: "x")))["item"] as? NSDictionary
        #expect(item?["role"] as? String == "system")
    }

    @Test func `numbers its events, so that an error finds its cause`() throws {
        var writer = OpenAIRealtimeWriter()
        let names = try [ModelCommand.configure(optionalFields: true), .configure(optionalFields: false), .commitInput]
            .map {
                try json(writer.message(for: $0, prompt: Self.prompt, options: Self.options()))["event_id"] as? String
            }
        #expect(names == ["configure-1", "configure-2", "commit-3"])
    }

    @Test(arguments: [1, 159, 160, 800, 960, 4_800])
    func `sends audio behind its prefix and allocates nothing`(length: Int) throws {
        let audio = (0..<length).map { UInt8(truncatingIfNeeded: $0) }
        var writer = OpenAIRealtimeWriter()
        var total = 0
        let count = allocations {
            for _ in 0..<100 {
                _ = writer.sendAudio(audio.span) {
                    total += $0.count
                    return true
                }
            }
        }
        #expect(total > 0)
        #expect(count ?? 0 == 0)
        var sent: [UInt8] = []
        _ = writer.sendAudio(audio.span) {
            for index in 0..<$0.count { sent.append($0[index]) }
            return true
        }
        let expected: NSDictionary = [
            "type": "input_audio_buffer.append", "audio": Data(audio).base64EncodedString(),
        ]
        #expect(try json(sent) == expected)
    }

    /// Writes one file per message kind, for a validator in another language.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["MESSAGES_DIRECTORY"] != nil))
    func `writes every message to the directory it is told`() throws {
        let directory = URL(fileURLWithPath: ProcessInfo.processInfo.environment["MESSAGES_DIRECTORY"] ?? "")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        func write(_ name: String, _ bytes: [UInt8]) throws {
            try Data(bytes).write(to: directory.appendingPathComponent("\(name).json"))
        }
        for format in ModelAudioFormat.allCases {
            for optional in [true, false] {
                var options = Self.options()
                options.audioFormat = format
                try write(
                    "configure-\(format)-\(optional ? "all" : "required")",
                    message(.configure(optionalFields: optional), options: options))
            }
        }
        var manual = ModelSessionOptions()
        manual.turnDetection = nil
        manual.transcriptionModel = nil
        try write("configure-manual", message(.configure(optionalFields: true), options: manual))
        for (index, entry) in Self.commands().enumerated() {
            let type = (entry.1["type"] as? String ?? "").replacingOccurrences(of: ".", with: "-")
            try write("\(type)-\(index)", message(entry.0))
        }
        try write("conversation-item-create-system", message(.createText(role: .system, text: "The caller pressed 5.")))
        var writer = OpenAIRealtimeWriter()
        var append: [UInt8] = []
        _ = writer.sendAudio([UInt8](repeating: 0xFF, count: 160).span) {
            for index in 0..<$0.count { append.append($0[index]) }
            return true
        }
        try write("input_audio_buffer-append", append)
    }
}
