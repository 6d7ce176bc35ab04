public import AudioPipeline

/// A kind of voice activity detector that can be had by its name.
public struct DetectorEntry: NamedStage {
    /// Makes one detector for one call. Any thread; quick, since a call waits for it: files were read before.
    public typealias Factory = @Sendable () -> AnyDetector

    public let name: String
    /// One line for `media-bridge stages`.
    public let about: String
    /// As its detectors declare it.
    public let cost: StageCost
    /// Options it takes, each with what it means.
    public let options: [StageOption]
    private let preparation: @Sendable (inout StageOptions) throws(StageFault) -> Factory

    /// An engine with options: reads its files once, at start.
    /// - Parameter prepare: takes the options it knows; others are refused for it.
    public init(
        name: String, about: String, cost: StageCost, options: [StageOption] = [],
        prepare: @escaping @Sendable (inout StageOptions) throws(StageFault) -> Factory
    ) {
        (self.name, self.about, self.cost, self.options, preparation) = (name, about, cost, options, prepare)
    }

    /// An engine without options.
    /// - Parameter make: one detector for one call; called once here, to see what it declares.
    public init<Detector: VoiceActivityDetector & ~Copyable>(
        name: String, about: String, make: @escaping @Sendable () -> Detector
    ) {
        let cost = AnyDetector.boxing(make()).cost
        self.init(name: name, about: about, cost: cost) { _ throws(StageFault) in { AnyDetector.boxing(make()) } }
    }

    /// Start of the service, or of a command: reads what the engine needs.
    /// - Throws: an option that is missing, wrong or unknown; a file that cannot be read.
    public func prepare(_ options: StageOptions = .init()) throws(StageFault) -> Factory {
        var options = options
        let factory = try preparation(&options)
        try options.finish()
        return factory
    }
}
