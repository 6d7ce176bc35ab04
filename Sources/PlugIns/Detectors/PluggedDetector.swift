public import AudioPipeline
public import Configuration
public import VAD

/// A detector that a configuration or a catalogue names, ready to take calls: a seat for each. It keeps what its door
/// needs, a thread or a program, until `stop`.
public final class PluggedDetector: Sendable {
    public let name: String
    public let counters = PlugInCounters()

    private enum Way {
        case inline(DetectorEntry.Factory)
        case thread(DetectorThread)
        case remote(RemoteDetector)
    }
    private let way: Way

    /// Starts what the door needs; a program's start is not waited for.
    /// - Parameters:
    ///   - host: this program, to hold a library in a process of its own: `media-bridge stage-host`.
    ///   - log: what goes wrong later; any thread but a shard's.
    /// - Throws: an unknown engine, an option that does not fit, a library that is none.
    public init(
        _ settings: PlugInSettings, host: [String] = StageHost.command, log: @escaping PlugInLog
    ) throws(StageFault) {
        name = settings.name
        var limits = RemoteLimits()
        limits.timeoutMilliseconds = settings.timeoutMilliseconds
        limits.startSeconds = settings.startSeconds
        limits.memoryMegabytes = settings.memoryMegabytes
        switch settings.door {
        case .engine(let engine):
            guard let entry = Stages.detectors[engine] else { throw Self.unknown(engine) }
            let make = try entry.prepare(StageOptions(settings.options))
            way =
                entry.cost == .inline
                ? .inline(make)
                : .thread(
                    DetectorThread(make, counters: counters, timeoutMilliseconds: settings.timeoutMilliseconds))
        case .library(let path, isInline: true):
            let library = try SharedObject(inline: path, record: settings.record, options: settings.options)
            let make = try library.factory(settings.options)
            way = .inline(make)
        case .library(let path, isInline: false):
            way = .remote(
                RemoteDetector(
                    ChildLink(host + [path] + settings.hostArguments), limits: limits, counters: counters, log: log))
        case .program(let command):
            guard settings.options.isEmpty else {
                throw StageFault("options: a program takes its options as arguments, in `program`")
            }
            way = .remote(RemoteDetector(ChildLink(command), limits: limits, counters: counters, log: log))
        case .server(let url):
            guard settings.options.isEmpty else { throw StageFault("options: a server has its own") }
            way = .remote(RemoteDetector(try SocketLink(url), limits: limits, counters: counters, log: log))
        }
        switch way {
        case .inline: break
        case .thread(let thread): thread.start()
        case .remote(let remote): remote.start()
        }
    }

    /// Shard thread, at a call's set-up.
    public func seat() -> DetectorSeat {
        switch way {
        case .inline(let make): InlineSeat(make())
        case .thread(let thread): thread.seat()
        case .remote(let remote): remote.seat()
        }
    }

    /// It judges now; a program that has not introduced itself does not.
    public var isReady: Bool { if case .remote(let remote) = way { remote.isReady } else { true } }

    /// No call has a seat any more.
    public func stop() {
        switch way {
        case .inline: break
        case .thread(let thread): thread.stop()
        case .remote(let remote): remote.stop()
        }
    }

    static func unknown(_ engine: String) -> StageFault {
        let names = Stages.detectors.entries.map(\.name).joined(separator: ", ")
        return StageFault("`\(engine)` is no detector; one of \(names) was expected")
    }
}
