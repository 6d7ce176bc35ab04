import Foundation

/// One request for a recording's bytes, redirects included, into its partial file.
struct RecordingDownload {
    let hosts: MediaHosts
    let limits: DownloadLimits
    let breaker: HostBreaker
    /// `Basic ...`; goes to the carrier's REST interface and nowhere else.
    let authorization: String?
    /// Unix milliseconds.
    let now: Int64

    struct Refusal: Error {
        var failure: RecordingFailure
        /// As the server asked for.
        var retryAfterMilliseconds: Int64?
        init(_ failure: RecordingFailure, retryAfterMilliseconds: Int64? = nil) {
            (self.failure, self.retryAfterMilliseconds) = (failure, retryAfterMilliseconds)
        }
    }

    /// Downloading thread. Afterwards `partial` holds all of it, checked.
    /// - Parameter isYoung: not found is then not yet.
    /// - Returns: what the file is.
    func run(
        _ address: MediaAddress, isYoung: Bool, into partial: PartialFile
    ) throws(Refusal) -> MediaFormat {
        var address = address
        for _ in 0...limits.maximumRedirects {
            // Each hop, the first like the others: whoever sent us there is not asked.
            guard hosts.admit(address) else { throw Refusal(.hostNotAllowed) }
            guard breaker.admit(address.host, at: now) else { throw Refusal(.hostResting) }
            do throws(Refusal) {
                let next = try ask(address, isYoung: isYoung, partial)
                breaker.note(address.host, isWell: true, at: now)
                guard let next else { return try check(partial) }
                address = next
            } catch {
                breaker.note(address.host, isWell: !error.failure.blamesHost, at: now)
                throw error
            }
        }
        throw Refusal(.tooManyRedirects)
    }

    /// - Returns: where it is instead; nil when it came.
    private func ask(_ address: MediaAddress, isYoung: Bool, _ partial: PartialFile) throws(Refusal) -> MediaAddress? {
        let answered: Result<MediaAddress?, Refusal>
        do throws(RecordingFailure) {
            let connection = try MediaConnection(to: address, hosts: hosts, limits: limits)
            connection.deadline = MediaConnection.now + UInt64(limits.stallMilliseconds) * 1_000_000
            try connection.write(request(address, partial))
            let answer = try MediaAnswer(on: connection)
            answered = try take(answer, from: address, isYoung: isYoung, on: connection, partial)
        } catch {
            throw Refusal(error)
        }
        return try answered.get()
    }

    private func request(_ address: MediaAddress, _ partial: PartialFile) -> [UInt8] {
        var lines = [
            "GET \(address.target) HTTP/1.1", "Host: \(address.authority)", "User-Agent: media-bridge",
            "Accept: audio/*", "Accept-Encoding: identity", "Connection: close",
        ]
        if let authorization, hosts.mayHaveCredentials(address) { lines.append("Authorization: \(authorization)") }
        if let tag = partial.tag, partial.bytes > 0 { lines += ["Range: bytes=\(partial.bytes)-", "If-Range: \(tag)"] }
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
    }

    private func take(
        _ answer: MediaAnswer, from address: MediaAddress, isYoung: Bool, on connection: MediaConnection,
        _ partial: PartialFile
    ) throws(RecordingFailure) -> Result<MediaAddress?, Refusal> {
        switch answer.status {
        case 200:
            try partial.restart(tag: answer["ETag"])
            try receive(answer, total: answer.promisedBytes, on: connection, partial)
            return .success(nil)
        case 206:
            guard let range = ContentRange(answer["Content-Range"] ?? ""), range.first == partial.bytes else {
                try partial.restart(tag: nil)
                throw .malformed
            }
            try receive(answer, total: range.total, on: connection, partial)
            return .success(nil)
        case 301, 302, 303, 307, 308:
            guard let next = answer["Location"].flatMap(address.following) else { throw .hostNotAllowed }
            return .success(next)
        case 401, 403: throw hosts.mayHaveCredentials(address) ? .unauthorized : .refused
        case 404: throw isYoung ? .notYet : .gone
        case 410: throw .gone
        case 416:
            // What we have is no part of what there is.
            try partial.restart(tag: nil)
            throw .truncated
        case 429, 503:
            let seconds = answer["Retry-After"].flatMap { Int64($0) }.map { min(max($0, 1), 3_600) }
            return .failure(
                Refusal(
                    answer.status == 429 ? .throttled : .serverError, retryAfterMilliseconds: seconds.map { $0 * 1_000 }
                ))
        case 500...: throw .serverError
        default: throw .refused
        }
    }

    /// - Parameter total: of the whole file; nil when nobody said.
    private func receive(
        _ answer: MediaAnswer, total: Int64?, on connection: MediaConnection, _ partial: PartialFile
    ) throws(RecordingFailure) {
        guard total ?? 0 <= limits.maximumBytes else { throw .tooLarge }
        let (limits, start, begun) = (limits, partial.bytes, MediaConnection.now)
        var isKnown = start >= Int64(MediaFormat.headBytes)
        try answer.body {
            let allowed =
                Int64(limits.patienceMilliseconds) + (partial.bytes - start) * 1_000
                / Int64(limits.minimumBytesPerSecond)
            connection.deadline = min(
                begun + UInt64(allowed) * 1_000_000,
                MediaConnection.now + UInt64(limits.stallMilliseconds) * 1_000_000)
        } each: { piece throws(RecordingFailure) in
            try partial.append(piece)
            guard partial.bytes <= limits.maximumBytes else { throw .tooLarge }
            // Seen at its first bytes: an error page is not read to its end.
            if !isKnown, partial.bytes >= Int64(MediaFormat.headBytes) {
                isKnown = true
                guard MediaFormat(head: partial.bytes(at: 0, count: MediaFormat.headBytes)) != nil else {
                    throw .wrongType
                }
            }
        }
        if let total, partial.bytes != total { throw .truncated }
    }

    private func check(_ partial: PartialFile) throws(Refusal) -> MediaFormat {
        guard partial.bytes > 0 else { throw Refusal(.empty) }
        let head = partial.bytes(at: 0, count: MediaFormat.headBytes)
        guard let format = MediaFormat(head: head) else { throw Refusal(.wrongType) }
        guard format.isWhole(head: head, bytes: partial.bytes) else {
            // All that was promised came, and it is not all there is, or more: nothing to go on with.
            do throws(RecordingFailure) { try partial.restart(tag: nil) } catch { throw Refusal(error) }
            throw Refusal(.truncated)
        }
        return format
    }
}

/// `bytes FIRST-LAST/TOTAL`. Source: RFC 9110, 14.4.
struct ContentRange: Equatable {
    var first: Int64
    var total: Int64?

    init?(_ text: String) {
        guard let match = text.wholeMatch(of: #/bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)/#), let first = Int64(match.1)
        else { return nil }
        self.first = first
        total = Int64(match.3)
    }
}
