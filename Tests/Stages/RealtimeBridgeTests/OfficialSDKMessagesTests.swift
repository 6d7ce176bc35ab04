import AudioPipeline
import Conversation
import Foundation
import Testing

@testable import RealtimeBridge

/// Every kind of message our client sends, for `scripts/third-party model-messages` to hold against the SDK's types.
/// With MODEL_MESSAGES_DIRECTORY in the environment they are left there, one a file.
@Suite struct `Messages for the official SDK` {
    /// Names each command; a new one does not compile until it has a name here, and a sample below.
    private static func name(_ command: ModelCommand) -> String {
        switch command {
        case .configure: "configure"
        case .createResponse: "create-response"
        case .cancelResponse: "cancel-response"
        case .truncate: "truncate"
        case .deleteItem: "delete-item"
        case .createText: "create-text"
        case .toolOutput: "tool-output"
        case .commitInput: "commit-input"
        case .clearInput: "clear-input"
        }
    }

    private static let awkward = "“\"\\/\u{8}\u{1}\u{7F}\u{2028}\r\n\tשלום 🙂 café <b>&"
    private static let commands: [ModelCommand] =
        [
            .configure(optionalFields: true), .configure(optionalFields: false), .createResponse(instructions: nil),
            .createResponse(instructions: awkward), .cancelResponse(response: nil),
            .cancelResponse(response: "resp_001"), .truncate(item: "item_001", audioEndMilliseconds: 1_240),
            .deleteItem("item_002"), .toolOutput(call: "call_001", output: #"{"ok":true,"text":"א"}"#),
            .toolOutput(call: "call_002", output: awkward), .commitInput, .clearInput,
        ] + [ItemRole.user, .assistant, .system].map { .createText(role: $0, text: awkward) }

    private static func options() -> [ModelSessionOptions] {
        var everything = ModelSessionOptions()
        everything.audioFormat = .pcm24
        everything.noiseReduction = .nearField
        everything.maximumOutputTokens = 1_024
        everything.speed = 1.25
        everything.turnDetection?.threshold = 0.55
        everything.turnDetection?.idleTimeoutMilliseconds = 8_000
        var nothing = ModelSessionOptions()
        nothing.audioFormat = .pcma
        nothing.turnDetection = nil
        nothing.transcriptionModel = nil
        var far = ModelSessionOptions()
        far.noiseReduction = .farField
        far.turnDetection?.createResponse = true
        far.turnDetection?.interruptResponse = true
        return [ModelSessionOptions(), everything, nothing, far]
    }

    @Test func `every message is one JSON object with a type`() throws {
        let source = PromptSource(
            inbound: .init(instructions: Self.awkward, greeting: "Hello."), language: "he",
            tools: [
                ToolDefinition(
                    name: "look_up", description: Self.awkward,
                    parameters: #"{"type":"object","properties":{"day":{"type":"string"}},"required":["day"]}"#),
                ToolDefinition(name: "broken", description: "A schema that is none.", parameters: "{"),
            ])
        let prompt = try PromptBuilder().build(from: source, direction: .inbound, today: "Tuesday")
        var messages: [(name: String, bytes: [UInt8])] = []
        for (number, options) in Self.options().enumerated() {
            var writer = OpenAIRealtimeWriter()
            for (index, command) in Self.commands.enumerated() {
                let name = "\(number)-\(index)-\(Self.name(command))"
                messages.append((name, writer.message(for: command, prompt: prompt, options: options)))
            }
            let audio = (0..<480).map { UInt8(truncatingIfNeeded: $0 &* 37) }
            _ = writer.sendAudio(audio.span) { message in
                messages.append(("\(number)-audio", message.indices.map { message[$0] }))
                return true
            }
        }
        for (name, bytes) in messages {
            let object = try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any]
            #expect(object?["type"] is String, "\(name)")
        }
        guard let directory = ProcessInfo.processInfo.environment["MODEL_MESSAGES_DIRECTORY"] else { return }
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        for (name, bytes) in messages {
            try Data(bytes).write(to: URL(fileURLWithPath: directory).appendingPathComponent("\(name).json"))
        }
    }
}
