import Foundation

extension TenantTools {
    /// Names that mean something here.
    static let builtIn = ["end_call", "transfer_call", "send_dtmf"]

    /// - Parameter hasToken: the tenant has an auth token, which the carrier's REST interface asks for.
    init(reading fields: FieldReader, hasToken: Bool) {
        self.init()
        var names = Set(Self.builtIn)
        for tool in fields.list("tools") {
            let tool = HTTPTool(reading: tool, taken: &names)
            http.append(tool)
        }
        if names.count > Self.maximumCount {
            fields.report("tools", "\(names.count) tools with the built-in ones; at most \(Self.maximumCount) fit")
        }
        transfer = TransferSettings(reading: fields.fields("transfer"))
        sendsDigits = fields.boolean("sendDigits", default: false)
        if !hasToken {
            if !transfer.destinations.isEmpty {
                fields.report("transfer", "needs `authToken`: the carrier asks for it")
            }
            if sendsDigits { fields.report("sendDigits", "needs `authToken`: the carrier asks for it") }
        }
        var labels = Set<String>()
        for server in fields.list("mcpServers") {
            remoteServers.append(RemoteToolServer(reading: server, taken: &labels))
        }
        if remoteServers.count > 16 { fields.report("mcpServers", "\(remoteServers.count) servers; at most 16 fit") }
    }
}

extension HTTPTool {
    init(reading fields: FieldReader, taken: inout Set<String>) {
        self.init(
            name: fields.requiredString("name"),
            description: fields.optionalString("description", literally: true) ?? "",
            url: fields.optionalString("url", literally: true) ?? "")
        defer { fields.finish() }
        if fields.has("name"), !Self.isName(name) {
            fields.report("name", "`\(name)` does not fit; 1 to 64 ASCII letters, digits, `-` and `_` were expected")
        } else if !name.isEmpty, !taken.insert(name).inserted {
            let owner = TenantTools.builtIn.contains(name) ? "built in" : "another tool's"
            fields.report("name", "`\(name)` is \(owner)")
        }
        if description.isEmpty { fields.report("description", "is missing; the model chooses by it") }
        if let schema = fields.optionalString("parameters", literally: true) {
            parameters = schema
            if let problem = Self.problem(ofSchema: schema) { fields.report("parameters", problem) }
        }
        allowInsecure = fields.boolean("allowInsecure", default: false)
        Self.checkAddress(url, fields, allowInsecure: allowInsecure)
        method = fields.choice("method", default: method)
        headers = Self.headers(fields)
        timeoutMilliseconds = fields.integer("timeoutMilliseconds", in: 100...60_000, default: timeoutMilliseconds)
        filler = fields.optionalString("filler", literally: true)
        fillerMilliseconds = fields.integer("fillerMilliseconds", in: 100...60_000, default: fillerMilliseconds)
    }

    static func isName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) || $0 == 0x2D
                    || $0 == 0x5F
            }
    }

    /// What keeps `text` from being the schema of an object.
    static func problem(ofSchema text: String) -> String? {
        let expected = #"a JSON Schema of an object was expected, as in {"type":"object","properties":{}}"#
        guard let value = try? JSONSerialization.jsonObject(with: Data(text.utf8)) else {
            return "is not JSON; \(expected)"
        }
        guard let schema = value as? [String: Any] else { return "is not a JSON object; \(expected)" }
        guard schema["type"] as? String == "object" else { return "has no \"type\": \"object\"; \(expected)" }
        if let properties = schema["properties"], !(properties is [String: Any]) {
            return "`properties` is not a JSON object; \(expected)"
        }
        return nil
    }

    /// An address that secrets may be sent to. Its own text holds none.
    static func checkAddress(_ url: String, _ fields: FieldReader, allowInsecure: Bool) {
        guard !url.isEmpty else {
            if !fields.has("url") { fields.report("url", "is missing") }
            return
        }
        guard !url.contains("${") else {
            return fields.report("url", "`${` does not belong here; secrets go into `headers`")
        }
        guard let parts = URLComponents(string: url), let host = parts.host, !host.isEmpty,
            parts.scheme == "https" || parts.scheme == "http", parts.user == nil, parts.password == nil,
            parts.fragment == nil
        else { return fields.report("url", "does not fit; https://HOST/PATH was expected, without user or fragment") }
        if parts.scheme == "http", !allowInsecure, !Hosts.isLoopback(host) {
            fields.report(
                "url", "is not https; `allowInsecure: true` sends the caller's words and your key in the clear")
        }
    }

    static func headers(_ fields: FieldReader) -> [Header] {
        var headers = [Header]()
        for (name, value) in fields.namedTexts("headers") {
            let isToken = !name.isEmpty && name.utf8.allSatisfy { Self.isTokenByte($0) }
            if !isToken || ["host", "content-length", "content-type", "idempotency-key"].contains(name.lowercased()) {
                fields.report("headers", "`\(name)` is not a header that may be set here")
            } else if value.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) {
                fields.report("headers", "`\(name)`: the value holds a control character")
            } else {
                headers.append(Header(name, Secret(value)))
            }
        }
        return headers
    }

    /// RFC 9110, section 5.6.2.
    private static func isTokenByte(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            || "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
}

extension TransferSettings {
    init(reading fields: FieldReader) {
        self.init()
        defer { fields.finish() }
        for entry in fields.list("destinations") {
            let destination = TransferDestination(
                name: entry.requiredString("name"), purpose: entry.string("purpose", default: ""),
                address: entry.requiredString("to"))
            if destination.name.count > 64 { entry.report("name", "is longer than 64 characters") }
            if destinations.contains(where: { $0.name == destination.name }) {
                entry.report("name", "`\(destination.name)` is another destination's")
            }
            if entry.has("to"), !ServiceConfiguration.isE164(destination.address), !Self.isSIP(destination.address) {
                entry.report("to", "`\(destination.address)` does not fit; +15005550009 or sip:user@host was expected")
            }
            entry.finish()
            destinations.append(destination)
        }
        if destinations.count > 32 { fields.report("destinations", "\(destinations.count) of them; at most 32 fit") }
        ringSeconds = fields.integer("ringSeconds", in: 5...120, default: ringSeconds)
        callerID = fields.optionalString("callerId")
        if let callerID, !ServiceConfiguration.isE164(callerID) {
            fields.report("callerId", "`\(callerID)` does not fit; E.164 was expected, as in +15005550001")
        }
        whenModelUnavailable = fields.optionalString("whenModelUnavailable")
        if let name = whenModelUnavailable, !destinations.contains(where: { $0.name == name }) {
            fields.report("whenModelUnavailable", "`\(name)` is no destination of this list")
        }
    }

    private static func isSIP(_ text: String) -> Bool {
        guard text.hasPrefix("sip:") || text.hasPrefix("sips:"), text.utf8.count <= 255 else { return false }
        let parts = text.split(separator: ":", maxSplits: 1)[1].split(separator: "@", omittingEmptySubsequences: false)
        return parts.count == 2 && parts.allSatisfy { !$0.isEmpty }
            && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }
}

extension RemoteToolServer {
    init(reading fields: FieldReader, taken: inout Set<String>) {
        self.init(
            label: fields.requiredString("label"), url: fields.optionalString("url", literally: true) ?? "")
        defer { fields.finish() }
        if fields.has("label"), !HTTPTool.isName(label) {
            fields.report("label", "`\(label)` does not fit; 1 to 64 ASCII letters, digits, `-` and `_` were expected")
        } else if !taken.insert(label).inserted {
            fields.report("label", "`\(label)` is another server's")
        }
        HTTPTool.checkAddress(url, fields, allowInsecure: false)
        headers = HTTPTool.headers(fields)
        if fields.has("allowedTools") {
            let names = fields.strings("allowedTools").map(\.text)
            if names.isEmpty { fields.report("allowedTools", "is empty; leave it out to allow all") }
            allowedTools = names
        }
        approval = fields.choice("approval", default: approval)
    }
}

extension ServiceConfiguration {
    /// Scheme and host, where an auth token may be sent.
    static func isOrigin(_ url: String) -> Bool {
        guard let parts = URLComponents(string: url), let host = parts.host, !host.isEmpty, parts.user == nil,
            parts.query == nil, parts.fragment == nil, parts.path.isEmpty
        else { return false }
        return parts.scheme == "https" || (parts.scheme == "http" && Hosts.isLoopback(host))
    }
}
