/// How long a tenant keeps what; nil is for ever, which is the default.
public struct RetentionSettings: Sendable, Equatable {
    /// Recordings, ours and the carrier's.
    public var audioDays: Int?
    /// What was said, in every form: turns, offline transcripts, journals, delivered events.
    public var transcriptDays: Int?
    /// Numbers of the parties, the caller's own data, webhooks' fields.
    public var numberDays: Int?
    /// All of the tenant's files together; the oldest go first.
    public var maximumMegabytes: Int?

    public init() {}

    init(reading tenant: FieldReader) {
        let fields = tenant.fields("retention")
        audioDays = fields.optionalInteger("audioDays", in: 0...36_500)
        transcriptDays = fields.optionalInteger("transcriptDays", in: 0...36_500)
        numberDays = fields.optionalInteger("numberDays", in: 0...36_500)
        maximumMegabytes = fields.optionalInteger("maximumMegabytes", in: 1...100_000_000)
        fields.finish()
    }
}
