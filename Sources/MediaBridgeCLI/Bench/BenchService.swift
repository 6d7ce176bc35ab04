import AudioPipeline
import Configuration
import Foundation
import HostBench
import MediaBridge

/// The service as `serve` runs it, on loopback, for a run of the bench.
final class BenchService: Sendable {
    let plan: BenchPlan
    let placement: ProcessorPlacement
    let folder: String
    let certificate: LoopbackCertificate?
    let modelPort: Int
    private let service: Service

    /// Starts it.
    init(_ plan: BenchPlan) throws {
        self.plan = plan
        placement = .current()
        folder = NSTemporaryDirectory() + "media-bridge-bench-\(UInt32.random(in: 0 ... .max))"
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch { throw BenchFailure("cannot make \(folder)") }
        certificate = plan.tls ? try LoopbackCertificate(in: folder) : nil
        modelPort = try FreePort.find()
        service = Service(
            configuration: Self.configuration(plan, folder: folder, certificate: certificate, modelPort: modelPort))
        do { try service.start() } catch {
            try? FileManager.default.removeItem(atPath: folder)
            throw BenchFailure("the service does not start: \(error)")
        }
        placement.placeService()
    }

    func stop() {
        service.stop()
        try? FileManager.default.removeItem(atPath: folder)
    }

    private static func configuration(
        _ plan: BenchPlan, folder: String, certificate: LoopbackCertificate?, modelPort: Int
    ) -> ServiceConfiguration {
        var configuration = ServiceConfiguration.embeddedDefaults(
            storePath: folder + "/media-bridge.sqlite", recordingDirectory: folder + "/recordings")
        (configuration.publicListener.port, configuration.adminListener.port) = (0, 0)
        configuration.publicListener.tls = certificate.map { TLSFiles(certificate: $0.certificate, key: $0.key) }
        configuration.model.kind = .openai
        configuration.model.url = "\(plan.tls ? "wss" : "ws")://127.0.0.1:\(modelPort)/v1/realtime"
        configuration.model.apiKey = Secret("bench")
        configuration.model.trustedAuthorities = certificate?.certificate
        configuration.model.audioFormat = plan.profile.audioFormat
        configuration.limits.maximumCalls = min(CapacityFile.callRange.upperBound, plan.calls + 16)
        configuration.journals.directory = folder + "/journals"
        configuration.tenants[0].echoAware = plan.detector.isEchoAware
        configuration.tenants[0].vad = plan.detector.tenantName
        configuration.tenants[0].uplinkBatchMilliseconds = plan.profile.batchMilliseconds
        configuration.tenants[0].downlinkBatchMilliseconds = plan.profile.batchMilliseconds
        return configuration
    }

    /// `media-bridge load` for this service.
    func loadArguments(bridge: Int32) -> [String] {
        var arguments = [
            "load", "--json", "--voice-url",
            "\(plan.tls ? "https" : "http")://127.0.0.1:\(service.publicPort)/twilio/voice",
            "--auth-token", ServiceConfiguration.demoAuthToken.reveal(), "--account",
            ServiceConfiguration.demoAccountSid, "--to", ServiceConfiguration.demoNumber,
            "--calls", "\(plan.calls)", "--rate", "\(plan.callsPerSecond)", "--warm-up", "\(plan.warmUpSeconds)",
            "--seconds", "\(plan.seconds)", "--delta-ms", "\(plan.profile.batchMilliseconds)",
            "--model-port", "\(modelPort)", "--bridge-pid", "\(bridge)",
        ]
        if let certificate {
            arguments += ["--model-certificate", certificate.certificate, "--model-key", certificate.key]
        }
        return arguments
    }

    // MARK: Inside

    /// All that the service knows of itself at one moment.
    struct Reading: Sendable {
        var at = ContinuousClock.now
        var budget: [FrameBudget.Part: HistogramSnapshot] = [:]
        var counters = CounterText("")
        var waits = ProcessorWaits(shards: 0, stolen: 0)
    }

    func read() -> Reading {
        var reading = Reading()
        for part in FrameBudget.Part.allCases { reading.budget[part] = service.budget(part) }
        reading.counters = CounterText(service.metricsText)
        reading.waits = .current()
        return reading
    }

    /// Ticks and their lateness alone: read often.
    func readTicks() -> (tick: HistogramSnapshot, lateness: HistogramSnapshot) {
        (service.budget(.tick), service.budget(.lateness))
    }
}
