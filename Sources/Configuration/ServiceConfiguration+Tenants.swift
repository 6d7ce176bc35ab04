import Conversation
import Foundation

extension ServiceConfiguration {
    /// Reads `tenants:` and the folder's files, and checks all against each other.
    static func readTenants(
        _ root: FieldReader, directory: String?, verifySignatures: Bool, transcribes: Bool
    ) -> [Tenant] {
        if !root.has("tenants"), directory == nil {
            root.report("tenants", "is missing; without a tenant no number is answered")
        }
        var tenants = [Tenant]()
        var numbers = [String: String]()
        for fields in root.list("tenants") + tenantFiles(in: directory, root) {
            let tenant = readTenant(fields, verifySignatures: verifySignatures)
            if tenant.turnTaking.asksForWords, !transcribes {
                fields.report(
                    tenant.turnTaking.backchannels.isEmpty ? "minimumWords" : "backchannels",
                    "needs the caller's words, and `model.transcriptionModel` is none")
            }
            if !tenant.id.isEmpty, tenants.contains(where: { $0.id == tenant.id }) {
                fields.report("id", "`\(tenant.id)` is taken by another tenant")
            }
            for (number, mark) in fields.strings("numbers") {
                if let owner = numbers[number] {
                    fields.document.report(
                        mark, fields.field("numbers"), "\(number) is already a number of tenant `\(owner)`")
                }
                numbers[number] = tenant.id
            }
            let sameAccount = tenants.first { $0.accountSid == tenant.accountSid && !tenant.accountSid.isEmpty }
            if let other = sameAccount, let left = other.authToken, let right = tenant.authToken,
                left.reveal() != right.reveal()
            {
                fields.report("authToken", "differs from tenant `\(other.id)`'s, but the account is the same")
            }
            tenants.append(tenant)
        }
        return tenants
    }

    private static func readTenant(_ fields: FieldReader, verifySignatures: Bool) -> Tenant {
        let id = fields.requiredString("id")
        if !id.isEmpty, !id.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) }) {
            fields.report("id", "`\(id)` does not fit; ASCII letters, digits, `-`, `_` and `.` were expected")
        }
        let accountSid = fields.requiredString("accountSid")
        if fields.has("accountSid"), !accountSid.isEmpty, !isAccountSid(accountSid) {
            fields.report("accountSid", "`\(accountSid)` does not fit; AC and 32 hexadecimal digits were expected")
        }
        let authToken = fields.secret("authToken")
        if verifySignatures, !fields.has("authToken") {
            fields.report("authToken", "is missing; webhooks are verified with it")
        }
        var tenant = Tenant(
            id: id, numbers: readNumbers(fields), accountSid: accountSid, authToken: authToken,
            fallback: readFallback(fields.fields("fallback"), parent: fields))
        tenant.webhookKey = fields.secret("webhookKey")
        tenant.mode = fields.choice("mode", default: tenant.mode)
        tenant.recognizer = fields.string("recognizer", default: tenant.recognizer)
        tenant.inbound = readScript(fields.fields("inbound"))
        tenant.outbound = readScript(fields.fields("outbound"))
        tenant.language = fields.string("language", default: tenant.language)
        if !LanguageCodes.all.contains(tenant.language) {
            fields.report(
                "language", "`\(tenant.language)` does not fit; an ISO 639-1 code such as en or he was expected")
        }
        tenant.voice = fields.string("voice", default: tenant.voice)
        tenant.timeZone = fields.string("timeZone", default: tenant.timeZone)
        if tenant.timeZone != "UTC", TimeZone(identifier: tenant.timeZone) == nil {
            fields.report(
                "timeZone", "`\(tenant.timeZone)` is unknown; an IANA name such as Asia/Jerusalem was expected")
        }
        let recording = fields.fields("recording")
        tenant.recordingEnabled = recording.boolean("enabled", default: false)
        tenant.recordingFormat = recording.choice("format", default: tenant.recordingFormat)
        tenant.recording = RecordingSettings(reading: recording)
        if tenant.mode == .transcribe {
            if tenant.recognizer.isEmpty {
                fields.report("recognizer", "is missing; with `mode: transcribe` somebody has to listen")
            }
            if tenant.inbound == nil { tenant.inbound = .listening }
            if tenant.recording.notice != nil {
                recording.report("notice", "is spoken by the agent, and with `mode: transcribe` there is none")
            }
        } else if tenant.inbound == nil, tenant.outbound == nil {
            fields.report("inbound", "is missing; `inbound` or `outbound` with `instructions` was expected")
        }
        recording.finish()
        tenant.transcription = TranscriptionSettings(reading: fields.fields("transcription"), of: tenant)
        tenant.journal = fields.choice("journal", default: tenant.journal)
        tenant.retention = RetentionSettings(reading: fields)
        tenant.maximumMinutes = fields.integer("maximumMinutes", in: 1...240, default: tenant.maximumMinutes)
        tenant.turnTaking = TurnTaking(reading: fields)
        tenant.tools = TenantTools(reading: fields, hasToken: fields.has("authToken"))
        tenant.hours = BusinessHours(
            reading: fields.fields("hours"), transfers: tenant.tools.transfer.destinations.map(\.name))
        if tenant.hours != nil, tenant.inbound == nil {
            fields.report("hours", "are those of inbound calls, and there is no `inbound`")
        }
        tenant.prompts = PromptSettings(reading: fields)
        PromptSettings.check(tenant, fields)
        PromptSettings.checkWhenClosed(tenant, fields)
        tenant.events = EventSettings(reading: fields.fields("events"))
        tenant.vad = fields.string("vad", default: tenant.vad)
        tenant.echoAware = fields.boolean("echoAware", default: tenant.echoAware)
        let batches = [20, 40, 60, 100]
        tenant.uplinkBatchMilliseconds = fields.oneOf("uplinkBatchMilliseconds", batches, default: 20)
        tenant.downlinkBatchMilliseconds = fields.oneOf("downlinkBatchMilliseconds", batches, default: 20)
        tenant.leadMilliseconds = fields.integer("leadMilliseconds", in: 20...2_000, default: tenant.leadMilliseconds)
        tenant.maximumTokens = fields.optionalInteger("maximumTokens", in: 1_000...1_000_000_000)
        if fields.has("maximumCost") {
            tenant.maximumCostMicros = micros(fields.number("maximumCost", in: 0.000_001...1_000_000, default: 1))
        }
        tenant.warmSession = fields.boolean("warmSession", default: false)
        if tenant.warmSession, tenant.mode == .transcribe {
            fields.report("warmSession", "is a model's, and with `mode: transcribe` there is none")
        }
        tenant.dialling = DiallingSettings(reading: fields.fields("dialling"))
        tenant.maximumCalls = fields.optionalInteger("maximumCalls", in: 1...10_000)
        fields.finish()
        return tenant
    }

    private static func readNumbers(_ fields: FieldReader) -> [String] {
        let numbers = fields.strings("numbers")
        if numbers.isEmpty, !fields.has("numbers") { fields.report("numbers", "is missing; a list was expected") }
        for (number, mark) in numbers where !isE164(number) {
            fields.document.report(
                mark, fields.field("numbers"), "`\(number)` does not fit; E.164 was expected, as in +15005550001")
        }
        return numbers.map(\.text)
    }

    private static func readScript(_ fields: FieldReader) -> PromptSource.Script? {
        defer { fields.finish() }
        guard fields.isPresent else { return nil }
        let instructions = fields.optionalString("instructions", literally: true)
        if instructions == nil, !fields.has("instructions") { fields.report("instructions", "is missing") }
        return .init(
            instructions: instructions ?? "", greeting: fields.optionalString("greeting", literally: true) ?? "",
            channels: PromptSettings.readChannels(fields.fields("channels")))
    }

    private static func readFallback(_ fields: FieldReader, parent: FieldReader) -> Tenant.Fallback {
        defer { fields.finish() }
        let wav = fields.filePath("wav", mustExist: true)
        let text = fields.optionalString("text", literally: true)
        if !fields.isPresent {
            parent.report("fallback", "is missing; `wav: FILE` or `text: WORDS` was expected, so no failure is silent")
        } else if fields.has("wav") == fields.has("text") {
            parent.report("fallback", "either `wav: FILE` or `text: WORDS` was expected")
        }
        return wav.map { .wav($0) } ?? .text(text ?? "")
    }

    /// ITU-T E.164: a plus sign and up to 15 digits, the first of them not 0.
    static func isE164(_ text: String) -> Bool {
        guard text.first == "+", (8...16).contains(text.utf8.count) else { return false }
        let digits = text.utf8.dropFirst()
        return digits.first != UInt8(ascii: "0") && digits.allSatisfy { (0x30...0x39).contains($0) }
    }

    private static func isAccountSid(_ text: String) -> Bool {
        text.hasPrefix("AC") && text.utf8.count == 34
            && text.utf8.dropFirst(2).allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }
}

extension PromptSource.Script {
    /// For the record of a call that is only listened to.
    fileprivate static var listening: Self {
        .init(instructions: "Nobody speaks with the caller: this call is only listened to.")
    }
}
