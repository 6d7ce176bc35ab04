public import AudioPipeline

/// A kind of speech recogniser that can be had by its name.
public struct RecognizerEntry: NamedStage {
    /// Makes one recogniser for one call. A worker's thread; may take its time.
    public typealias Factory = @Sendable () throws(RecognitionError) -> any StreamingRecognizer

    public let name: String
    /// One line for `media-bridge stages`.
    public let about: String
    /// Options it takes, each with what it means.
    public let options: [StageOption]
    private let preparation: @Sendable (inout StageOptions) throws(StageFault) -> Factory

    /// - Parameter prepare: start of the service; takes the options it knows, others are refused for it.
    public init(
        name: String, about: String, options: [StageOption] = [],
        prepare: @escaping @Sendable (inout StageOptions) throws(StageFault) -> Factory
    ) {
        (self.name, self.about, self.options, preparation) = (name, about, options, prepare)
    }

    /// An engine of streams without options.
    public init(
        name: String, about: String,
        make: @escaping @Sendable () throws(RecognitionError) -> any StreamingRecognizer
    ) {
        self.init(name: name, about: about) { _ throws(StageFault) in make }
    }

    /// An engine of whole utterances without options.
    public init(
        utterances name: String, about: String,
        make: @escaping @Sendable () throws(RecognitionError) -> any SpeechRecognizer
    ) {
        self.init(name: name, about: about) { () throws(RecognitionError) in UtteranceStream(try make()) }
    }

    /// Start of the service, or of a command.
    /// - Throws: an option that is missing, wrong or unknown; a file that cannot be read.
    public func prepare(_ options: StageOptions = .init()) throws(StageFault) -> Factory {
        var options = options
        let factory = try preparation(&options)
        try options.finish()
        return factory
    }
}
