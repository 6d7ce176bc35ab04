import AudioPipeline
import Configuration
import Foundation
import PlugIns
import VAD

/// A detector by the name that a command was given: one that the configuration plugs in, the file of a library, or an
/// engine of the catalogue.
enum NamedDetector {
    /// - Parameter config: a configuration's path.
    /// - Throws: a name that is not known, a configuration that cannot be read.
    static func settings(_ name: String, config: String?) throws -> PlugInSettings {
        if let config, let configured = try loadConfiguration(config).stages.detectors.first(where: { $0.name == name })
        {
            return configured
        }
        if name.contains("/") {
            let file = URL(fileURLWithPath: name)
            return PlugInSettings(
                name: file.deletingPathExtension().lastPathComponent, door: .library(file.path, isInline: false))
        }
        guard Stages.detectors[name] != nil else {
            let known = Stages.detectors.entries.map(\.name).joined(separator: ", ")
            throw CommandFailure("`\(name)` is no detector; one of \(known), or one of --config, was expected")
        }
        return PlugInSettings(name: name, door: .engine(name))
    }
}
