import AudioPipeline
import Conversation

/// Any bytes as one message: what is accepted must be JSON of a sane shape, hold no more audio than allowed, leave
/// nothing behind for the next message, and its audio must survive being written by our own writer.
func fuzzTwilio(_ input: borrowing Span<UInt8>) {
    var parser = TwilioParser(maximumAudioBytes: 512)
    let message = parser.parse(input)
    var audio: [UInt8] = []
    parser.withAudio { bytes in for i in bytes.indices { audio.append(bytes[i]) } }
    guard case .media(let media) = message else {
        require(audio.isEmpty, "audio after \(message)")
        return
    }
    require(media.byteCount == audio.count && audio.count <= 512, "byteCount: \(media.byteCount), \(audio.count)")
    var writer = TwilioWriter(stream: WireID("MZ00000000000000000000000000000000"), maximumAudioBytes: 512)
    _ = writer.sendMedia(audio.span) { written in
        // What we send has no `track`; the parser reads it as a message all the same.
        let again = parser.parse(written)
        var second: [UInt8] = []
        parser.withAudio { bytes in for i in bytes.indices { second.append(bytes[i]) } }
        if case .malformed(.json) = again { fatalError("our own message is not JSON") }
        if case .media = again { require(second == audio, "the audio changed") }
        return true
    }
}
