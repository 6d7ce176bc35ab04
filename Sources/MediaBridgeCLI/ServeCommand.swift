import ArgumentParser
import Configuration
import Foundation
import Logging
import MediaBridge
import ServiceLifecycle
import Synchronization
import Telemetry
import UnixSignals

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Run the service.",
        discussion: """
            Without --config it serves loopback with the local agent. SIGTERM and Ctrl-C drain: new calls are refused, \
            running ones finish (a second signal does not wait for them).

            An edited configuration is read again when its file, or one of `tenantsDirectory`, changes, and on SIGHUP; \
            the certificate on SIGHUP. Tenants and limits are taken all or nothing: running calls notice nothing, and an \
            edit that is wrong is refused with file, line and field while the old one stays.
            """)

    @Option(name: .long, help: "The YAML file.") var config: String?

    func run() async throws {
        let configuration = try loadConfiguration(config)
        let telemetry = configuration.telemetry
        LineLogHandler.bootstrap(
            level: Logger.Level(rawValue: telemetry.logLevel.rawValue) ?? .info, style: telemetry.json ? .json : .text)
        let sink = Logger(label: "media-bridge")
        let logger = ServiceLog(sink)
        let service = MediaBridge.Service(configuration: configuration, logger: sink)
        do { try service.start() } catch { throw CommandFailure("\(error)") }
        logger.info(
            "serving",
            [
                "public": .name("\(configuration.publicListener.host):\(service.publicPort)"),
                "admin": .name("\(configuration.adminListener.host):\(service.adminPort)"),
                "shards": .quantity(service.shardCount), "tenants": .quantity(configuration.tenants.count),
            ])
        sayLimit(configuration, logger)
        let group = ServiceGroup(
            services: [RunningService(service: service, file: config, logger: logger)],
            gracefulShutdownSignals: [.sigterm, .sigint], logger: sink)
        try await group.run()
    }

    /// Where the limit of calls comes from, and whether that is to be believed.
    private func sayLimit(_ configuration: ServiceConfiguration, _ logger: ServiceLog) {
        let limits = configuration.limits
        guard let capacity = limits.capacity, let file = limits.capacityFile else {
            return logger.info("limit of calls is not measured", ["calls": .quantity(limits.maximumCalls)])
        }
        logger.info(
            "limit of calls is measured",
            [
                "calls": .quantity(limits.maximumCalls), "measured": .quantity(capacity.calls),
                "profile": .name(capacity.profile.rawValue), "file": .name(file),
            ])
        for doubt in configuration.capacityDoubts(host: .current(), at: Date()) {
            logger.warning("measured limit is doubtful: measure again", ["reason": .name(doubt)])
        }
    }
}

/// The service from here to its end, as the life cycle wants it: waits for the signal, then drains and stops.
private struct RunningService: ServiceLifecycle.Service {
    let service: MediaBridge.Service
    /// The configuration's; nil for the embedded one, which nobody edits.
    let file: String?
    let logger: ServiceLog

    func run() async throws {
        let renewal = Task { await readAgainWhenTold() }
        let edits = EditedFiles(service: service, file: file, logger: logger)
        try await gracefulShutdown()
        renewal.cancel()
        edits.stop()
        logger.info("draining", ["calls": .quantity(service.liveCalls)])
        let left = await drainUnlessSignalled()
        if left > 0 { logger.warning("drain time over", ["calls": .quantity(left)]) }
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

    /// SIGHUP: configuration and certificate are read again; what is wrong changes nothing.
    private func readAgainWhenTold() async {
        for await _ in await UnixSignalsSequence(trapping: .sighup) {
            if let file { _ = try? service.reload { try ServiceConfiguration.load(file: file) } }
            guard service.configuration.publicListener.tls != nil else {
                logger.info("no certificate to read: the public listener is plain")
                continue
            }
            do {
                try service.reloadCertificate()
                logger.info("certificate read again")
            } catch { logger.error("certificate not taken", ["error": .failure(error)]) }
        }
    }
}

/// Takes edits as they are saved.
private final class EditedFiles: Sendable {
    private let watch: Mutex<ConfigurationWatch?>

    init(service: MediaBridge.Service, file: String?, logger: ServiceLog) {
        watch = Mutex(nil)
        guard let file, service.configuration.watchFiles else { return }
        let made = ConfigurationWatch(file: file, tenantsDirectory: service.configuration.tenantsDirectory) {
            [weak self] in
            // Said in the log by the service itself.
            _ = try? service.reload {
                let edited = try ServiceConfiguration.load(file: file)
                self?.watch.withLock { $0 }?.follow(tenantsDirectory: edited.tenantsDirectory)
                return edited
            }
        }
        if made == nil { logger.warning("configuration not watched, SIGHUP has it read again") }
        watch.withLock { $0 = made }
        // Who edited while the service was starting is not overlooked.
        if let same = try? ServiceConfiguration.load(file: file) == service.configuration, same { return }
        _ = try? service.reload { try ServiceConfiguration.load(file: file) }
    }

    func stop() { watch.withLock { $0 = nil } }
}
