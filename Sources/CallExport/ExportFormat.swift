/// How a call can be handed on.
public enum ExportFormat: String, Sendable, CaseIterable {
    /// Everything the store knows, for programs.
    case json
    /// Who said what, line by line.
    case txt
    /// Subtitles for the recording.
    case vtt
    /// One page: waveforms, words, interruptions, holes, latency.
    case html
}
