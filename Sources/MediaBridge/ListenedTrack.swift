import AudioPipeline
import MulawCodec
import PlugIns
import VAD

/// The other party of a call that is only listened to: its sound goes to a recogniser, with the boundaries that the energy
/// detector finds in it. Shard thread.
final class ListenedTrack {
    let seat: RecognizerSeat
    private var decoder = MulawDecoder()
    private var detector = EnergyDetector()
    private var segmenter = SpeechSegmenter()
    private var linear = InlineArray<160, Int16>(repeating: 0)

    init(_ seat: RecognizerSeat) { self.seat = seat }

    /// One message's audio: whole frames of it. Carriers send nothing else, and the rest of one would be 20 ms at most.
    /// - Parameter now: where it ends, samples at 8 kHz on the call's clock.
    func hear(_ audio: Span<UInt8>, at now: Int64) {
        var start = 0
        while start + 160 <= audio.count {
            let frame = audio.extracting(start..<start + 160)
            start += 160
            var room = linear.mutableSpan
            _ = decoder.process(frame, into: &room)
            seat.hear(frame, at: now - Int64(audio.count - start))
            if let edge = segmenter.advance(isSpeech: detector.analyze(linear.span).isSpeech) { seat.edge(edge) }
        }
    }
}
