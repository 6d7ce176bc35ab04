public import AudioPipeline
public import Configuration
import Synchronization
import VAD

/// The detectors that a service's tenants ask for, each made when the first one does.
public final class PluggedDetectors: Sendable {
    private let settings: [PlugInSettings]
    private let host: [String]
    private let log: @Sendable (_ name: String, _ event: PlugInCounters.Event, _ detail: String) -> Void
    private let made = Mutex<[PluggedDetector]>([])

    public init(
        _ settings: [PlugInSettings], host: [String] = StageHost.command,
        log: @escaping @Sendable (_ name: String, _ event: PlugInCounters.Event, _ detail: String) -> Void
    ) {
        (self.settings, self.host, self.log) = (settings, host, log)
    }

    /// - Returns: nil for `energy`, which every call has already.
    /// - Throws: a name that is not known, or what its door said.
    public func detector(named name: String) throws(StageFault) -> PluggedDetector? {
        if let known = made.withLock({ made in made.first { $0.name == name } }) { return known }
        let settings: PlugInSettings
        if let configured = self.settings.first(where: { $0.name == name }) {
            settings = configured
        } else {
            guard name != "energy" else { return nil }
            guard Stages.detectors[name] != nil else {
                let names = self.settings.map(\.name) + Stages.detectors.entries.map(\.name)
                throw StageFault("`\(name)` is no detector; one of \(names.joined(separator: ", ")) was expected")
            }
            settings = PlugInSettings(name: name, door: .engine(name))
        }
        let log = log
        let detector = try PluggedDetector(settings, host: host) { log(name, $0, $1) }
        made.withLock { $0.append(detector) }
        return detector
    }

    public var all: [PluggedDetector] { made.withLock { $0 } }

    public func stop() { for detector in all { detector.stop() } }
}
