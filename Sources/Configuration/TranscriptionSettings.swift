import Foundation

/// Which engine hears recordings once more after their calls, for all tenants.
public struct TranscriptionConfiguration: Sendable, Equatable {
    public enum Engine: String, Sendable, CaseIterable {
        case none
        /// Any server that answers Whisper's requests, by its URL.
        case whisper
        /// pocketsphinx inside this service: English, no key, and far from a person's ear.
        case local
        /// A recogniser of `media-bridge stages`, or one that `stages: recognizers:` plugs in.
        case recognizer
    }

    /// Its name, for `recognizer`.
    public var recognizer = ""
    public var engine = Engine.none
    /// The whole address, path included.
    public var url = ""
    public var model = "whisper-1"
    public var apiKey: Secret?
    /// For one request, which carries at most five minutes of sound.
    public var timeoutSeconds = 120
    /// Tries of one channel before it is given up, for an operator to look at.
    public var attempts = 6
    /// Channels transcribed at a time.
    public var workers = 1

    public init() {}

    init(reading fields: FieldReader) {
        engine = fields.choice("engine", default: engine)
        url = fields.string("url", default: url)
        if engine == .whisper {
            let parts = URLComponents(string: url)
            if url.isEmpty {
                fields.report("url", "is missing; the address of a server that takes Whisper's requests was expected")
            } else if !["http", "https"].contains(parts?.scheme ?? "") || (parts?.host ?? "").isEmpty {
                fields.report("url", "`\(url)` does not fit; an http:// or https:// address was expected")
            }
        }
        recognizer = fields.string("recognizer", default: recognizer)
        if engine == .recognizer, recognizer.isEmpty {
            fields.report("recognizer", "is missing; a name of `media-bridge stages` was expected")
        } else if engine != .recognizer, !recognizer.isEmpty {
            fields.report("recognizer", "is only heard with `engine: recognizer`")
        }
        model = fields.string("model", default: model)
        if model.isEmpty || model.unicodeScalars.contains(where: { $0.value < 32 }) {
            fields.report("model", "does not fit; the name of a model was expected")
        }
        apiKey = fields.secret("apiKey")
        timeoutSeconds = fields.integer("timeoutSeconds", in: 1...600, default: timeoutSeconds)
        attempts = fields.integer("attempts", in: 1...20, default: attempts)
        workers = fields.integer("workers", in: 1...8, default: workers)
        fields.finish()
    }

    func write(into fields: YAMLFields) {
        fields.plain("engine", engine.rawValue)
        fields.text("recognizer", recognizer.isEmpty ? nil : recognizer)
        fields.text("url", url.isEmpty ? nil : url)
        fields.text("model", model)
        fields.secret("apiKey", apiKey)
        fields.number("timeoutSeconds", timeoutSeconds)
        fields.number("attempts", attempts)
        fields.number("workers", workers)
    }
}

/// Whether a tenant's recordings are transcribed, and what a good text is.
public struct TranscriptionSettings: Sendable, Equatable {
    public enum When: String, Sendable, CaseIterable {
        case never
        /// When the text that came during the call is not good.
        case needed
        case always
    }

    public var when = When.never
    public var thresholds = Thresholds()
    /// The local engine listens for these alone; empty: for any English.
    public var phrases: [String] = []

    /// What makes a text good; docs/TRANSCRIPTION_POLICY.md.
    public struct Thresholds: Sendable, Equatable {
        /// Share of the time somebody spoke that has text.
        public var coverage = 0.6
        /// The engine's own, 0 ... 1; one that says nothing is believed.
        public var confidence = 0.4
        /// Letters and digits for each second of speech.
        public var charactersPerSecond = 2.0
        public init() {}
    }

    public init() {}

    /// - Parameter tenant: as far as it has been read: its recording is what is transcribed.
    init(reading fields: FieldReader, of tenant: Tenant) {
        when = fields.choice("when", default: when)
        if when != .never, tenant.recordingEnabled, tenant.recordingFormat == .opus {
            fields.report("when", "needs a WAV file, and `recording.format` is opus; wav or both was expected")
        }
        thresholds.coverage = fields.number("minimumCoverage", in: 0...1, default: thresholds.coverage)
        thresholds.confidence = fields.number("minimumConfidence", in: 0...1, default: thresholds.confidence)
        thresholds.charactersPerSecond = fields.number(
            "minimumCharactersPerSecond", in: 0...20, default: thresholds.charactersPerSecond)
        phrases = fields.strings("phrases").map(\.text)
        fields.finish()
    }

    func write(into fields: YAMLFields) {
        fields.plain("when", when.rawValue)
        fields.plain("minimumCoverage", "\(thresholds.coverage)")
        fields.plain("minimumConfidence", "\(thresholds.confidence)")
        fields.plain("minimumCharactersPerSecond", "\(thresholds.charactersPerSecond)")
        if !phrases.isEmpty { fields.texts("phrases", phrases) }
    }
}

extension ServiceConfiguration {
    /// What tenants want of the offline pass must be there.
    static func checkTranscription(_ configuration: ServiceConfiguration, _ root: FieldReader) {
        let fields = root.fields("transcription")
        for tenant in configuration.tenants where tenant.transcription.when != .never {
            switch configuration.transcription.engine {
            case .none:
                fields.report(
                    "engine",
                    "is none, and tenant `\(tenant.id)` wants its recordings transcribed; whisper, local or recognizer was expected"
                )
            case .local where tenant.language != "en":
                fields.report(
                    "engine",
                    "`local` knows English alone, and the language of tenant `\(tenant.id)` is `\(tenant.language)`")
            case .local, .whisper, .recognizer: break
            }
        }
    }
}
