/// By name, so that a journal outlives new settings: what it does not name has its default, what is not known here is
/// damage, for the call was held by it.
extension ConversationPolicy: JournalCoded {
    /// Every stored property; a test compares the names with the type's own.
    static var journalFields: [JournalField] {
        [
            field("turns", \.turns),
            field("inputFormat", \.inputFormat),
            field("outputFormat", \.outputFormat),
            field("modelSilenceMilliseconds", \.modelSilenceMilliseconds),
            field("configureMilliseconds", \.configureMilliseconds),
            field("modelGiveUpMilliseconds", \.modelGiveUpMilliseconds),
            field("reconnectMilliseconds", \.reconnectMilliseconds),
            field("mode", \.mode),
            field("reconnectAttempts", \.reconnectAttempts),
            field("maximumModelLosses", \.maximumModelLosses),
            field("modelRoutes", \.modelRoutes),
            field("routeMilliseconds", \.routeMilliseconds),
            field("renewalMilliseconds", \.renewalMilliseconds),
            field("renewalMarginMilliseconds", \.renewalMarginMilliseconds),
            field("standbySwitchMilliseconds", \.standbySwitchMilliseconds),
            field("standbyMilliseconds", \.standbyMilliseconds),
            field("standbyRetryMilliseconds", \.standbyRetryMilliseconds),
            field("maximumTokens", \.maximumTokens),
            field("maximumCostMicros", \.maximumCostMicros),
            field("prices", \.prices),
            field("fallbackText", \.fallbackText),
            field("carrierSampleRateHz", \.carrierSampleRateHz),
            field("carrierEchoesMarks", \.carrierEchoesMarks),
            field("markGraceMilliseconds", \.markGraceMilliseconds),
            field("playoutStallMilliseconds", \.playoutStallMilliseconds),
            field("greets", \.greets),
            field("wasGreeted", \.wasGreeted),
            field("greetingProtectionMilliseconds", \.greetingProtectionMilliseconds),
            field("allowInterruptions", \.allowInterruptions),
            field("protectedMessages", \.protectedMessages),
            field("confirmInterruptionMilliseconds", \.confirmInterruptionMilliseconds),
            field("agreementMilliseconds", \.agreementMilliseconds),
            field("modelSpeechAloneMilliseconds", \.modelSpeechAloneMilliseconds),
            field("withdrawsUnheardAnswer", \.withdrawsUnheardAnswer),
            field("withdrawnAnswerMilliseconds", \.withdrawnAnswerMilliseconds),
            field("backchannels", \.backchannels),
            field("minimumWords", \.minimumWords),
            field("briefSpeechMilliseconds", \.briefSpeechMilliseconds),
            field("voiceHangoverMilliseconds", \.voiceHangoverMilliseconds),
            field("wordsWaitMilliseconds", \.wordsWaitMilliseconds),
            field("lateWords", \.lateWords),
            field("wordsGiveUpMilliseconds", \.wordsGiveUpMilliseconds),
            field("keepsBackchannels", \.keepsBackchannels),
            field("digitsInterrupt", \.digitsInterrupt),
            field("digitGapMilliseconds", \.digitGapMilliseconds),
            field("modelAnswerMilliseconds", \.modelAnswerMilliseconds),
            field("responseStartMilliseconds", \.responseStartMilliseconds),
            field("toolTimeoutMilliseconds", \.toolTimeoutMilliseconds),
            field("toolFillerMilliseconds", \.toolFillerMilliseconds),
            field("maximumToolRounds", \.maximumToolRounds),
            field("maximumSelfAnswers", \.maximumSelfAnswers),
            field("errandMilliseconds", \.errandMilliseconds),
            field("errandReturnMilliseconds", \.errandReturnMilliseconds),
            field("transferWhenModelUnavailable", \.transferWhenModelUnavailable),
            field("silenceMilliseconds", \.silenceMilliseconds),
            field("silencePrompts", \.silencePrompts),
            field("silencePromptText", \.silencePromptText),
            field("silenceGoodbyeText", \.silenceGoodbyeText),
            field("answeringMachine", \.answeringMachine),
            field("answeringMachineMessage", \.answeringMachineMessage),
            field("machineWaitMilliseconds", \.machineWaitMilliseconds),
            field("machineSilenceMilliseconds", \.machineSilenceMilliseconds),
            field("maximumDurationMilliseconds", \.maximumDurationMilliseconds),
            field("goodbyeLimitMilliseconds", \.goodbyeLimitMilliseconds),
            field("goodbyeIsInterruptible", \.goodbyeIsInterruptible),
            field("transcriptGraceMilliseconds", \.transcriptGraceMilliseconds),
        ]
    }

    /// What a duration, count or rate may be at most: 115 days in milliseconds.
    static let largest: Int64 = 10_000_000_000

    package func encode(into encoder: inout JournalEncoder) {
        let fields = Self.journalFields
        encoder.put(fields.count)
        for field in fields {
            encoder.put(field.name)
            field.encode(self, &encoder)
        }
    }

    package init(from decoder: inout JournalDecoder) throws(JournalDamage) {
        self.init()
        let fields = Self.journalFields
        for _ in 0..<(try decoder.signed(in: 0...1_000, "settings of a policy")) {
            let name = try decoder.text()
            guard let field = fields.first(where: { $0.name == name }) else {
                throw decoder.damage("the policy's setting `\(name)` is unknown here: written by another version")
            }
            try field.decode(&self, &decoder)
        }
        guard (1...384_000).contains(carrierSampleRateHz) else {
            throw decoder.damage("carrierSampleRateHz: \(carrierSampleRateHz)")
        }
    }

    /// One setting, to and from bytes.
    struct JournalField {
        let name: String
        let encode: (ConversationPolicy, inout JournalEncoder) -> Void
        let decode: (inout ConversationPolicy, inout JournalDecoder) throws(JournalDamage) -> Void
    }

    private static func field<Value: JournalCoded>(
        _ name: String, _ path: WritableKeyPath<ConversationPolicy, Value>
    ) -> JournalField {
        JournalField(
            name: name, encode: { policy, encoder in encoder.put(policy[keyPath: path]) },
            decode: { (policy, decoder) throws(JournalDamage) in
                let value: Value = try decoder.value()
                if let number = (value as? Int64) ?? (value as? Int).map(Int64.init), number.magnitude > UInt64(largest)
                {
                    throw decoder.damage("\(name): \(number)")
                }
                policy[keyPath: path] = value
            })
    }
}
