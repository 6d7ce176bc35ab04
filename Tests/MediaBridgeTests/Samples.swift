import AudioPipeline
import Conversation
import Foundation
import RealtimeBridge

/// Messages as a carrier sends them.
enum CarrierSamples {
    /// 20 ms of a loud 400 Hz tone, in mu-law: one cycle of 20 samples, eight times.
    static let speech: [UInt8] = (0..<160).map {
        UInt8(truncatingIfNeeded: [0x80, 0x8B, 0x97, 0x1F, 0x0B, 0x00, 0x0A, 0x1C, 0x9C, 0x8A][$0 % 10])
    }

    static func media(frame: [UInt8], sequence: Int = 2, timestamp: Int = 20) -> [UInt8] {
        let payload = Data(frame).base64EncodedString()
        return Array(
            """
            {"event":"media","sequenceNumber":"\(sequence)","streamSid":"MZ00000000000000000000000000000001",\
            "media":{"track":"inbound","chunk":"1","payload":"\(payload)"}}
            """.utf8)
    }
}

/// Messages as a model sends them.
enum ModelSamples {
    static func delta(frames: Int, format: ModelAudioFormat) -> [UInt8] {
        let bytes = [UInt8](repeating: format == .pcm24 ? 3 : 0x9A, count: format.audioFormat.bytesPerFrame * frames)
        return Array(
            """
            {"type":"response.output_audio.delta","event_id":"event_1","response_id":"resp_1","item_id":"item_1",\
            "output_index":0,"content_index":0,"delta":"\(Data(bytes).base64EncodedString())"}
            """.utf8)
    }
}

enum TestPrompt {
    static func make() throws -> SessionPrompt {
        try PromptBuilder().build(
            from: PromptSource(inbound: .init(instructions: "Be brief.", greeting: "Hello.")), direction: .inbound)
    }
}
