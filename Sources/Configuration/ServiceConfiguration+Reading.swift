import Conversation
public import Foundation
import Yams

extension ServiceConfiguration {
    /// Reads and checks a file; relative paths in it start at its directory.
    /// - Throws: every problem found, with line and field.
    public static func load(
        file: String, environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(ConfigurationError) -> ServiceConfiguration {
        guard let data = FileManager.default.contents(atPath: file) else {
            throw ConfigurationError(problems: [.init(file: file, field: "", message: "no such file, or not readable")])
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw ConfigurationError(problems: [.init(file: file, field: "", message: "is not UTF-8 text")])
        }
        let directory = URL(fileURLWithPath: file).deletingLastPathComponent().path
        return try parse(text, file: file, directory: directory, environment: environment)
    }

    /// Reads and checks YAML text.
    /// - Parameters:
    ///   - file: what problems name as their place.
    ///   - directory: where relative paths start.
    public static func parse(
        _ yaml: String, file: String, directory: String = ".", environment: [String: String]
    ) throws(ConfigurationError) -> ServiceConfiguration {
        let document = ConfigurationDocument(file: file, directory: directory, environment: environment)
        let root: Node?
        do { root = try Yams.compose(yaml: yaml) } catch {
            throw ConfigurationError(problems: [problem(of: error, in: file)])
        }
        if root == nil { document.report(nil, "", "is empty; `tenants:` at least was expected") }
        let configuration = read(FieldReader(root, path: "", document: document))
        let problems = document.sortedProblems
        guard problems.isEmpty else { throw ConfigurationError(problems: problems) }
        return configuration
    }

    static func problem(of error: any Error, in file: String) -> ConfigurationError.Problem {
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            .init(file: file, line: mark.line, column: mark.column, field: "", message: "not YAML: \(problem)")
        case .duplicatedKeysInMapping(let duplicates, let context):
            .init(
                file: file, line: context.mark.line, column: context.mark.column, field: duplicates.first ?? "",
                message: "the field is written twice in the block that starts here")
        case .reader(let problem, _, _, _):
            .init(file: file, field: "", message: "not YAML: \(problem)")
        default:
            .init(file: file, field: "", message: "not YAML")
        }
    }

    // MARK: Sections

    private static func read(_ root: FieldReader) -> ServiceConfiguration {
        var configuration = ServiceConfiguration()
        configuration.publicListener = readPublic(root.fields("public"))
        configuration.adminListener = readAdmin(root.fields("admin"))
        configuration.model = readModel(root.fields("model"))

        let store = root.fields("store")
        configuration.storePath = store.filePath("path") ?? root.document.absolute(configuration.storePath)
        configuration.spoolPath = store.filePath("spool")
        store.finish()
        let recordings = root.fields("recordings")
        configuration.recordingDirectory =
            recordings.filePath("directory") ?? root.document.absolute(configuration.recordingDirectory)
        recordings.finish()
        configuration.transcription = TranscriptionConfiguration(reading: root.fields("transcription"))
        let journals = root.fields("journals")
        configuration.journals.directory =
            journals.filePath("directory") ?? root.document.absolute(configuration.journals.directory)
        configuration.journals.keepDays = journals.integer(
            "keepDays", in: 1...3_650, default: configuration.journals.keepDays)
        configuration.journals.maximumMegabytes = journals.integer(
            "maximumMegabytes", in: 1...1_000_000, default: configuration.journals.maximumMegabytes)
        journals.finish()

        let telemetry = root.fields("telemetry")
        configuration.telemetry.logLevel = telemetry.choice("logLevel", default: configuration.telemetry.logLevel)
        configuration.telemetry.json = telemetry.boolean("json", default: false)
        telemetry.finish()

        let limits = root.fields("limits")
        let defaults = configuration.limits
        configuration.limits.read(limits)
        configuration.limits.refuseWithoutSlack = limits.boolean("refuseWithoutSlack", default: true)
        configuration.limits.maximumCallsPerTenant = limits.optionalInteger("maximumCallsPerTenant", in: 1...10_000)
        configuration.limits.drainSeconds = limits.integer(
            "drainSeconds", in: 0...3_600, default: defaults.drainSeconds)
        limits.finish()

        let twilio = root.fields("twilio")
        configuration.twilio.verifySignatures = twilio.boolean("verifySignatures", default: true)
        configuration.twilio.streamTokenSeconds = twilio.integer(
            "streamTokenSeconds", in: 5...600, default: configuration.twilio.streamTokenSeconds)
        configuration.twilio.apiURL = twilio.string("apiURL", default: configuration.twilio.apiURL)
        if !isOrigin(configuration.twilio.apiURL) {
            twilio.report("apiURL", "does not fit; https://HOST was expected, or http:// to a loopback address")
        }
        configuration.twilio.mediaHosts = twilio.strings("mediaHosts").map(\.text)
        for host in configuration.twilio.mediaHosts where !isHostName(host) {
            twilio.report("mediaHosts", "`\(host)` does not fit; a host's name was expected, as in media.example.com")
        }
        twilio.finish()

        configuration.agent = readAgent(root.fields("agent"))
        configuration.stages = PlugInConfiguration(reading: root.fields("stages"))
        configuration.scheduling = root.choice("scheduling", default: configuration.scheduling)
        configuration.watchFiles = root.boolean("watchFiles", default: true)
        configuration.tenantsDirectory = root.filePath("tenantsDirectory")
        configuration.tenants = readTenants(
            root, directory: configuration.tenantsDirectory, verifySignatures: configuration.twilio.verifySignatures,
            transcribes: configuration.model.transcriptionModel != nil)
        checkCeilings(configuration, root)
        checkTranscription(configuration, root)
        root.finish()
        return configuration
    }

    /// A name with a dot, of letters, digits, `-` and `.`: no scheme, port, path or wildcard.
    private static func isHostName(_ text: String) -> Bool {
        text.contains(".") && !text.hasPrefix(".") && !text.hasSuffix(".")
            && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-.".contains($0)) }
    }

    private static func readPublic(_ fields: FieldReader) -> PublicListenerConfiguration {
        var listener = PublicListenerConfiguration()
        listener.host = fields.string("host", default: listener.host)
        listener.port = fields.integer("port", in: 0...65_535, default: listener.port)
        if let url = fields.optionalString("publicURL") {
            listener.publicURL = origin(url)
            if listener.publicURL == nil {
                fields.report(
                    "publicURL", "`\(url)` does not fit; scheme and host were expected, as in https://voice.example.com"
                )
            }
        } else if !Hosts.isLoopback(listener.host), !fields.has("publicURL") {
            fields.report(
                "publicURL", "is missing; the carrier signs it, so it is needed when `host` is not a loopback address")
        }
        let tls = fields.fields("tls")
        if tls.isPresent {
            let certificate = tls.filePath("certificate", mustExist: true)
            let key = tls.filePath("key", mustExist: true)
            if !tls.has("certificate") { tls.report("certificate", "is missing") }
            if !tls.has("key") { tls.report("key", "is missing") }
            if let certificate, let key { listener.tls = TLSFiles(certificate: certificate, key: key) }
        }
        tls.finish()
        fields.finish()
        return listener
    }

    /// `http(s)://host[:port]`, lower-case scheme and host, without a slash at the end.
    private static func origin(_ text: String) -> String? {
        guard let parts = URLComponents(string: text), let scheme = parts.scheme?.lowercased(),
            scheme == "http" || scheme == "https", let host = parts.host, !host.isEmpty, parts.user == nil,
            parts.path.isEmpty || parts.path == "/", parts.query == nil, parts.fragment == nil
        else { return nil }
        return "\(scheme)://\(host.lowercased())" + (parts.port.map { ":\($0)" } ?? "")
    }

    private static func readAdmin(_ fields: FieldReader) -> AdminListenerConfiguration {
        var listener = AdminListenerConfiguration()
        listener.host = fields.string("host", default: listener.host)
        listener.port = fields.integer("port", in: 0...65_535, default: listener.port)
        listener.token = fields.secret("token")
        listener.callsWithoutToken = fields.boolean("callsWithoutToken", default: false)
        if !listener.isLoopback, !fields.has("token") {
            fields.report("token", "is missing; needed because `host` is not a loopback address")
        }
        fields.finish()
        return listener
    }

    private static func readModel(_ fields: FieldReader) -> ModelConfiguration {
        var model = ModelConfiguration()
        model.kind = fields.choice("kind", default: model.kind)
        model.url = fields.string("url", default: model.url)
        if fields.has("url"), let problem = model.address.problem { fields.report("url", problem) }
        model.model = fields.string("model", default: model.model)
        model.apiKey = fields.secret("apiKey")
        if model.kind == .openai, !fields.has("apiKey"), model.url == ModelConfiguration().url {
            fields.report("apiKey", "is missing; `${OPENAI_API_KEY}` was expected")
        }
        model.authentication = readAuthentication(fields)
        model.fallbacks = readFallbacks(fields)
        model.renewalMinutes = fields.integer("renewalMinutes", in: 0...240, default: model.renewalMinutes)
        model.prices = readPrices(fields.fields("prices"))
        model.connectTimeoutMilliseconds = fields.integer(
            "connectTimeoutMilliseconds", in: 100...60_000, default: model.connectTimeoutMilliseconds)
        model.audioFormat = fields.choice("audioFormat", default: model.audioFormat)
        if let name = fields.optionalString("transcriptionModel") {
            model.transcriptionModel = name == "none" ? nil : name
        }
        model.trustedAuthorities = fields.filePath("trustedAuthorities", mustExist: true)
        let detection = fields.fields("turnDetection")
        model.turnDetection = detection.choice("kind", default: model.turnDetection)
        model.threshold = detection.number("threshold", in: 0...1, default: model.threshold)
        model.prefixPaddingMilliseconds = detection.integer(
            "prefixPaddingMilliseconds", in: 0...2_000, default: model.prefixPaddingMilliseconds)
        model.silenceMilliseconds = detection.integer(
            "silenceMilliseconds", in: 100...5_000, default: model.silenceMilliseconds)
        detection.finish()
        fields.finish()
        return model
    }

    private static func readAgent(_ fields: FieldReader) -> AgentConfiguration {
        var agent = AgentConfiguration()
        agent.script = fields.filePath("script", mustExist: true)
        let chat = fields.fields("chat")
        if chat.isPresent {
            let url = chat.requiredString("url")
            if !url.isEmpty, !["http", "https"].contains(URLComponents(string: url)?.scheme ?? "") {
                chat.report("url", "`\(url)` does not fit; an http:// or https:// address was expected")
            }
            agent.chat = .init(url: url, model: chat.requiredString("model"), apiKey: chat.secret("apiKey"))
        }
        chat.finish()
        fields.finish()
        return agent
    }
}
