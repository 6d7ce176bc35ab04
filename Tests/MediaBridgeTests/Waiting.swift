import Testing

/// What did not come true in time.
struct NeverHappened: Error, CustomStringConvertible {
    var description: String
}

/// Waits until `condition` holds, looking every few milliseconds. Patient: a busy machine is no fault of the code's.
/// - Throws: `NeverHappened` when it did not in time.
func eventually(
    _ what: String, seconds: Double = 30, sourceLocation: SourceLocation = #_sourceLocation,
    _ condition: () -> Bool
) async throws {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while !condition() {
        guard ContinuousClock.now < deadline else {
            Issue.record("waited \(seconds) s for \(what)", sourceLocation: sourceLocation)
            throw NeverHappened(description: what)
        }
        try await Task.sleep(for: .milliseconds(5))
    }
}
