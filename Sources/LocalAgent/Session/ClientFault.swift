/// Something a client asked for that cannot be done: the `error` event says so and the session goes on.
struct ClientFault: Error, Equatable {
    var type = "invalid_request_error"
    var code: String?
    var message: String
    /// Path of the field at fault.
    var param: String?

    init(_ code: String?, _ message: String, param: String? = nil) {
        (self.code, self.message, self.param) = (code, message, param)
    }

    static func missing(_ path: String) -> ClientFault {
        ClientFault("missing_required_parameter", "Missing required parameter: '\(path)'.", param: path)
    }

    static func unknown(_ path: String) -> ClientFault {
        ClientFault("unknown_parameter", "Unknown parameter: '\(path)'.", param: path)
    }

    static func kind(_ path: String, expected: String, got value: JSONValue) -> ClientFault {
        ClientFault(
            "invalid_type", "Invalid type for '\(path)': expected \(expected), but got \(value.kind) instead.",
            param: path)
    }

    static func value(_ path: String, _ value: String, supported: [String]) -> ClientFault {
        let list = supported.map { "'\($0)'" }.joined(separator: ", ")
        return ClientFault(
            "invalid_value", "Invalid value: '\(value.prefix(80))'. Supported values are: \(list).", param: path)
    }
}
