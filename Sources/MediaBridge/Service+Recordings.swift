import CallControl
import Configuration
import Foundation
import Synchronization
import Telemetry
import TurnStore

/// The parts that fetch and serve recordings, put together.
struct Recordings: Sendable {
    let store: RecordingStore
    let worker: RecordingWorker
    let routes: RecordingRoutes

    init(_ configuration: ServiceConfiguration, core: ServiceCore, logger: ServiceLog) {
        let (turns, directory, reader) = (core.store, core.directory, core.store.reader)
        store = RecordingStore(
            directory: configuration.recordingDirectory,
            hosts: MediaHosts(apiURL: configuration.twilio.apiURL, mediaHosts: configuration.twilio.mediaHosts),
            store: turns
        ) { order in
            // The call's own tenant, as it is now, of the account that announced the recording (R13).
            let tenants = directory.snapshot
            guard let call = try? reader.call(order.call), let tenant = tenants.tenant(id: call.tenant),
                tenant.accountSid == order.account, tenant.carrierRecords, let token = tenant.authToken
            else { return nil }
            return (tenant.accountSid, token.reveal())
        }
        worker = RecordingWorker(
            store: turns, recordings: store,
            report: { call, failure in
                logger.error("recording not fetched", ["call": .id(call), "cause": .cause(failure)])
            },
            // A download may outlast the service.
            fetched: { [weak core] artifact in
                core?.transcription.withLock { $0 }?.recorded(artifact.call, paths: [artifact.path])
            },
            makeEvent: { order, artifact, now throws(StoreError) in
                guard let call = try reader.call(order.call), let tenant = directory.snapshot.tenant(id: call.tenant)
                else { return nil }
                return EventBody(call: order.call, tenant: tenant)?.recordingReady(
                    order.recording, files: [URL(fileURLWithPath: artifact.path).lastPathComponent], at: now)
            })
        routes = RecordingRoutes(store: turns, recordings: store) { tenant in
            directory.snapshot.tenant(id: tenant)?.recordingEnabled ?? false
        }
    }

    func register(in metrics: MetricsRegistry) {
        let store = self.store
        for name in RecordingCounters.Name.allCases {
            metrics.counter(
                "media_bridge_recordings_total", help: "The carrier's recordings, by what became of asking for them.",
                labels: [("outcome", ServiceMetrics.snakeCase(name.rawValue))]
            ) { UInt64(store.counters[name]) }
        }
        for failure in RecordingFailure.allCases {
            metrics.counter(
                "media_bridge_recording_failures_total", help: "Requests for the carrier's recordings that failed.",
                labels: [("kind", ServiceMetrics.snakeCase(failure.rawValue))]
            ) { UInt64(store.counters[failure]) }
        }
        metrics.gauge(
            "media_bridge_recording_hosts_resting", help: "Hosts left alone because they failed several times in a row."
        ) { Double(store.restingHosts) }
    }
}
