public import AudioPipeline
import CallControl
import CallJournal
public import Configuration
import Conversation
import Dispatch
import Foundation
import LocalAgent
public import Logging
public import PlugIns
import RealtimeBridge
import Recording
import Synchronization
import Telemetry
import Transport
import TurnStore

/// The whole service, put together: shards and their calls, listeners, store, recorder, telemetry, and the local agent
/// when no other model is configured.
///
/// `start` opens everything or nothing; `drain` lets calls finish; `stop` ends what is left and closes the store.
public final class Service: @unchecked Sendable {  // One owner sets it up and tears it down; calls share the core.
    public let configuration: ServiceConfiguration
    private let observer: (any ServiceObserver)?
    /// For telemetry, which has lines of its own; all others write through `logger`.
    private let sink: Logger
    let logger: ServiceLog
    var running: Running?
    /// Held while an edit is applied, and while everything is taken down.
    let reloading = Mutex(())
    let reloads = ReloadCounters()
    /// Changes every tenant's policy before `start`: shorter times for whoever cannot wait for the real ones.
    var adjustPolicy: (@Sendable (inout ConversationPolicy) -> Void)?
    var eventTimes = EventTimes()
    /// By which retention counts its days; Unix milliseconds.
    var retentionClock = RecordingStore.wallClock
    /// What tenants name as their detectors, once they have.
    let detectors: PluggedDetectors
    /// And as their recognisers in calls.
    let recognizers: PluggedRecognizers
    /// For whoever cannot wait for the real times between the tries of a transcription.
    var transcriptionOptions: TranscriptionWorkers.Options?

    /// What exists between `start` and `stop`.
    struct Running {
        var core: ServiceCore
        /// The chain of model addresses, in order.
        var endpoints: [ModelEndpoint]
        var admission: Admission
        var controlLoop: EventLoop
        var agent: LocalAgentServer?
        var publicListener: Listener
        var adminListener: Listener
        var telemetry: Telemetry
        var recordings: RecordingWorker
        var retention: RetentionWorker
        var events: EventDelivery
    }

    /// - Parameter stageHost: the command that holds a library in a process of its own: this program's, unless it has none.
    public init(
        configuration: ServiceConfiguration, logger: Logger = Logger(label: "media-bridge"),
        observer: (any ServiceObserver)? = nil, stageHost: [String] = StageHost.command
    ) {
        (self.configuration, sink, self.logger, self.observer) = (configuration, logger, ServiceLog(logger), observer)
        let log = self.logger
        ServiceStages.register()
        let say: @Sendable (String, PlugInCounters.Event, String) -> Void = { name, event, detail in
            log.warning(
                "plug-in failed", ["name": .name(name), "cause": .cause(event), "error": .failure(saying: detail)])
        }
        detectors = PluggedDetectors(configuration.stages.detectors, host: stageHost, log: say)
        recognizers = PluggedRecognizers(configuration.stages.recognizers, log: say)
    }

    /// Bound ports; 0 before `start`.
    public var publicPort: Int { running?.publicListener.port ?? 0 }
    public var adminPort: Int { running?.adminListener.port ?? 0 }
    /// The local agent's; nil when another model is configured.
    public var agentPort: Int? { running?.agent?.port }
    public var liveCalls: Int { running?.core.liveCalls ?? 0 }
    public var shardCount: Int { running?.core.shards.count ?? 0 }

    /// Times of all shards, merged.
    public func budget(_ part: FrameBudget.Part) -> HistogramSnapshot {
        running?.core.times(part) ?? HistogramSnapshot()
    }

    // MARK: Start

    /// Opens everything. What was opened is closed again when something fails.
    /// - Throws: a sentence about the first thing that did not work: a port in use, a missing certificate, a database
    ///   that cannot be written, a fallback WAV that is none.
    public func start() throws {
        precondition(running == nil, "started already")
        var opened = Opened()
        do { running = try open(&opened) } catch {
            opened.close()
            detectors.stop()
            recognizers.stop()
            throw error
        }
    }

    /// What `open` has opened so far, so that a failure leaves nothing behind.
    private struct Opened {
        var loops: [EventLoop] = []
        var store: TurnStore?
        var agent: LocalAgentServer?
        var listeners: [Listener] = []
        var recorder: Recorder?
        var transcription: ServiceCore?
        var journals: JournalWriter?
        var recordings: RecordingWorker?

        func close() {
            for listener in listeners { listener.close() }
            for loop in loops { loop.stop() }
            agent?.stop()
            recorder?.stop()
            transcription?.stopTranscription()
            journals?.stop()
            recordings?.stop()
            store?.close()
        }
    }

    private func open(_ opened: inout Opened) throws -> Running {
        let priority: LoopPriority = configuration.scheduling == .realtime ? .realtime : .ordinary
        let shardLoops = try (0..<Self.shardCount()).map { try EventLoop(name: "shard-\($0)", priority: priority) }
        opened.loops = shardLoops
        let controlLoop = try EventLoop(name: "control")
        opened.loops.append(controlLoop)

        opened.agent = try startAgent()
        let endpoints = try modelEndpoints(agentPort: opened.agent?.port)
        let runtimes = TenantRuntimes(try configuration.tenants.map { try makeRuntime($0, endpoints) })
        let store = try TurnStore(path: configuration.storePath, options: storeOptions())
        opened.store = store
        try makeRecordingDirectory(for: configuration.tenants)
        let recorder = Recorder()
        recorder.start()
        opened.recorder = recorder
        opened.journals = try startJournals(for: configuration.tenants)

        let core = ServiceCore(
            configuration: configuration, directory: TenantDirectory(configuration.tenants), runtimes: runtimes,
            store: store, recorder: recorder,
            journals: opened.journals, logger: logger, observer: observer)
        let telemetry = Telemetry(logger: sink) { [core] in core.name(ofCall: $0) }
        let admission = Admission(limits: configuration.limits, tenants: configuration.tenants)
        try makeShards(shardLoops, core: core, telemetry: telemetry)
        controlLoop.start()

        let webhooks = TwilioWebhooks(
            configuration: configuration, tenants: core.directory, store: store, admission: admission,
            tokens: core.tokens, acceptor: core)
        let publicListener = try listen(configuration.publicListener, on: shardLoops, webhooks)
        opened.listeners.append(publicListener)
        webhooks.listening(onPort: publicListener.port)
        let publicOrigin = webhooks.publicOrigin
        // Requests of their own: tools of tenants never take the carrier's places.
        let rest = CarrierREST(origin: configuration.twilio.apiURL, requests: OutgoingRequests(capacity: 256))
        core.errands.withLock { $0 = CarrierErrands(rest: rest, tokens: core.tokens) { publicOrigin } }
        ServiceMetrics.register(in: telemetry.metrics, core: core, admission: admission, webhooks: webhooks.counters)
        reloads.register(in: telemetry.metrics, directory: core.directory)
        ServiceMetrics.register(detectors, in: telemetry.metrics)
        ServiceMetrics.register(recognizers, in: telemetry.metrics)
        let watch = SlackWatch(
            core.shards.map(\.load), admission: admission, isRefusing: configuration.limits.refuseWithoutSlack)
        ServiceMetrics.register(watch, core.shards, in: telemetry.metrics)
        let recordings = Recordings(configuration, core: core, logger: logger)
        recordings.register(in: telemetry.metrics)
        let dialling = OutboundCalls(
            listener: configuration.adminListener, tenants: core.directory, store: store, admission: admission,
            outgoing: webhooks.outgoing, rest: rest, origin: { publicOrigin })
        let commands = CallCommands(
            listener: configuration.adminListener, tenants: core.directory, reader: store.reader, tokens: core.tokens,
            outgoing: webhooks.outgoing, rest: rest, calls: core)
        let events = makeEventDelivery(core: core, telemetry: telemetry)
        let admin = AdminService(
            listener: configuration.adminListener, reader: store.reader,
            metrics: { telemetry.metrics.prometheusText() },
            readiness: { [reloads] in Self.readiness(admission: admission, store: store, reloads: reloads) },
            routes: [
                recordings.routes, dialling, commands,
                LiveRoutes(
                    core: core, admission: admission, watch: watch, webhooks: webhooks.counters,
                    diagnostics: telemetry.diagnostics),
            ])
        var adminOptions = ListenerOptions()
        adminOptions.host = configuration.adminListener.host
        adminOptions.port = configuration.adminListener.port
        let adminListener = try Listener(adminOptions, loops: [controlLoop], service: admin)
        opened.listeners.append(adminListener)
        try core.startTranscription(transcriptionOptions)
        opened.transcription = core
        try tidyOnceASecond(controlLoop, webhooks, watch)
        recordings.worker.start()
        opened.recordings = recordings.worker
        telemetry.start()
        events.start()
        let retention = startRetention(store, core: core, metrics: telemetry.metrics)
        return Running(
            core: core, endpoints: endpoints, admission: admission, controlLoop: controlLoop, agent: opened.agent,
            publicListener: publicListener, adminListener: adminListener, telemetry: telemetry,
            recordings: recordings.worker, retention: retention, events: events)
    }

    /// Calls that were announced and never came are ended also when no further webhook comes; the shards' slack opens and
    /// closes the door.
    private func tidyOnceASecond(_ loop: EventLoop, _ webhooks: TwilioWebhooks, _ watch: SlackWatch) throws {
        let logger = logger
        let made = DispatchSemaphore(value: 0)
        loop.submit {
            let tidying = Tidying()
            tidying.timer = try? loop.makeTimer { now in
                webhooks.closeUnclaimed()
                if let isOpen = watch.look() {
                    logger.warning(isOpen ? "slack again, calls are taken" : "no slack, new calls are refused", [:])
                }
                tidying.timer?.schedule(at: now + 1_000_000_000)
            }
            tidying.timer?.schedule(at: EventLoop.now + 1_000_000_000)
            made.signal()
        }
        made.wait()
    }

    /// Keeps a timer as long as its loop lives.
    private final class Tidying { var timer: LoopTimer? }

    /// Store, workers and the kernel need a core too.
    private static func shardCount() -> Int { max(1, ProcessInfo.processInfo.activeProcessorCount - 1) }

    private func makeShards(_ loops: [EventLoop], core: ServiceCore, telemetry: Telemetry) throws {
        let capacity = configuration.limits.maximumCalls
        let shards = loops.enumerated().map { index, loop in
            let diagnostics = DiagnosticRing(capacity: 1_024)
            telemetry.diagnostics.drain(diagnostics.reader)
            // Each call's reserve of four seconds, and room for eight responses of the longest kind.
            let pool = PlayoutPool(chunkCount: capacity * 24 + 8 * 1_200)
            return Shard(
                index: index, loop: loop, service: core, capacity: capacity, pool: pool,
                diagnostics: diagnostics.writer, inlet: core.store.makeInlet())
        }
        core.adopt(shards)
        for shard in shards {
            shard.loop.start()
            shard.loop.submit {
                do throws(TransportError) { try shard.startClock() } catch { fatalError("the frame clock: \(error)") }
            }
        }
        if configuration.scheduling == .realtime { sayPriority(of: shards) }
    }

    /// What the kernel made of `scheduling: realtime`.
    private func sayPriority(of shards: [Shard]) {
        if case .refused(let reason) = LoopPriority.lockMemory() {
            logger.warning("memory not locked", ["error": .failure(saying: reason)])
        }
        let logger = self.logger
        for shard in shards {
            // Asked on the thread itself, before its first work; told by another, since a loop never waits for a log.
            shard.loop.submit { [loop = shard.loop, index = shard.index] in
                guard let outcome = loop.priorityOutcome else { return }
                DispatchQueue.global().async {
                    switch outcome {
                    case .granted: logger.info("real-time scheduling granted", ["shard": .quantity(index)])
                    case .refused(let reason):
                        logger.warning(
                            "real-time scheduling refused",
                            ["shard": .quantity(index), "error": .failure(saying: reason)])
                    }
                }
            }
        }
    }

    private func startAgent() throws -> LocalAgentServer? {
        guard configuration.model.kind == .local else { return nil }
        return try LocalAgentServer(try LocalAgentOptions(configuration.agent))
    }

    /// The chain of addresses, in order.
    private func modelEndpoints(agentPort: Int?) throws -> [ModelEndpoint] {
        var endpoints: [ModelEndpoint] = []
        if let agentPort {
            endpoints.append(
                try ModelEndpoint(baseURL: "ws://127.0.0.1:\(agentPort)/v1/realtime", model: "local", key: ""))
        } else {
            endpoints.append(try Self.endpoint(configuration.model.address))
        }
        return try endpoints + configuration.model.fallbacks.map(Self.endpoint)
    }

    private static func endpoint(_ address: ModelAddress) throws -> ModelEndpoint {
        try ModelEndpoint(
            baseURL: address.url, model: address.model, key: address.apiKey?.reveal() ?? "",
            authentication: address.sendsKeyInHeader ? .apiKeyHeader : .bearer)
    }

    private func listen(
        _ listener: PublicListenerConfiguration, on loops: [EventLoop], _ service: any HTTPService
    ) throws -> Listener {
        var options = ListenerOptions()
        options.host = listener.host
        options.port = listener.port
        options.tls = listener.tls.map { TLSIdentity(certificateFile: $0.certificate, keyFile: $0.key) }
        return try Listener(options, loops: loops, service: service)
    }

    func makeRecordingDirectory(for tenants: [Tenant]) throws {
        guard tenants.contains(where: \.recordingEnabled) else { return }
        let directory = configuration.recordingDirectory
        do {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        } catch {
            throw ServiceError("recordingDirectory: cannot make \(directory)")
        }
        guard FileManager.default.isWritableFile(atPath: directory) else {
            throw ServiceError("recordingDirectory: \(directory) is not writable")
        }
    }

    func startJournals(for tenants: [Tenant]) throws -> JournalWriter? {
        guard tenants.contains(where: { $0.journal != .off }) else { return nil }
        let wanted = configuration.journals
        let logger = self.logger
        let journals = JournalWriter(
            JournalDirectory(
                path: wanted.directory, keepDays: wanted.keepDays, maximumMegabytes: wanted.maximumMegabytes)
        ) { call, failure in
            logger.error("journal failed", ["call": .id(call), "error": .failure(saying: "\(failure)")])
        }
        do throws(JournalError) { try journals.start() } catch { throw ServiceError("journals.directory: \(error)") }
        return journals
    }

    func makeRuntime(_ tenant: Tenant, _ endpoints: [ModelEndpoint]) throws -> TenantRuntime {
        let detector: PluggedDetector?
        do throws(StageFault) { detector = try detectors.detector(named: tenant.vad) } catch {
            throw ServiceError("tenant \(tenant.id): vad: \(error)")
        }
        let recognizer: PluggedRecognizer?
        do throws(StageFault) {
            recognizer = tenant.recognizer.isEmpty ? nil : try recognizers.recognizer(named: tenant.recognizer)
        } catch {
            throw ServiceError("tenant \(tenant.id): recognizer: \(error)")
        }
        do {
            return try TenantRuntime(
                tenant, model: configuration.model, endpoints: endpoints, detector: detector,
                recognizer: recognizer, adjustPolicy: adjustPolicy)
        } catch {
            throw ServiceError("tenant \(tenant.id): fallback: \(error)")
        }
    }

    private static func readiness(
        admission: Admission, store: TurnStore, reloads: ReloadCounters
    ) -> AdminService.Readiness {
        let health = store.health
        var reasons: [String] = []
        if admission.isDraining { reasons.append("draining") }
        if let complaint = health.complaint { reasons.append(complaint) }
        // Calls are taken all the same, by what was taken last.
        if let refusal = reloads.standingRefusal { reasons.append("the last edit was refused: \(refusal)") }
        return .init(isReady: !admission.isDraining && health.hasRoom, reasons: reasons)
    }

    // MARK: While it runs

    /// Reads certificate and key again; connections that stand keep the old ones.
    public func reloadCertificate() throws { try running?.publicListener.reloadCertificate() }

    public var metricsText: String { running?.telemetry.metrics.prometheusText() ?? "" }

    // MARK: End

    /// No new calls; those that run may finish, for at most the configured time.
    /// - Returns: calls still up when the time was over.
    public func drain() async -> Int {
        guard let running else { return 0 }
        running.admission.drain()
        let deadline = ContinuousClock.now.advanced(by: .seconds(configuration.limits.drainSeconds))
        let lastWords = deadline.advanced(by: .seconds(-10))
        var isAnnounced = false
        // Counted by places, not by streams: a call that was answered and whose stream is on its way is a call.
        while running.admission.active > 0, ContinuousClock.now < deadline {
            do { try await Task.sleep(for: .milliseconds(100)) } catch { break }
            if !isAnnounced, ContinuousClock.now >= lastWords {
                isAnnounced = true
                for shard in running.core.shards { shard.loop.submit { shard.announceEnd() } }
            }
        }
        return running.admission.active
    }

    /// Ends every call that is left, closes everything, and writes what the store still holds. Waits; not on a loop.
    public func stop() {
        let taken = reloading.withLock { _ in
            defer { self.running = nil }
            return self.running
        }
        guard let running = taken else { return }
        running.admission.drain()
        running.publicListener.close()
        running.adminListener.close()
        for shard in running.core.shards { shard.loop.submit { shard.endCalls() } }
        // A call that was hung up waits a moment for its last transcript before its end is written.
        let deadline = ContinuousClock.now.advanced(by: .seconds(2))
        while running.core.liveCalls > 0, ContinuousClock.now < deadline { Thread.sleep(forTimeInterval: 0.02) }
        for shard in running.core.shards { shard.loop.stop() }
        running.controlLoop.stop()
        running.agent?.stop()
        running.recordings.stop()
        running.retention.stop()
        running.core.recorder.stop()
        detectors.stop()
        recognizers.stop()
        running.core.stopTranscription()
        running.core.journals.withLock { $0 }?.stop()
        running.events.stop()
        running.telemetry.stop()
        running.core.shards.forEach { $0.close() }
        running.core.store.close()
    }
}

/// What kept the service from starting, in a sentence.
public struct ServiceError: Error, CustomStringConvertible, Equatable {
    public let description: String
    public init(_ description: String) { self.description = description }
}
