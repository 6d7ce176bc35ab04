import Conversation
import RealtimeBridge
import Testing

/// A usage of these kinds and no other.
func usage(_ counts: [ModelUsage.Kind: Int64]) -> ModelUsage {
    var usage = ModelUsage()
    for (kind, count) in counts { usage[kind] = count }
    return usage
}

@Suite struct `Usage reports` {
    private func read(_ usage: String) -> ModelUsage? {
        var parser = OpenAIRealtimeParser()
        let text = Array(#"{"type":"response.done","response":{"id":"r","status":"completed","usage":\#(usage)}}"#.utf8)
        guard case .event(.responseDone(let outcome)) = parser.parse(text.span) else { return nil }
        return outcome.usage
    }

    private func transcribed(_ usage: String) -> ModelUsage? {
        var parser = OpenAIRealtimeParser()
        let text = Array(
            #"""
            {"type":"conversation.item.input_audio_transcription.completed","item_id":"i","transcript":"a","usage":\#(usage)}
            """#.utf8)
        _ = parser.parse(text.span)
        let found = parser.transcriptionUsage
        let other = Array(#"{"type":"rate_limits.updated"}"#.utf8)
        _ = parser.parse(other.span)
        let left = parser.transcriptionUsage
        #expect(left == nil)
        return found
    }

    @Test func `S51 every token is counted once, by its kind`() {
        let full = #"""
            {"total_tokens":1000,"input_tokens":700,"output_tokens":300,"input_token_details":{"text_tokens":400,
            "audio_tokens":300,"image_tokens":0,"cached_tokens":256,"cached_tokens_details":{"text_tokens":192,
            "audio_tokens":64}},"output_token_details":{"text_tokens":60,"audio_tokens":240}}
            """#
        #expect(
            read(full)
                == usage([
                    .inputText: 208, .inputAudio: 236, .cachedText: 192, .cachedAudio: 64, .outputText: 60,
                    .outputAudio: 240,
                ]))
        #expect(read(full)?.tokens == 1_000)
    }

    @Test(arguments: [
        #"{"input_tokens":10,"output_tokens":3}"#,
        #"{"input_tokens":10,"output_tokens":3,"input_token_details":null,"output_token_details":[]}"#,
    ])
    func `S51 without details all of it is text`(text: String) {
        #expect(read(text) == usage([.inputText: 10, .outputText: 3]))
    }

    @Test(arguments: [
        "null", "[]", #""x""#, #"{"input_tokens":-5,"output_tokens":"many"}"#,
        #"{"input_token_details":{"audio_tokens":7,"cached_tokens":99}}"#,
    ])
    func `S51 what makes no sense costs nothing`(text: String) { #expect(read(text) == ModelUsage()) }

    @Test func `S51 transcription is billed by tokens or by time`() {
        #expect(transcribed(#"{"type":"duration","seconds":3.25}"#) == usage([.transcriptionMilliseconds: 3_250]))
        #expect(
            transcribed(#"{"type":"tokens","input_tokens":14,"output_tokens":5,"total_tokens":19}"#)
                == usage([.transcriptionInput: 14, .transcriptionOutput: 5]))
        #expect(transcribed(#"{"seconds":"soon"}"#) == ModelUsage())
    }
}
