import Configuration
import Transport

/// Whether a request may make or steer calls, which costs money: only with the admin listener's bearer token, also on
/// loopback, unless the configuration says otherwise by name.
struct OperatorAccess: Sendable {
    let listener: AdminListenerConfiguration

    /// `AdminService` has compared the token already, when there is one.
    func refusal(_ request: HTTPRequest) -> HTTPResponse? {
        guard listener.token == nil, !listener.callsWithoutToken else { return nil }
        return AdminAnswer.problem(
            403,
            "calls are made and steered only with a bearer token: set `admin.token`, or allow it without one by "
                + "`admin.callsWithoutToken: true`", field: "Authorization")
    }

    static let maximumBodyBytes = 16 * 1024

    /// What is wrong with a request's body before anybody reads it. A web page can send everything but JSON anywhere.
    static func bodyRefusal(_ request: HTTPRequest) -> HTTPResponse? {
        let type = request.headers["Content-Type"]?.lowercased() ?? ""
        if request.method == "POST", !type.hasPrefix("application/json") {
            return AdminAnswer.problem(415, "Content-Type: application/json was expected", field: "Content-Type")
        }
        guard request.body.count > maximumBodyBytes else { return nil }
        return AdminAnswer.problem(
            413, "\(request.body.count) bytes; at most \(maximumBodyBytes) were expected", field: "body")
    }
}
