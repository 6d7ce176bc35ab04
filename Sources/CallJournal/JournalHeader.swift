public import Conversation

/// What a call's conversation was made of, and whose call it was: enough to make the same conversation again.
public struct JournalHeader: Sendable, Equatable {
    /// Raised when the bytes of older journals would be read as something else (docs/decisions/0006).
    public static let formatVersion: Int64 = 2

    /// The carrier's id of the call.
    public var call: String
    public var tenant: String
    public var startedAtUnixMilliseconds: Int64
    /// The caller's frames are in it, as the local ears heard them.
    public var keepsAudio: Bool
    public var policy: ConversationPolicy
    public var prompt: SessionPrompt

    public init(
        call: String, tenant: String, startedAtUnixMilliseconds: Int64, keepsAudio: Bool, policy: ConversationPolicy,
        prompt: SessionPrompt
    ) {
        (self.call, self.tenant, self.startedAtUnixMilliseconds) = (call, tenant, startedAtUnixMilliseconds)
        (self.keepsAudio, self.policy, self.prompt) = (keepsAudio, policy, prompt)
    }
}

extension JournalHeader: JournalCoded {
    package func encode(into encoder: inout JournalEncoder) {
        encoder.put(Self.formatVersion)
        encoder.put(call)
        encoder.put(tenant)
        encoder.put(startedAtUnixMilliseconds)
        encoder.put(keepsAudio)
        encoder.put(policy)
        encoder.put(prompt)
    }

    package init(from decoder: inout JournalDecoder) throws(JournalDamage) {
        let version: Int64 = try decoder.value()
        guard version == Self.formatVersion else {
            throw decoder.damage(
                "a journal of format \(version); this program reads format \(Self.formatVersion), replay it with the one that wrote it"
            )
        }
        self.init(
            call: try decoder.value(), tenant: try decoder.value(), startedAtUnixMilliseconds: try decoder.value(),
            keepsAudio: try decoder.value(), policy: try decoder.value(), prompt: try decoder.value())
    }
}
