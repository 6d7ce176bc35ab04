import Conversation
import Yams

extension ServiceConfiguration {
    /// The whole effective configuration, defaults included, in the order of the documentation.
    /// - Parameter redactingSecrets: shows `${NAME}` instead of what the variable holds.
    public func effectiveYAML(redactingSecrets: Bool = true) -> String {
        let root = YAMLFields(isRedacting: redactingSecrets)
        root.fields("public") {
            $0.text("host", publicListener.host)
            $0.number("port", publicListener.port)
            $0.text("publicURL", publicListener.publicURL)
            if let tls = publicListener.tls {
                $0.fields("tls") {
                    $0.text("certificate", tls.certificate)
                    $0.text("key", tls.key)
                }
            }
        }
        root.fields("admin") {
            $0.text("host", adminListener.host)
            $0.number("port", adminListener.port)
            $0.secret("token", adminListener.token)
            $0.boolean("callsWithoutToken", adminListener.callsWithoutToken)
        }
        root.fields("model") {
            $0.plain("kind", model.kind.rawValue)
            $0.text("url", model.url)
            $0.text("model", model.model)
            $0.secret("apiKey", model.apiKey)
            if let authentication = model.authentication { $0.plain("authentication", authentication.rawValue) }
            $0.list("fallbacks", model.fallbacks) { fields, address in
                fields.text("url", address.url)
                fields.text("model", address.model)
                fields.secret("apiKey", address.apiKey)
                if let authentication = address.authentication {
                    fields.plain("authentication", authentication.rawValue)
                }
            }
            $0.number("renewalMinutes", model.renewalMinutes)
            $0.fields("prices") {
                $0.text("currency", model.prices.currency)
                for (name, kind) in Self.priceNames { $0.plain(name, Self.amount(model.prices.table[kind])) }
            }
            $0.number("connectTimeoutMilliseconds", model.connectTimeoutMilliseconds)
            $0.plain("audioFormat", model.audioFormat.rawValue)
            $0.text("transcriptionModel", model.transcriptionModel ?? "none")
            $0.text("trustedAuthorities", model.trustedAuthorities)
            $0.fields("turnDetection") {
                $0.plain("kind", model.turnDetection.rawValue)
                $0.plain("threshold", "\(model.threshold)")
                $0.number("prefixPaddingMilliseconds", model.prefixPaddingMilliseconds)
                $0.number("silenceMilliseconds", model.silenceMilliseconds)
            }
        }
        root.fields("store") {
            $0.text("path", storePath)
            if let spoolPath { $0.text("spool", spoolPath) }
        }
        root.fields("recordings") { $0.text("directory", recordingDirectory) }
        root.fields("transcription") { transcription.write(into: $0) }
        root.fields("journals") {
            $0.text("directory", journals.directory)
            $0.number("keepDays", journals.keepDays)
            $0.number("maximumMegabytes", journals.maximumMegabytes)
        }
        root.fields("telemetry") {
            $0.plain("logLevel", telemetry.logLevel.rawValue)
            $0.boolean("json", telemetry.json)
        }
        root.fields("limits") {
            $0.number("maximumCalls", limits.maximumCalls)
            $0.text("capacityFile", limits.capacityFile ?? "none")
            $0.boolean("refuseWithoutSlack", limits.refuseWithoutSlack)
            $0.number("maximumCallsPerTenant", limits.maximumCallsPerTenant)
            $0.number("drainSeconds", limits.drainSeconds)
        }
        root.fields("twilio") {
            $0.boolean("verifySignatures", twilio.verifySignatures)
            $0.number("streamTokenSeconds", twilio.streamTokenSeconds)
            $0.text("apiURL", twilio.apiURL)
            $0.texts("mediaHosts", twilio.mediaHosts)
        }
        root.fields("agent") {
            $0.text("script", agent.script)
            if let chat = agent.chat {
                $0.fields("chat") {
                    $0.text("url", chat.url)
                    $0.text("model", chat.model)
                    $0.secret("apiKey", chat.apiKey)
                }
            }
        }
        root.fields("stages") { stages.write(into: $0) }
        root.text("scheduling", scheduling.rawValue)
        root.boolean("watchFiles", watchFiles)
        // Those of `tenantsDirectory` among them: what is printed is whole without the folder.
        root.list("tenants", tenants) { Self.write($1, into: $0) }
        return root.serialized
    }

    private static func write(_ tenant: Tenant, into fields: YAMLFields) {
        fields.text("id", tenant.id)
        fields.texts("numbers", tenant.numbers)
        fields.text("accountSid", tenant.accountSid)
        fields.secret("authToken", tenant.authToken)
        fields.secret("webhookKey", tenant.webhookKey)
        for (name, script) in [("inbound", tenant.inbound), ("outbound", tenant.outbound)] {
            guard let script else { continue }
            fields.fields(name) { PromptSettings.write(script, into: $0) }
        }
        fields.text("language", tenant.language)
        fields.text("voice", tenant.voice)
        fields.text("timeZone", tenant.timeZone)
        if let hours = tenant.hours { fields.fields("hours") { hours.write(into: $0) } }
        fields.fields("fallback") {
            switch tenant.fallback {
            case .wav(let path): $0.text("wav", path)
            case .text(let words): $0.text("text", words)
            }
        }
        fields.fields("recording") {
            $0.boolean("enabled", tenant.recordingEnabled)
            $0.plain("format", tenant.recordingFormat.rawValue)
            tenant.recording.write(into: $0)
        }
        fields.fields("transcription") { tenant.transcription.write(into: $0) }
        fields.plain("journal", tenant.journal.rawValue)
        if tenant.retention != RetentionSettings() {
            fields.fields("retention") {
                $0.number("audioDays", tenant.retention.audioDays)
                $0.number("transcriptDays", tenant.retention.transcriptDays)
                $0.number("numberDays", tenant.retention.numberDays)
                $0.number("maximumMegabytes", tenant.retention.maximumMegabytes)
            }
        }
        fields.number("maximumMinutes", tenant.maximumMinutes)
        write(tenant.turnTaking, into: fields)
        tenant.tools.write(into: fields)
        tenant.prompts.write(into: fields)
        fields.text("vad", tenant.vad)
        fields.plain("mode", tenant.mode.rawValue)
        if !tenant.recognizer.isEmpty { fields.text("recognizer", tenant.recognizer) }
        fields.boolean("echoAware", tenant.echoAware)
        tenant.events?.write(into: fields)
        fields.number("uplinkBatchMilliseconds", tenant.uplinkBatchMilliseconds)
        fields.number("downlinkBatchMilliseconds", tenant.downlinkBatchMilliseconds)
        fields.number("leadMilliseconds", tenant.leadMilliseconds)
        fields.number("maximumTokens", tenant.maximumTokens)
        if let limit = tenant.maximumCostMicros { fields.plain("maximumCost", Self.amount(limit)) }
        fields.boolean("warmSession", tenant.warmSession)
        fields.fields("dialling") { tenant.dialling.write(into: $0) }
        fields.number("maximumCalls", tenant.maximumCalls)
    }

    private static func write(_ turnTaking: TurnTaking, into fields: YAMLFields) {
        fields.plain("turns", turnTaking.turns.rawValue)
        fields.number("greetingProtectionMilliseconds", turnTaking.greetingProtectionMilliseconds)
        fields.boolean("allowInterruptions", turnTaking.allowInterruptions)
        fields.number("confirmationMilliseconds", turnTaking.confirmationMilliseconds)
        fields.texts("protectedMessages", turnTaking.protectedMessages)
        fields.texts("backchannels", turnTaking.backchannels)
        fields.number("minimumWords", turnTaking.minimumWords)
        fields.number("briefSpeechMilliseconds", turnTaking.briefSpeechMilliseconds)
        fields.number("wordsWaitMilliseconds", turnTaking.wordsWaitMilliseconds)
        fields.plain("lateWords", turnTaking.lateWords.rawValue)
        fields.boolean("keepBackchannels", turnTaking.keepBackchannels)
        fields.number("silenceSeconds", turnTaking.silenceSeconds)
        fields.number("silencePrompts", turnTaking.silencePrompts)
        fields.text("silencePrompt", turnTaking.silencePrompt)
        fields.text("silenceGoodbye", turnTaking.silenceGoodbye)
        fields.plain("answeringMachine", turnTaking.answeringMachine.rawValue)
        fields.text("answeringMachineMessage", turnTaking.answeringMachineMessage)
    }
}

/// Collects the fields of one mapping in order. Absent values are left out.
final class YAMLFields {
    private let isRedacting: Bool
    private var pairs = [(Node, Node)]()

    init(isRedacting: Bool) { self.isRedacting = isRedacting }

    private var node: Node { .mapping(.init(pairs)) }

    /// Only a cyclic node can fail to serialise, and ours are trees.
    var serialized: String { (try? Yams.serialize(node: node, width: 120, allowUnicode: true)) ?? "" }

    func plain(_ name: String, _ value: String) { pairs.append((Node(name), Node(value, .implicit, .plain))) }
    func number(_ name: String, _ value: Int?) { if let value { plain(name, "\(value)") } }
    func boolean(_ name: String, _ value: Bool) { plain(name, value ? "true" : "false") }

    func text(_ name: String, _ value: String?) {
        guard let value else { return }
        pairs.append((Node(name), Node(value, .implicit, value.contains("\n") ? .literal : .doubleQuoted)))
    }

    func texts(_ name: String, _ values: [String]) {
        pairs.append((Node(name), .sequence(.init(values.map { Node($0, .implicit, .doubleQuoted) }))))
    }

    func secret(_ name: String, _ secret: Secret?) {
        text(name, secret.map { isRedacting ? $0.description : $0.reveal() })
    }

    func fields(_ name: String, _ fill: (YAMLFields) -> Void) {
        let inner = YAMLFields(isRedacting: isRedacting)
        fill(inner)
        if !inner.pairs.isEmpty { pairs.append((Node(name), inner.node)) }
    }

    func list<Item>(_ name: String, _ items: [Item], _ fill: (YAMLFields, Item) -> Void) {
        let nodes = items.map { item in
            let inner = YAMLFields(isRedacting: isRedacting)
            fill(inner, item)
            return inner.node
        }
        pairs.append((Node(name), .sequence(.init(nodes))))
    }
}
