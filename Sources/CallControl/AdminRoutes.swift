import Foundation
public import Transport

/// Requests of the admin listener that one part of the service answers. `AdminService` has let the caller in by then.
public protocol AdminRoutes: Sendable {
    /// Admin queue: it may look at the disk, and must not wait for a network. Responds once, now or later.
    /// - Returns: false when the path is another's; then nothing was responded.
    func answer(_ request: HTTPRequest, _ exchange: any HTTPExchange) -> Bool
}

/// What every route answers the same way.
public enum AdminAnswer {
    /// One JSON object, keys in order.
    public static func json(
        _ status: Int, _ value: some Encodable, headers: [(String, String)] = []
    ) -> HTTPResponse {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let body = try? encoder.encode(value) else { return .text(500, "the answer cannot be written as JSON\n") }
        return HTTPResponse(
            status: status, headers: .init([("Content-Type", "application/json")] + headers), body: Array(body) + [0x0A]
        )
    }

    /// `{"error": ..., "field": ...}`: what was wrong, with what was expected instead.
    public static func problem(
        _ status: Int, _ error: String, field: String? = nil, headers: [(String, String)] = []
    ) -> HTTPResponse {
        json(status, Problem(error: error, field: field), headers: headers)
    }

    /// - Parameter allowed: as in the `Allow` header.
    public static func methodNotAllowed(_ allowed: String) -> HTTPResponse {
        problem(405, "this method is not for this path; allowed: \(allowed)", headers: [("Allow", allowed)])
    }

    private struct Problem: Encodable {
        var error: String
        var field: String?
    }
}
