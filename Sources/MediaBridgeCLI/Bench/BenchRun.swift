import AudioPipeline
import Configuration
import Foundation
import Glibc
import HostBench
import LoadGenerator
import MediaBridge
import Synchronization

/// One run: the service in this process, the generator in another, and what both saw.
struct BenchRun {
    let plan: BenchPlan
    /// A line for a person, about once a second.
    let progress: @Sendable (String) -> Void

    func run() async throws -> BenchReport {
        let service = try BenchService(plan)
        defer { service.stop() }
        let watch = BenchWatch(service, seconds: plan.seconds)
        let generator = Generator()
        let end = try await ChildProcess.run(
            arguments: service.loadArguments(bridge: getpid()),
            started: { child in
                generator.identifier.store(child.identifier, ordering: .releasing)
                service.placement.placeGenerator(process: child.identifier)
            },
            line: { [progress] line in
                if line.hasPrefix("measuring") {
                    watch.begin()
                    // Threads it has made since it began.
                    let identifier = generator.identifier.load(ordering: .acquiring)
                    if identifier > 0 { service.placement.placeGenerator(process: identifier) }
                }
                progress(line)
            })
        let record = watch.end()
        guard let load = try? JSONDecoder().decode(LoadReport.self, from: end.output) else {
            throw BenchFailure("the generator gave no figures (status \(end.status)): \(end.lastLine)")
        }
        guard let record else { throw BenchFailure("the generator ended before its \(plan.seconds) s were measured") }
        return report(load, record, service.placement)
    }

    private func report(_ load: LoadReport, _ record: BenchWatch.Record, _ placement: ProcessorPlacement) -> BenchReport
    {
        let callFrames = Double(load.up) * record.seconds * 50
        func times(_ part: FrameBudget.Part) -> HistogramSnapshot {
            (record.last.budget[part] ?? .init()).since(record.first.budget[part] ?? .init())
        }
        func counted(_ event: String) -> UInt64 {
            let name = "media_bridge_events_total"
            let (before, after) = (record.first.counters, record.last.counters)
            return after.sum(name, "event", event) &- before.sum(name, "event", event)
        }
        let stages = FrameBudget.Part.allCases.map { part in
            StageTimes(part: "\(part)", label: BudgetTable.name(part), times(part), callFrames: callFrames)
        }
        let host = HostIdentity.current()
        let waits = (before: record.first.waits, after: record.last.waits)
        let facts = OverrunFacts(
            visits: times(.lateness).count, late: counted("ticks_late"), missed: counted("ticks_missed"),
            holesModelLate: counted("holes_model_late"), holesOurs: counted("holes_ours"),
            holesCarrier: counted("holes_carrier"), waitedForProcessor: waits.after.shards - waits.before.shards,
            stolen: (waits.after.stolen - waits.before.stolen) / Double(host.cores), seconds: record.seconds)
        return BenchReport(
            host: host, version: ServiceVersion.current, date: Date(), plan: plan,
            serviceCores: placement.service.count, load: load, stages: stages, overruns: facts,
            timeline: record.timeline)
    }
}

/// The generator's process; 0 until it runs.
private final class Generator: Sendable {
    let identifier = Atomic<Int32>(0)
}
