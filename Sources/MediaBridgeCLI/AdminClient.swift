import ArgumentParser
import CallControl
import Configuration
import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Where the running service's admin listener is, and the token for it.
struct AdminOptions: ParsableArguments {
    @Option(help: "The service's configuration file: its `admin` section says where it listens.")
    var config: String?
    @Option(help: "The admin listener instead, as in http://127.0.0.1:9090.")
    var admin: String?
    @Option(help: "Environment variable that holds the bearer token, instead of the configuration's.")
    var tokenVariable: String?

    func validate() throws {
        if let admin, URL(string: admin)?.host == nil || !admin.hasPrefix("http") {
            throw ValidationError("--admin: \(admin), expected http://HOST:PORT")
        }
    }

    func client() throws -> AdminClient {
        var token: String?
        if let tokenVariable {
            guard let value = ProcessInfo.processInfo.environment[tokenVariable], !value.isEmpty else {
                throw CommandFailure("--token-variable: the environment has no \(tokenVariable)")
            }
            token = value
        }
        if let admin { return AdminClient(address: admin, token: token) }
        let listener = try loadConfiguration(config).adminListener
        let host = ["0.0.0.0", "::", "[::]"].contains(listener.host) ? "127.0.0.1" : listener.host
        let name = host.contains(":") && !host.hasPrefix("[") ? "[\(host)]" : host
        return AdminClient(address: "http://\(name):\(listener.port)", token: token ?? listener.token?.reveal())
    }
}

/// One request after the other to the admin API of a running service.
struct AdminClient: Sendable {
    let address: String
    let token: String?
    private let requests = OutgoingRequests()

    init(address: String, token: String?) {
        (self.address, self.token) = (address.hasSuffix("/") ? String(address.dropLast()) : address, token)
    }

    /// - Throws: when nobody answers. What was answered, good or bad, is the caller's to judge.
    func send(
        _ method: String, _ path: String, body: [String: String]? = nil, headers: [(String, String)] = []
    ) async throws -> (status: Int, object: [String: Any], text: String) {
        guard let url = URL(string: address + path) else { throw CommandFailure("\(address) is no address") }
        var request = URLRequest(url: url)
        request.httpMethod = method
        if let token { request.setValue("Bearer \(token)", forHTTPHeaderField: "Authorization") }
        for (name, value) in headers { request.setValue(value, forHTTPHeaderField: name) }
        if let body {
            request.setValue("application/json", forHTTPHeaderField: "Content-Type")
            request.httpBody = try JSONEncoder().encode(body)
        }
        let ready = request
        // Longer than the service waits for the carrier.
        let result = await withCheckedContinuation { continuation in
            requests.send(ready, timeoutMilliseconds: 30_000, maximumBytes: 4 << 20) {
                continuation.resume(returning: $0)
            }
        }
        switch result {
        case .success(let answer):
            let text = String(decoding: answer.body, as: UTF8.self)
            let object = try? JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any]
            return (answer.status, object ?? [:], text.trimmingCharacters(in: .whitespacesAndNewlines))
        case .failure(.unreachable):
            throw CommandFailure(
                "no service answers at \(address): is `media-bridge serve` running, with this `admin`?")
        case .failure(let failure): throw CommandFailure("\(address): \(failure.rawValue)")
        }
    }

    /// The service's own words, and what to do where a person may not know.
    static func complaint(_ status: Int, _ object: [String: Any], _ text: String) -> CommandFailure {
        let words = object["error"] as? String ?? text
        return CommandFailure(
            status == 401
                ? "the service refused the token: give its own by --config or --token-variable" : "\(words) (\(status))"
        )
    }
}
