import Conversation

/// Where a tenant's recordings come from, and what the caller is told of them. Whether there are any is
/// `Tenant.recordingEnabled`.
public struct RecordingSettings: Sendable, Equatable {
    public enum Source: String, Sendable, CaseIterable {
        /// Both voices as they pass through this service.
        case own
        /// The carrier records, and its file is fetched when the call is over.
        case carrier
    }

    public var source = Source.own
    /// Said with the greeting, before its words; nil: nothing is said.
    public var notice: String?

    public init() {}

    init(reading fields: FieldReader) {
        source = fields.choice("source", default: source)
        notice = fields.optionalString("notice", literally: true)
    }

    func write(into fields: YAMLFields) {
        fields.plain("source", source.rawValue)
        fields.text("notice", notice)
    }

    /// The same words, the notice first: one greeting, said once, by the one who greets. Calls only: nobody records a text.
    func adding(to script: PromptSource.Script?) -> PromptSource.Script? {
        guard var script, let notice, !notice.isEmpty else { return script }
        func noticed(_ greeting: String) -> String { greeting.isEmpty ? notice : "\(notice) \(greeting)" }
        script.greeting = noticed(script.greeting)
        if let own = script.channels[.calls]?.greeting { script.channels[.calls]?.greeting = noticed(own) }
        return script
    }
}

extension Tenant {
    /// The recorder listens to this tenant's calls.
    public var recordsItself: Bool { recordingEnabled && recording.source == .own }
    /// The carrier records them.
    public var carrierRecords: Bool { recordingEnabled && recording.source == .carrier }
    /// A direction's words as callers hear them, told that they are recorded when they are.
    func noticed(_ script: PromptSource.Script?) -> PromptSource.Script? {
        recordingEnabled ? recording.adding(to: script) : script
    }
}
