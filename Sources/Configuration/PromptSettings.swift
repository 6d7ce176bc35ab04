import Conversation

/// What a tenant wrote for its prompts beside each direction's script.
public struct PromptSettings: Sendable, Equatable {
    /// Words that speech-to-text should expect, live and afterwards.
    public var vocabulary: [String] = []
    /// Rules for calls in one language, by its ISO 639-1 code.
    public var languageRules: [String: String] = [:]

    public init() {}

    init(reading fields: FieldReader) {
        vocabulary = fields.strings("vocabulary").map(\.text)
        let rules = fields.fields("languageRules")
        for code in rules.ownNames() {
            if !LanguageCodes.all.contains(code) {
                rules.report(code, "does not fit; an ISO 639-1 code such as en or he was expected")
            }
            languageRules[code] = rules.optionalString(code, literally: true)
        }
    }

    /// One direction's `channels`.
    static func readChannels(_ fields: FieldReader) -> [PromptChannel: PromptSource.ChannelScript] {
        var scripts: [PromptChannel: PromptSource.ChannelScript] = [:]
        for name in fields.ownNames() {
            if !PromptChannel.isName(name) {
                fields.report(name, "does not fit; small letters, digits and `-` were expected, as in whatsapp")
            }
            let channel = fields.fields(name)
            scripts[PromptChannel(rawValue: name)] = .init(
                instructions: channel.optionalString("instructions", literally: true) ?? "",
                greeting: channel.optionalString("greeting", literally: true))
            channel.finish()
        }
        return scripts
    }

    /// Builds every prompt there can be of a tenant, and reports what is too long where it is written.
    static func check(_ tenant: Tenant, _ fields: FieldReader) {
        for problem in PromptBuilder().problems(in: tenant.promptSource) {
            let script = fields.fields(problem.direction.rawValue)
            let own = script.fields("channels").fields(problem.channel.rawValue)
            let message = "\(problem.error)"
            switch problem.error.part {
            case .direction, .universal, .day, .caller, .session: script.report("instructions", message)
            case .channel: own.report("instructions", message)
            case .greeting: (problem.isChannelsOwn ? own : script).report("greeting", message)
            case .language: fields.fields("languageRules").report(problem.language, message)
            case .vocabulary: fields.report("vocabulary", message)
            case .tools: fields.report("tools", message)
            // Nothing is left when it is cleaned.
            case nil: script.report("instructions", message)
            }
        }
    }

    /// The same for calls outside business hours, as far as it is not wrong anyway.
    static func checkWhenClosed(_ tenant: Tenant, _ fields: FieldReader) {
        guard let source = tenant.promptSourceWhenClosed, PromptBuilder().problems(in: tenant.promptSource).isEmpty,
            let problem = PromptBuilder().problems(in: source).first(where: { $0.direction == .inbound })
        else { return }
        let outside = fields.fields("hours").fields("outside")
        outside.report(problem.error.part == .greeting ? "greeting" : "instructions", "\(problem.error)")
    }

    func write(into fields: YAMLFields) {
        fields.texts("vocabulary", vocabulary)
        fields.fields("languageRules") {
            for (code, rules) in languageRules.sorted(by: { $0.key < $1.key }) { $0.text(code, rules) }
        }
    }

    static func write(_ script: PromptSource.Script, into fields: YAMLFields) {
        fields.text("instructions", script.instructions)
        fields.text("greeting", script.greeting.isEmpty ? nil : script.greeting)
        fields.fields("channels") {
            for (channel, added) in script.channels.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
                $0.fields(channel.rawValue) {
                    $0.text("instructions", added.instructions.isEmpty ? nil : added.instructions)
                    $0.text("greeting", added.greeting)
                }
            }
        }
    }
}
