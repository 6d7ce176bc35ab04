import ArgumentParser
import Configuration
import Logging
import MediaBridge
import ServiceLifecycle
import Telemetry
import UnixSignals

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Run the service.",
        discussion: """
            Without --config it serves loopback with the local agent. SIGTERM and Ctrl-C drain: new calls are refused, \
            running ones finish (a second signal does not wait for them). SIGHUP reads the TLS certificate again.
            """)

    @Option(name: .long, help: "The YAML file.") var config: String?

    func run() async throws {
        let configuration = try loadConfiguration(config)
        let telemetry = configuration.telemetry
        LineLogHandler.bootstrap(
            level: Logger.Level(rawValue: telemetry.logLevel.rawValue) ?? .info, style: telemetry.json ? .json : .text)
        let logger = Logger(label: "media-bridge")
        let service = MediaBridge.Service(configuration: configuration, logger: logger)
        do { try service.start() } catch { throw CommandFailure("\(error)") }
        logger.info(
            "serving",
            metadata: [
                "public": "\(configuration.publicListener.host):\(service.publicPort)",
                "admin": "\(configuration.adminListener.host):\(service.adminPort)",
                "shards": "\(service.shardCount)", "tenants": "\(configuration.tenants.count)",
            ])
        let group = ServiceGroup(
            services: [RunningService(service: service, logger: logger)],
            gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        try await group.run()
    }
}

/// The service from here to its end, as the life cycle wants it: waits for the signal, then drains and stops.
private struct RunningService: ServiceLifecycle.Service {
    let service: MediaBridge.Service
    let logger: Logger

    func run() async throws {
        let renewal = Task { await renewCertificates() }
        try await gracefulShutdown()
        renewal.cancel()
        logger.info("draining", metadata: ["calls": "\(service.liveCalls)"])
        let left = await drainUnlessSignalled()
        if left > 0 { logger.warning("drain time over", metadata: ["calls": "\(left)"]) }
        service.stop()
        logger.info("stopped")
    }

    /// A second signal does not wait for the calls that are left.
    private func drainUnlessSignalled() async -> Int {
        await withTaskGroup(of: Int?.self) { group in
            group.addTask { await service.drain() }
            group.addTask {
                await untilInterrupted()
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first ?? service.liveCalls
        }
    }

    /// SIGHUP: the certificate is read again; when it is wrong the old one stays.
    private func renewCertificates() async {
        for await _ in await UnixSignalsSequence(trapping: .sighup) {
            guard service.configuration.publicListener.tls != nil else {
                logger.info("no certificate to read: the public listener is plain")
                continue
            }
            do {
                try service.reloadCertificate()
                logger.info("certificate read again")
            } catch { logger.error("certificate not taken", metadata: ["error": "\(error)"]) }
        }
    }
}
