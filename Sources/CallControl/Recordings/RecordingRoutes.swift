public import Transport
public import TurnStore

/// `GET /api/v1/calls/{id}/recording[?format=wav|opus]`: the sound of a call, whole or in part.
///
/// 200 or 206 from a whole file; 202 with `Retry-After` while there will be one; 404 when there is none; 410 when there
/// was one; 502 when the carrier's cannot be had. Here a file is only looked at; its bytes are read as they are sent.
public final class RecordingRoutes: AdminRoutes {
    private let reader: TurnStoreReader
    private let jobs: JobQueue
    private let artifacts: Artifacts
    private let recordings: RecordingStore
    /// Whether calls of that tenant are recorded.
    private let records: @Sendable (_ tenant: String) -> Bool
    private let clock: @Sendable () -> Int64
    /// After a call's end its own recording is closed at once; the carrier's is announced within minutes.
    private static let announcedWithinMilliseconds: Int64 = 300_000

    public init(
        store: TurnStore, recordings: RecordingStore, records: @escaping @Sendable (_ tenant: String) -> Bool,
        clock: @escaping @Sendable () -> Int64 = RecordingStore.wallClock
    ) {
        (reader, jobs, artifacts) = (store.reader, store.jobs, store.artifacts)
        (self.recordings, self.records, self.clock) = (recordings, records, clock)
    }

    public func answer(_ request: HTTPRequest, _ exchange: any HTTPExchange) -> Bool {
        let parts = request.path.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0].isEmpty, parts[1...3] == ["api", "v1", "calls"], parts[5] == "recording" else {
            return false
        }
        guard request.method == "GET" || request.method == "HEAD" else {
            exchange.respond(AdminAnswer.methodNotAllowed("GET, HEAD"))
            return true
        }
        exchange.respond(answer(request, call: String(parts[4])))
        return true
    }

    private func answer(_ request: HTTPRequest, call: String) -> HTTPResponse {
        guard let query = FormFields(body: Array(request.query.utf8)) else {
            return AdminAnswer.problem(400, "the query is not well-formed")
        }
        var format: MediaFormat?
        if let name = query["format"] {
            format = MediaFormat(rawValue: name)
            guard format != nil else { return AdminAnswer.problem(400, "wav or opus was expected", field: "format") }
        }
        do throws(StoreError) { return try answer(request, call: call, format) } catch {
            return AdminAnswer.problem(503, "\(error)")
        }
    }

    private func answer(
        _ request: HTTPRequest, call id: String, _ format: MediaFormat?
    ) throws(StoreError) -> HTTPResponse {
        guard let call = try reader.call(id) else { return AdminAnswer.problem(404, "no such call") }
        let known = try artifacts.of(call: id).filter { $0.kind == .recording || $0.kind == .carrierRecording }
        let fitting = known.filter { format == nil || $0.path.hasSuffix(".\(format?.rawValue ?? "")") }
        // WAV before Opus when nobody asks: everything plays it.
        for artifact in fitting.sorted(by: { $0.path.hasSuffix(".wav") && !$1.path.hasSuffix(".wav") }) {
            if let answer = RecordingAnswer.of(artifact, to: request) { return answer }
        }
        if !fitting.isEmpty { return AdminAnswer.problem(410, "the recording is gone") }
        if !known.isEmpty { return AdminAnswer.problem(404, "no recording in that format") }
        let work = try jobs.of(call: id).filter { $0.kind == .fetchRecording }
        if let waiting = work.first(where: { $0.state == .queued || $0.state == .leased }) {
            // Whoever asks has it fetched now, unless that failed a moment ago. One fetch, however many ask.
            if let order = RecordingOrder(payload: waiting.payload) { recordings.fetch(order) { _ in } }
            return preparing(seconds: 1)
        }
        if let dead = work.first(where: { $0.state == .dead }) {
            let reason = dead.lastError ?? "unknown"
            return reason == RecordingFailure.gone.rawValue
                ? AdminAnswer.problem(410, "the carrier's recording is gone")
                : AdminAnswer.problem(502, "the carrier's recording cannot be had: \(reason)")
        }
        if !work.isEmpty { return AdminAnswer.problem(410, "the recording is gone") }
        guard records(call.tenant) else { return AdminAnswer.problem(404, "the call was not recorded") }
        guard let ended = call.endedAtUnixMilliseconds else { return preparing(seconds: 5) }
        return clock() - ended < Self.announcedWithinMilliseconds
            ? preparing(seconds: 2) : AdminAnswer.problem(404, "there is no recording of the call")
    }

    private func preparing(seconds: Int) -> HTTPResponse {
        AdminAnswer.json(202, ["state": "preparing"], headers: [("Retry-After", "\(seconds)")])
    }
}
