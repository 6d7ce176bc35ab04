import VAD

/// How right decisions are, frame by frame and utterance by utterance.
public struct FrameScores: Sendable, Codable, Equatable {
    public var speechFrames = 0, missedFrames = 0
    public var silentFrames = 0, falseFrames = 0
    public var utterances = 0, missedUtterances = 0
    /// Milliseconds by which the first frame called speech lies after the utterance's first one; of those found.
    public var onsetErrors: [Int] = []
    /// Milliseconds by which the last one lies after the utterance's last one.
    public var offsetErrors: [Int] = []

    public init() {}

    /// Share of the frames of speech that were not called so, 0 ... 1; nil without such frames.
    public var missed: Double? { speechFrames == 0 ? nil : Double(missedFrames) / Double(speechFrames) }
    /// Share of the frames without speech that were called so.
    public var falseAlarms: Double? { silentFrames == 0 ? nil : Double(falseFrames) / Double(silentFrames) }
    public var medianOnset: Int? { Self.median(onsetErrors) }
    public var medianOffset: Int? { Self.median(offsetErrors) }

    /// Looked at before an utterance, and after it; a detector that is on all the time has found no edge.
    private static let before = 10, after = 50

    /// - Parameter decisions: one for each frame of the call.
    public init(of call: GoldenCall, _ decisions: [Bool]) {
        precondition(decisions.count == call.frames, "decisions: \(decisions.count), frames: \(call.frames)")
        for (truth, isSpeech) in zip(call.truth, decisions) {
            switch truth {
            case .speech:
                speechFrames += 1
                if !isSpeech { missedFrames += 1 }
            case .silence:
                silentFrames += 1
                if isSpeech { falseFrames += 1 }
            case .either: break
            }
        }
        for (number, utterance) in call.utterances.enumerated() {
            utterances += 1
            let next = number + 1 < call.utterances.count ? call.utterances[number + 1].lowerBound : call.frames
            let found = (max(0, utterance.lowerBound - 1)..<min(call.frames, utterance.lowerBound + Self.after))
                .first { decisions[$0] }
            guard let found else {
                missedUtterances += 1
                continue
            }
            let earlier = max(0, utterance.lowerBound - Self.before)..<utterance.lowerBound
            if !earlier.contains(where: { decisions[$0] }) {
                onsetErrors.append((found - utterance.lowerBound) * GoldenCall.frameMilliseconds)
            }
            // The last decision before half a second without one.
            var last = found
            for frame in found..<next where decisions[frame] {
                if frame >= utterance.upperBound, frame - last > 25 { break }
                last = frame
            }
            if last < next - 1 { offsetErrors.append((last + 1 - utterance.upperBound) * GoldenCall.frameMilliseconds) }
        }
    }

    public static func + (one: FrameScores, other: FrameScores) -> FrameScores {
        var sum = one
        sum.speechFrames += other.speechFrames
        sum.missedFrames += other.missedFrames
        sum.silentFrames += other.silentFrames
        sum.falseFrames += other.falseFrames
        sum.utterances += other.utterances
        sum.missedUtterances += other.missedUtterances
        sum.onsetErrors += other.onsetErrors
        sum.offsetErrors += other.offsetErrors
        return sum
    }

    private static func median(_ values: [Int]) -> Int? {
        values.isEmpty ? nil : values.sorted()[values.count / 2]
    }
}
