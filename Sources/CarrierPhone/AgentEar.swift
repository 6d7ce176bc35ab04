import MulawCodec

/// Listens to what the caller hears and says when the agent speaks: energy per 20 ms frame, with a hangover that bridges
/// the pauses inside a sentence.
struct AgentEar {
    enum Edge: Equatable {
        /// `turn` counts from 1; the time is that of the first loud frame.
        case started(turn: Int, frame: Int)
        /// `frame` is the first one after the last loud frame.
        case stopped(turn: Int, frame: Int)
    }

    private(set) var turn = 0
    private(set) var isSpeaking = false
    /// Frame after the last loud one of any turn.
    private(set) var lastLoudEnd = 0
    private let hangoverFrames: Int
    private var loudRun = 0

    /// Mean square above which a frame is loud: RMS 250 of 32,768.
    private static let loud = 250 * 250
    /// Loud frames in a row that make a turn.
    private static let onsetFrames = 2

    init(hangoverMilliseconds: Int) { hangoverFrames = max(1, hangoverMilliseconds / 20) }

    /// - Parameter frame: number of this frame since the stream began.
    mutating func hear(_ audio: Span<UInt8>, frame: Int) -> Edge? {
        var energy = 0
        for index in audio.indices {
            let sample = Int(MulawDecoder.decode(audio[index]))
            energy += sample * sample
        }
        if energy > Self.loud * audio.count {
            loudRun += 1
            if isSpeaking || loudRun >= Self.onsetFrames { lastLoudEnd = frame + 1 }
            if !isSpeaking && loudRun >= Self.onsetFrames {
                isSpeaking = true
                turn += 1
                return .started(turn: turn, frame: frame + 1 - loudRun)
            }
        } else {
            loudRun = 0
            if isSpeaking && frame + 1 - lastLoudEnd >= hangoverFrames {
                isSpeaking = false
                return .stopped(turn: turn, frame: lastLoudEnd)
            }
        }
        return nil
    }
}
