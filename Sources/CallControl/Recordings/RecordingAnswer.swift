import Transport
import TurnStore

/// A file as an HTTP answer. Source: RFC 9110, sections 13 and 14: one range of bytes; several are answered whole.
enum RecordingAnswer {
    enum Range: Equatable {
        case whole
        case part(Swift.Range<Int64>)
        /// Nothing of it is in the file.
        case unsatisfiable
    }

    /// Not on a loop thread.
    /// - Returns: nil when the file is not there, or not as it was recorded.
    static func of(_ artifact: Artifact, to request: HTTPRequest) -> HTTPResponse? {
        guard let bytes = PartialFile.size(of: artifact.path), artifact.bytes ?? bytes == bytes else { return nil }
        let tag = "\"\(artifact.sha256 ?? "\(artifact.madeAtUnixMilliseconds ?? 0)-\(bytes)")\""
        var headers = HTTPHeaders([
            ("Content-Type", artifact.path.hasSuffix(".wav") ? "audio/wav" : "audio/ogg"), ("ETag", tag),
            ("Accept-Ranges", "bytes"), ("Cache-Control", "private, no-store"),
        ])
        if let known = request.headers["If-None-Match"],
            known == "*" || known.split(separator: ",").contains(where: { trimmed($0) == tag })
        {
            return HTTPResponse(status: 304, headers: headers)
        }
        var range = Range.whole
        if let asked = request.headers["Range"], request.headers["If-Range"] ?? tag == tag {
            range = Self.range(asked, of: bytes)
        }
        switch range {
        case .whole:
            guard let file = HTTPFileBody(path: artifact.path), file.fileBytes == bytes else { return nil }
            return HTTPResponse(status: 200, headers: headers, file: file)
        case .part(let part):
            guard let file = HTTPFileBody(path: artifact.path, range: part), file.fileBytes == bytes else { return nil }
            headers.append("Content-Range", "bytes \(part.lowerBound)-\(part.upperBound - 1)/\(bytes)")
            return HTTPResponse(status: 206, headers: headers, file: file)
        case .unsatisfiable:
            headers.append("Content-Range", "bytes */\(bytes)")
            return HTTPResponse(status: 416, headers: headers)
        }
    }

    /// What is not understood is ignored, as the source says.
    static func range(_ text: String, of bytes: Int64) -> Range {
        guard let match = text.wholeMatch(of: #/bytes=(\d{0,18})-(\d{0,18})/#) else { return .whole }
        switch (Int64(match.1), Int64(match.2)) {
        case (nil, nil): return .whole
        case (nil, let last?):
            return last == 0 || bytes == 0 ? .unsatisfiable : .part(max(0, bytes - last)..<bytes)
        case (let first?, let last):
            if let last, last < first { return .whole }
            return first >= bytes ? .unsatisfiable : .part(first..<min((last ?? bytes) + 1, bytes))
        }
    }

    private static func trimmed(_ text: Substring) -> String {
        let bare = text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()
        return String(bare)
    }
}
