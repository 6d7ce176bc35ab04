public import AudioPipeline

/// A detector that says what it was told to, whatever it hears: the twin for tests and rehearsals.
public struct ScriptedDetector: VoiceActivityDetector, ~Copyable {
    public let window: DetectorWindow
    public var latencyMilliseconds: Int { 0 }
    private let script: [Bool]
    private var position = 0

    /// - Parameter script: one character per frame, `S` for speech and anything else for silence; silence after its end.
    public init(_ script: String, format: AudioFormat = .linear8k) {
        self.script = script.map { $0 == "S" }
        window = DetectorWindow(format)
    }

    public mutating func analyze(_ frame: borrowing Span<Int16>) -> VoiceActivity {
        let isSpeech = position < script.count && script[position]
        position += 1
        return VoiceActivity(
            probability: isSpeech ? 1 : 0, isSpeech: isSpeech, levelDecibels: isSpeech ? -20 : FrameLevels.floorDecibels
        )
    }

    /// Back to the start of the script.
    public mutating func reset() { position = 0 }
}
