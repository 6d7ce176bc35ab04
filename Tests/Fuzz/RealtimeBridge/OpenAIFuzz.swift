import Conversation

/// Any bytes as one message of the model: what is accepted must hold no more audio than allowed, leave nothing behind
/// for the next message, and its audio must survive being appended by our own writer.
func fuzzOpenAI(_ input: borrowing Span<UInt8>) {
    var parser = OpenAIRealtimeParser(expectedAudioBytes: 16, maximumMessageBytes: 4_096)
    let message = parser.parse(input, isText: true)
    var audio: [UInt8] = []
    parser.withAudio { bytes in for i in bytes.indices { audio.append(bytes[i]) } }
    guard case .audio(let told) = message else {
        require(audio.isEmpty, "audio after \(message)")
        return
    }
    require(told.byteCount == audio.count && audio.count <= 3_072, "byteCount: \(told.byteCount), \(audio.count)")
    guard !audio.isEmpty else { return }
    var writer = OpenAIRealtimeWriter(maximumAudioBytes: 3_072)
    _ = writer.sendAudio(audio.span) { written in
        var scanner = JSONScanner()
        require(scanner.isObject(written) && scanner.skip(written) && scanner.finish(written), "our own is not JSON")
        return true
    }
}
