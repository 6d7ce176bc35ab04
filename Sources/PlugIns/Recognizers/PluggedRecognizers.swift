public import AudioPipeline
public import Configuration
public import SpeechToText
import Synchronization

/// The recognisers that a configuration may name.
public final class PluggedRecognizers: Sendable {
    private let settings: [PlugInSettings]
    private let log: @Sendable (_ name: String, _ event: PlugInCounters.Event, _ detail: String) -> Void
    private let made = Mutex<[PluggedRecognizer]>([])

    /// - Parameter log: what goes wrong in calls; any thread but a shard's.
    public init(
        _ settings: [PlugInSettings],
        log: @escaping @Sendable (_ name: String, _ event: PlugInCounters.Event, _ detail: String) -> Void = {
            _, _, _ in
        }
    ) {
        (self.settings, self.log) = (settings, log)
    }

    /// One that listens to calls while they are up; the same for all tenants that name it.
    /// - Throws: as `utterances` does.
    public func recognizer(named name: String) throws(StageFault) -> PluggedRecognizer {
        if let known = made.withLock({ made in made.first { $0.name == name } }) { return known }
        let (make, log) = (try streams(name), log)
        let recognizer = PluggedRecognizer(name, make: make) { log(name, $0, $1) }
        made.withLock { $0.append(recognizer) }
        return recognizer
    }

    /// Those that listen to calls.
    public var all: [PluggedRecognizer] { made.withLock { $0 } }

    public func stop() { for recognizer in all { recognizer.stop() } }

    /// Makes engines of whole utterances: each belongs to the worker that asked for it.
    /// - Throws: a name that is not known, an option that does not fit, a door that recognisers have not.
    public func utterances(
        _ name: String
    ) throws(StageFault) -> @Sendable () throws(RecognitionError) -> any SpeechRecognizer {
        guard let found = settings.first(where: { $0.name == name }) else {
            return try engine(name, StageOptions())
        }
        switch found.door {
        case .engine(let engine): return try self.engine(engine, StageOptions(found.optionsWithKey))
        case .program(let command):
            var options = StageOptions(found.options)
            let rate = try options.integer("sampleRateHz", in: 16_000...16_000, default: 16_000)
            try options.finish()
            let seconds = found.startSeconds
            return { () throws(RecognitionError) in
                ProgramRecognizer(ChildLink(command), sampleRateHz: rate, startSeconds: seconds)
            }
        case .server(let url):
            let seconds = found.startSeconds
            return { () throws(RecognitionError) in
                do throws(StageFault) {
                    return ProgramRecognizer(try SocketLink(url), sampleRateHz: 16_000, startSeconds: seconds)
                } catch { throw RecognitionError(.engine, error.description) }
            }
        case .library: throw StageFault("`\(name)`: a library is a detector; engine, program or url was expected")
        }
    }

    /// Makes engines of streams, one for each call.
    /// - Throws: as `utterances` does.
    public func streams(_ name: String) throws(StageFault) -> RecognizerEntry.Factory {
        guard let found = settings.first(where: { $0.name == name }) else { return try stream(name, StageOptions()) }
        switch found.door {
        case .engine(let engine): return try stream(engine, StageOptions(found.optionsWithKey))
        case .program(let command): return remote(ChildLink(command), found)
        case .server(let url): return remote(try SocketLink(url), found)
        case .library: throw StageFault("`\(name)`: a library is a detector; engine, program or url was expected")
        }
    }

    /// One program or server for all calls; it ends with the last that holds the factory or what it made.
    private func remote(_ link: any StageLink, _ found: PlugInSettings) -> RecognizerEntry.Factory {
        var limits = RemoteLimits()
        (limits.startSeconds, limits.memoryMegabytes) = (found.startSeconds, found.memoryMegabytes)
        let remote = RemoteRecognizer(link, limits: limits)
        return { () throws(RecognitionError) in try remote.stream() }
    }

    private func stream(_ name: String, _ options: StageOptions) throws(StageFault) -> RecognizerEntry.Factory {
        guard let entry = Stages.recognizers[name] else {
            let names = settings.map(\.name) + Stages.recognizers.entries.map(\.name)
            throw StageFault("`\(name)` is no recogniser; one of \(names.joined(separator: ", ")) was expected")
        }
        return try entry.prepare(options)
    }

    private func engine(
        _ name: String, _ options: StageOptions
    ) throws(StageFault) -> @Sendable () throws(RecognitionError) -> any SpeechRecognizer {
        let make = try stream(name, options)
        return { () throws(RecognitionError) in StreamedUtterances(try make()) }
    }
}

extension PlugInSettings {
    /// What an engine gets: its key is one more option there, and nowhere that is printed.
    fileprivate var optionsWithKey: [String: String] {
        apiKey.map { options.merging(["apiKey": $0.reveal()]) { $1 } } ?? options
    }
}

/// An engine of streams, given one utterance at a time.
private final class StreamedUtterances: SpeechRecognizer {
    private let stream: any StreamingRecognizer
    init(_ stream: any StreamingRecognizer) { self.stream = stream }
    var sampleRateHz: Int { stream.sampleRateHz }
    var cost: StageCost { .worker }

    func recognize(_ utterance: Span<Int16>) throws(RecognitionError) -> Transcript {
        try stream.reset()
        let milliseconds = utterance.count * 1_000 / sampleRateHz
        // Before its audio: then nothing of it is taken for silence before speech.
        try stream.speechBegan(atMilliseconds: 0)
        try stream.hear(utterance)
        try stream.speechEnded(atMilliseconds: milliseconds)
        try stream.finish()
        var heard = Transcript.unknown
        while let result = try stream.nextResult() {
            if result.isFinal { heard.append(result.transcript) }
        }
        return heard
    }
}
