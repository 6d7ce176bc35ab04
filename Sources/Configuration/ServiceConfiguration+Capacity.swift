public import Foundation

extension LimitConfiguration {
    /// The measured limit and its file, taken as the limit where the configuration names none, and never exceeded.
    mutating func take(_ measured: CapacityFile, from path: String, chosen: Int?) {
        capacity = measured
        capacityFile = path
        maximumCalls = min(chosen ?? measured.calls, measured.calls)
    }

    /// `limits.maximumCalls` and the capacity file, which bounds it.
    mutating func read(_ fields: FieldReader) {
        let chosen = fields.optionalInteger("maximumCalls", in: CapacityFile.callRange)
        maximumCalls = chosen ?? maximumCalls
        let written = fields.optionalString("capacityFile")
        guard written != "none" else { return }
        let path = fields.document.absolute(written ?? CapacityFile.fileName)
        // One that lies beside the configuration is taken; one that is named has to be there.
        guard written != nil || FileManager.default.fileExists(atPath: path) else { return }
        do { take(try CapacityFile(contentsOf: path), from: path, chosen: chosen) } catch {
            fields.report("capacityFile", "\(error)")
        }
    }
}

extension ServiceConfiguration {
    /// The embedded defaults with the measured limit of `directory`, when there is one.
    /// - Throws: `CapacityFileError`.
    public static func embeddedDefaults(measuredIn directory: String) throws -> ServiceConfiguration {
        var configuration = embeddedDefaults()
        let path = URL(fileURLWithPath: directory).appendingPathComponent(CapacityFile.fileName).path
        if FileManager.default.fileExists(atPath: path) {
            configuration.limits.take(try CapacityFile(contentsOf: path), from: path, chosen: nil)
        }
        return configuration
    }

    /// Why the measured limit may not hold here and now; empty when it does, or when there is none.
    public func capacityDoubts(host: HostIdentity, at now: Date) -> [String] {
        limits.capacity?.doubts(
            host: host, version: ServiceVersion.current, profile: capacityProfile,
            tls: publicListener.tls != nil, at: now) ?? []
    }
}
