public import AudioPipeline
public import Logging
import Synchronization

/// Decides what of all the records a person is told: the first of a kind at once, then one line per interval with the
/// count; a kind that was quiet for a whole interval starts over. Every record is counted, told or not.
public final class Diagnostics: Sendable {
    /// Records in `recent`.
    public static let keptRecords = 64

    private let logger: Logger
    private let intervalNanoseconds: UInt64
    private let nameOfCall: @Sendable (UInt64) -> String?
    private let state: Mutex<State>

    private struct State {
        var sources: [Source] = []
        var kinds = [Repeats](repeating: Repeats(), count: DiagnosticKind.allCases.count)
        var recent: [DiagnosticRecord] = []
        var totals = [UInt64](repeating: 0, count: DiagnosticKind.allCases.count)
    }

    /// Lets an array hold the reading end of a ring.
    private final class Source: @unchecked Sendable {  // Touched only with `state` locked.
        var reader: DiagnosticReader
        init(_ reader: consuming DiagnosticReader) { self.reader = reader }
    }

    /// What happened of one kind since it was last told.
    private struct Repeats {
        var windowStart: UInt64?
        var count: UInt64 = 0
        var worst: Int64 = .min
        var lastCall: UInt64 = 0
    }

    /// - Parameters:
    ///   - nameOfCall: the call's identifier for a shard's number of it; called when a line is written.
    public init(
        logger: Logger, intervalMilliseconds: Int = 10_000,
        nameOfCall: @escaping @Sendable (UInt64) -> String? = { _ in nil }
    ) {
        self.logger = logger
        intervalNanoseconds = UInt64(intervalMilliseconds) * 1_000_000
        self.nameOfCall = nameOfCall
        state = Mutex(State())
    }

    /// A shard's ring, drained from now on.
    public func drain(_ reader: consuming DiagnosticReader) {
        let source = Source(reader)
        state.withLock { $0.sources.append(source) }
    }

    /// Any thread but a shard's: for those who may log. Shards write to their ring.
    public func report(_ record: DiagnosticRecord) {
        for line in state.withLock({ take(record, &$0) }) { log(line) }
    }

    /// Empties the rings and tells what is due. Telemetry calls it once a second; `now` is monotonic nanoseconds.
    public func poll(now: UInt64) {
        let lines = state.withLock { state in
            var lines: [Line] = []
            for source in state.sources {
                // Bounded by what was there: a shard that never stops writing cannot hold us here.
                var left = source.reader.count
                while left > 0, let record = source.reader.pop() {
                    lines += take(record, &state)
                    left -= 1
                }
            }
            for kind in DiagnosticKind.allCases { lines += close(kind, now: now, &state) }
            return lines
        }
        for line in lines { log(line) }
    }

    /// How often each kind was reported, told or not.
    public func total(_ kind: DiagnosticKind) -> UInt64 { state.withLock { $0.totals[Int(kind.rawValue)] } }

    /// The last of the kinds that are kept one by one: frames over budget, demoted stages. The newest last.
    public var recent: [DiagnosticRecord] { state.withLock { $0.recent } }

    /// Records that found their ring full: facts nobody will hear of.
    public var lostCount: UInt64 {
        state.withLock { $0.sources.reduce(0) { $0 + UInt64($1.reader.refusedCount) } }
    }

    private struct Line {
        var kind: DiagnosticKind
        var count: UInt64
        var worst: Int64
        var call: UInt64
    }

    private func take(_ record: DiagnosticRecord, _ state: inout State) -> [Line] {
        let index = Int(record.kind.rawValue)
        state.totals[index] += 1
        if record.kind.isKept {
            if state.recent.count == Self.keptRecords { state.recent.removeFirst() }
            state.recent.append(record)
        }
        var lines = close(record.kind, now: record.at, &state)
        if state.kinds[index].windowStart == nil {
            state.kinds[index] = Repeats(windowStart: record.at)
            lines.append(Line(kind: record.kind, count: 1, worst: record.value, call: record.call))
        } else {
            state.kinds[index].count += 1
            state.kinds[index].worst = max(state.kinds[index].worst, record.value)
            state.kinds[index].lastCall = record.call
        }
        return lines
    }

    /// Ends the interval of a kind when it is over: with a line if anything came, else the next one is a first again.
    private func close(_ kind: DiagnosticKind, now: UInt64, _ state: inout State) -> [Line] {
        let index = Int(kind.rawValue)
        let repeats = state.kinds[index]
        guard let start = repeats.windowStart, now >= start, now - start >= intervalNanoseconds else { return [] }
        guard repeats.count > 0 else {
            state.kinds[index] = Repeats()
            return []
        }
        state.kinds[index] = Repeats(windowStart: now)
        return [Line(kind: kind, count: repeats.count, worst: repeats.worst, call: repeats.lastCall)]
    }

    private func log(_ line: Line) {
        var metadata: Logger.Metadata = ["count": "\(line.count)"]
        if let key = line.kind.valueKey { metadata[key] = "\(line.worst)" }
        if line.call != 0 { metadata["call"] = "\(nameOfCall(line.call) ?? String(line.call))" }
        logger.log(
            level: line.kind.isError ? .error : .warning, "\(line.kind.message)", metadata: metadata)
    }
}
