public import Configuration
public import Foundation
public import LoadGenerator

/// One run of the bench: what was asked for, what callers saw, and where the time went inside. `bench --json` prints it.
public struct BenchReport: Codable, Sendable, Equatable {
    public var host: HostIdentity
    public var version: String
    public var date: Date
    public var plan: BenchPlan
    /// Cores that the service may use; the generator has others, when there are any.
    public var serviceCores: Int
    /// From outside: callers, model, processor time.
    public var load: LoadReport
    /// From inside, in the order of `FrameBudget`.
    public var stages: [StageTimes]
    public var overruns: OverrunFacts
    public var blame: [OverrunBlame]
    public var timeline: [TimelinePoint]

    public init(
        host: HostIdentity, version: String, date: Date, plan: BenchPlan, serviceCores: Int, load: LoadReport,
        stages: [StageTimes], overruns: OverrunFacts, timeline: [TimelinePoint]
    ) {
        (self.host, self.version, self.date, self.plan) = (host, version, date, plan)
        (self.serviceCores, self.load, self.stages) = (serviceCores, load, stages)
        (self.overruns, self.timeline) = (overruns, timeline)
        blame = overruns.blame(stages, coreShare: load.process.map { $0.cores / Double(serviceCores) })
    }

    /// Processor time of the service by what it may use; nil: not measured.
    public var coreShare: Double? { load.process.map { $0.cores / Double(serviceCores) } }

    /// Resident memory that calls added, by call; nil: not measured, or no call.
    public var bytesPerCall: Double? {
        guard let process = load.process, load.up > 0 else { return nil }
        return Double(process.residentBytes - process.residentBytesBefore) / Double(load.up)
    }

    public static func decode(_ data: Data) throws -> BenchReport {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        return try decoder.decode(BenchReport.self, from: data)
    }

    public func encoded() throws -> Data { try Self.encode(self) }

    static func encode(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        return try encoder.encode(value)
    }
}
