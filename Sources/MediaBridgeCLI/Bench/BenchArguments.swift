public import ArgumentParser
import AudioPipeline
public import Configuration
import HostBench
import PlugIns
import VAD

// By their names, with all of them listed when another one is given.
extension CapacityProfile: ExpressibleByArgument {}

extension BenchDetector {
    /// Those that need no option: a bench has none to give.
    static var names: [String] {
        let named = Stages.detectors.entries.filter { (try? $0.prepare()) != nil }.map(\.name)
        return [BenchDetector.energyEcho.rawValue] + named
    }

    /// - Throws: a name that is not known.
    static func named(_ name: String) throws -> BenchDetector {
        guard names.contains(name) else {
            throw ValidationError("one of \(names.joined(separator: ", ")) was expected")
        }
        return BenchDetector(rawValue: name)
    }
}
