import CallControl
import Configuration
import Synchronization
import Telemetry
import TurnStore

extension Service {
    /// The store as the configuration has it; what it has to tell an operator goes to the log, once each.
    func storeOptions() -> TurnStoreOptions {
        var options = TurnStoreOptions()
        options.spoolPath = configuration.spoolPath
        let logger = self.logger
        options.notice = { notice in
            switch notice {
            case .spilling(let reason):
                logger.error(
                    "store cannot be written, records go to the spool file", ["error": .failure(saying: reason)])
            case .recovered(let count):
                logger.notice("store can be written again", ["from_spool_file": .quantity(count)])
            case .reopened(let isRestored):
                logger.error(
                    "store file was deleted or replaced while in use",
                    [
                        "now": isRestored
                            ? .fixed("made again with all that was in it") : .fixed("using the file that is there")
                    ])
            case .torn(let bytes):
                logger.warning("spool file ended within a record", ["bytes_cut": .quantity(bytes)])
            case .noSpoolFile:
                logger.warning("no spool file: it cannot be made, is not ours, or is in use; memory alone remains")
            }
        }
        return options
    }

    /// Old and excess files and words go, by each tenant's own rules.
    func startRetention(_ store: TurnStore, core: ServiceCore, metrics: MetricsRegistry) -> RetentionWorker {
        let worker = RetentionWorker(
            Retention(
                store, journals: configuration.journals.directory, recordings: configuration.recordingDirectory),
            tenants: { [directory = core.directory] in directory.snapshot.tenants }, logger: logger, now: retentionClock
        )
        func count(_ kind: String, _ value: @escaping @Sendable () -> Int) {
            metrics.counter(
                "media_bridge_retention_total", help: "What retention removed, by kind, and its failures.",
                labels: [("kind", kind)]
            ) { UInt64(value()) }
        }
        count("audio_files") { worker.audioFiles.load(ordering: .relaxed) }
        count("transcripts") { worker.transcripts.load(ordering: .relaxed) }
        count("numbers") { worker.numbers.load(ordering: .relaxed) }
        count("failures") { worker.failures.load(ordering: .relaxed) }
        metrics.counter("media_bridge_retention_sweeps_total", help: "Sweeps of all tenants by retention.") {
            UInt64(worker.sweeps.load(ordering: .relaxed))
        }
        worker.start()
        return worker
    }
}
