public import Configuration
public import Foundation

/// A call for the carrier to make (protocols: sections 9 and 10).
public struct CarrierCall: Sendable {
    /// E.164.
    public var to: String
    public var from: String
    /// Asked for TwiML when somebody has picked up.
    public var answerURL: String
    public var statusURL: String
    /// Told who picked up, while the call goes on.
    public var machineURL: String
    public var detection: MachineDetection
    /// The machine's announcement is waited for: the message is to be left after it.
    public var detectsMessageEnd: Bool
    public var ringSeconds: Int

    var form: [(String, String)] {
        var form = [
            ("To", to), ("From", from), ("Url", answerURL), ("Method", "POST"), ("StatusCallback", statusURL),
            ("StatusCallbackMethod", "POST"), ("Timeout", "\(ringSeconds)"),
        ]
        for event in ["initiated", "ringing", "answered", "completed"] { form.append(("StatusCallbackEvent", event)) }
        guard detection != .off else { return form }
        form.append(("MachineDetection", detectsMessageEnd ? "DetectMessageEnd" : "Enable"))
        if detection == .whileConnected {
            form += [
                ("AsyncAmd", "true"), ("AsyncAmdStatusCallback", machineURL), ("AsyncAmdStatusCallbackMethod", "POST"),
            ]
        }
        return form
    }
}

extension CarrierREST {
    /// Has the carrier call somebody. Never repeated when it may have been done: a second request is a second call.
    /// - Parameter completion: once; the carrier's id of the call. `timedOut`, `unreachable` and a status of 500 and more
    ///   leave open whether there is a call.
    public func create(
        _ call: CarrierCall, of tenant: Tenant,
        completion: @escaping @Sendable (Result<String, CarrierRESTError>) -> Void
    ) {
        let body = call.form.map { "\($0.0)=\(Self.escaped($0.1))" }.joined(separator: "&")
        guard let request = request("POST", path: "Calls.json", tenant, body: body) else {
            return completion(.failure(.init(cause: .notPossible)))
        }
        send(request, isIdempotent: false, try: 1) { result in
            completion(
                result.flatMap { body in
                    let object = try? JSONSerialization.jsonObject(with: Data(body)) as? [String: Any]
                    guard let sid = object?["sid"] as? String, Self.isID(sid) else {
                        // It said yes, and not to what.
                        return .failure(.init(cause: .unreachable, status: 200))
                    }
                    return .success(sid)
                })
        }
    }

    /// The one call to that number that was created since `since`; nil when there is none yet, or several. Eventually
    /// consistent.
    public func find(
        to: String, from: String, since: Date, of tenant: Tenant,
        completion: @escaping @Sendable (Result<String?, CarrierRESTError>) -> Void
    ) {
        let query = "Calls.json?To=\(Self.escaped(to))&From=\(Self.escaped(from))&PageSize=20"
        guard let request = request("GET", path: query, tenant, body: nil) else {
            return completion(.failure(.init(cause: .notPossible)))
        }
        send(request, isIdempotent: true, try: 1) { result in
            completion(
                result.map { body in
                    let object = try? JSONSerialization.jsonObject(with: Data(body)) as? [String: Any]
                    let calls = object?["calls"] as? [[String: Any]] ?? []
                    let found = calls.compactMap { call -> String? in
                        guard let sid = call["sid"] as? String, Self.isID(sid),
                            let text = call["date_created"] as? String, let made = Self.date(text), made >= since
                        else { return nil }
                        return sid
                    }
                    return found.count == 1 ? found[0] : nil
                })
        }
    }

    /// RFC 2822, whole seconds.
    private static func date(_ text: String) -> Date? {
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss Z"
        return format.date(from: text)
    }
}

extension CarrierRESTError {
    /// The carrier may have done it all the same.
    var leavesOpen: Bool {
        switch cause {
        case .timedOut, .unreachable: true
        case .refused: status >= 500
        case .busy, .callOver, .notPossible: false
        }
    }
}
