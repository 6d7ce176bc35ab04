public import AudioPipeline
public import SpeechToText
public import VAD

/// Everything that a configuration may name: built-in engines, and what a host program adds in its `main` before it
/// starts the service.
///
/// ```swift
/// Stages.detectors.add(DetectorEntry(name: "mine", about: "what it does") { MyDetector() })
/// await MediaBridgeCommand.launch()
/// ```
public enum Stages {
    /// By name; `vad: NAME` of a tenant.
    public static let detectors = StageCatalog<DetectorEntry>(builtInDetectors)
    /// By name; `recognizer: NAME` of a tenant.
    public static let recognizers = StageCatalog<RecognizerEntry>(builtInRecognizers)
}
