/// How a log line looks.
public enum LogStyle: Sendable, Equatable {
    /// `2026-11-22T19:10:00.123Z info call ended call=CA... reason=callerHungUp`
    case text
    /// One JSON object per line: `time`, `level`, `message`, then the metadata.
    case json
}
