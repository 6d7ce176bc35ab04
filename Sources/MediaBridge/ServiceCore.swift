import AudioPipeline
import CallControl
import CallJournal
import Configuration
import Conversation
import Dispatch
import Foundation
import Logging
import RealtimeBridge
import Synchronization
import Telemetry
import Transport
import TurnStore
import VAD

/// What shards and calls need of the service they run in. Fixed before the first call, or guarded.
final class ServiceCore: @unchecked Sendable {  // Shards are set before any loop runs; the rest is guarded.
    let configuration: ServiceConfiguration
    let store: TurnStore
    let recorder: Recorder
    /// nil as long as no tenant keeps journals.
    let journals: Mutex<JournalWriter?>
    let tokens: StreamTokens
    /// What agents are told; see `ServiceCore+Prompts.swift`.
    let prompts = PromptCache()
    let logger: ServiceLog
    /// Shards do not log: what they have to say of a call is said here.
    let log = DispatchQueue(label: "call log")
    let observer: (any ServiceObserver)?
    let modelSocketOptions: WebSocketOptions
    let carrierSocketOptions: WebSocketOptions
    let directory: TenantDirectory
    let runtimes: TenantRuntimes
    private(set) var shards: [Shard] = []
    /// Live calls by the carrier's id, and the shard of each: a carrier retry must find the call it belongs to.
    private let places = Mutex<[String: Int]>([:])
    /// Tenants' tools, and what became of them.
    let toolRunner = ToolRunner(requests: OutgoingRequests(), counters: ToolCounters())
    /// Set once the public listener is bound, whose name goes into what the carrier is told.
    let errands = Mutex<CarrierErrands?>(nil)
    /// Set at start, when there is an engine for it.
    let transcription = Mutex<TranscriptionWorkers?>(nil)
    /// Who picked up calls whose stream has not come; see `ServiceCore+AnsweringParty.swift`.
    let earlyVerdicts = Mutex(EarlyVerdicts())
    /// Of live calls, by the number that records name them by.
    let budgets = Mutex<[UInt64: CallBudget]>([:])
    private let names = Mutex<(last: UInt64, calls: [UInt64: String])>((0, [:]))

    init(
        configuration: ServiceConfiguration, directory: TenantDirectory, runtimes: TenantRuntimes, store: TurnStore,
        recorder: Recorder,
        journals: JournalWriter? = nil,
        logger: ServiceLog, observer: (any ServiceObserver)?
    ) {
        self.configuration = configuration
        (self.directory, self.runtimes) = (directory, runtimes)
        (self.store, self.recorder, self.logger, self.observer) = (store, recorder, logger, observer)
        self.journals = Mutex(journals)
        tokens = StreamTokens(lifeSeconds: configuration.twilio.streamTokenSeconds)
        var model = WebSocketOptions()
        model.maximumMessageBytes = 4 * 1024 * 1024
        model.sendQueueBytes = 64 * 1024
        model.connectDeadlineMilliseconds = configuration.model.connectTimeoutMilliseconds
        // A half-open session is found out within ten seconds: a caller does not wait for twenty more.
        model.pingIntervalMilliseconds = 5_000
        model.trustedAuthoritiesFile = configuration.model.trustedAuthorities
        modelSocketOptions = model
        var carrier = WebSocketOptions()
        carrier.maximumMessageBytes = 64 * 1024
        carrier.sendQueueBytes = 64 * 1024
        carrier.writeDeadlineMilliseconds = 5_000
        carrier.firstMessageDeadlineMilliseconds = 3_000
        carrierSocketOptions = carrier
    }

    func adopt(_ shards: [Shard]) { self.shards = shards }

    /// The wall clock, for what a person will read: never for measuring.
    var date: Date { Date() }
    func unixMilliseconds() -> Int64 { Int64(Date().timeIntervalSince1970 * 1_000) }

    /// Shard thread, once per call: where its conversation is written down, when its tenant wants that.
    func journal(
        _ grant: StreamGrant, _ tenant: TenantRuntime, _ policy: ConversationPolicy, _ prompt: SessionPrompt
    ) -> JournalTap? {
        guard tenant.tenant.journal != .off, let journals = journals.withLock({ $0 }) else { return nil }
        return journals.journal(
            JournalHeader(
                call: grant.call, tenant: grant.tenant.id, startedAtUnixMilliseconds: unixMilliseconds(),
                keepsAudio: tenant.tenant.journal == .audio, policy: policy, prompt: prompt))
    }

    func shard(of loop: EventLoop) -> Shard? { shards.first { $0.loop === loop } }

    // MARK: Where a call lives

    func place(of call: String) -> Int? { places.withLock { $0[call] } }

    /// False when the call lives on another shard already.
    func claim(_ call: String, for shard: Int) -> Bool {
        places.withLock { places in
            guard places[call] == nil || places[call] == shard else { return false }
            places[call] = shard
            return true
        }
    }

    func forget(_ call: String, on shard: Int) {
        places.withLock { if $0[call] == shard { $0[call] = nil } }
    }

    // MARK: Numbers for calls, so that a fixed-size record can name one

    /// A new number for `call`. The last few thousand are remembered: by the time a line is written a call may be over.
    func number(for call: String) -> UInt64 {
        names.withLock { names in
            names.last += 1
            names.calls[names.last] = call
            names.calls[names.last &- 4_096] = nil
            return names.last
        }
    }

    func name(ofCall number: UInt64) -> String? { names.withLock { $0.calls[number] } }

    /// Times of all shards, merged.
    func times(_ part: FrameBudget.Part) -> HistogramSnapshot {
        var whole = HistogramSnapshot()
        for shard in shards { whole.merge(shard.budget[part].snapshot()) }
        return whole
    }

    var liveCalls: Int { places.withLock { $0.count } }
}

// MARK: What is told of calls

extension ServiceCore {
    /// Shard thread, once per call.
    func callBegan(_ call: Call) {
        tokens.adopt(call.grant)
        let (tenant, hash, lines) = (call.grant.tenant, call.prompt.hash, call.log)
        log.async {
            lines.line("call began", ["tenant": .name(tenant.id), "prompt": .name(hash), "vad": .name(tenant.vad)])
        }
        observer?.callBegan(call.grant.call)
    }

    /// Shard thread, once per call.
    func callEnded(_ call: Call, _ reason: HangUpReason, _ books: CallBooks) {
        let id = call.grant.call
        tokens.end(id, wasSpokenTo: reason != .modelUnavailable || call.hasSpokenFallback)
        let (lines, milliseconds) = (call.log, (EventLoop.now &- call.epoch) / 1_000_000)
        log.async {
            let framesIn: Int64 = (books.counts["callerReceived"] ?? 0) / 160
            let framesOut: Int64 = (books.counts["agentPlayed"] ?? 0) / 160
            let facts: [String: LogValue] = [
                "reason": .cause(reason), "duration_ms": .quantity(milliseconds), "frames_in": .quantity(framesIn),
                "frames_out": .quantity(framesOut), "balanced": .flag(books.balance),
            ]
            lines.end("call ended", facts)
        }
        observer?.callEnded(id, reason, books)
    }

    /// Shard thread: the connection to the model is gone, and why (R17).
    func modelClosed(_ call: Call, _ close: WebSocketClose) {
        let (lines, cause, status) = (call.log, close.cause, close.httpStatus ?? Int(close.code ?? 0))
        log.async {
            lines.line(
                "model connection closed", level: .warning, ["cause": .cause(cause), "status": .quantity(status)])
        }
    }

    /// Shard thread: the model sent an error, and of which kind. Its words may hold the caller's and stay out (R17).
    func modelRefused(_ call: Call, _ error: ModelError) {
        let lines = call.log
        let code = String(
            error.code.unicodeScalars.filter { ("a"..."z").contains($0) || $0 == "_" || $0 == "." }.prefix(64))
        log.async { lines.line("model error", level: .warning, ["code": .name(code)]) }
    }

    /// Shard thread: a call's own detector is not believed any more, and why; or is again.
    func detectorTurned(_ call: Call, _ detector: String, _ fault: DetectorFault?) {
        let lines = call.log
        log.async {
            if let fault {
                lines.line(
                    "voice detector failed, energy decides", level: .warning,
                    ["detector": .name(detector), "cause": .cause(fault)])
            } else {
                lines.line("voice detector is back", ["detector": .name(detector)])
            }
        }
    }

    /// Shard thread: one address of the chain failed, and why (R17). Never the key, nor the query, where some want one.
    func routeFailed(_ call: Call, _ route: ModelRoute, _ endpoint: ModelEndpoint, _ failure: RouteFailure) {
        let lines = call.log
        log.async {
            lines.line(
                "model address failed", level: .warning,
                ["route": .name("\(route)"), "address": .name("\(endpoint)"), "cause": .cause(failure)])
        }
    }

    /// The provider names the moment at which a session expires; the conversation, which has no clock, is told how long
    /// that is.
    func withRemainingTime(_ event: ModelEvent) -> ModelEvent {
        guard case .sessionUpdated(var echo) = event, let expiry = echo.expiresAtUnixSeconds,
            expiry > 0, expiry < 100_000_000_000
        else { return event }
        echo.remainingMilliseconds = expiry * 1_000 - unixMilliseconds()
        return .sessionUpdated(echo)
    }

    /// Recorder's thread, once per recorded call.
    func recorded(_ call: String, of tenant: Tenant, paths: [String], failure: String?) {
        let event =
            failure == nil
            ? EventBody(call: call, tenant: tenant)?.recordingReady(
                files: paths.map { URL(fileURLWithPath: $0).lastPathComponent }, at: unixMilliseconds()) : nil
        for (index, path) in paths.enumerated() {
            let record = StoreRecord.recorded(call: call, path: path)
            store.appendDurably(EventTeller.record(record, index == paths.count - 1 ? event : nil)) { _ in }
        }
        transcription.withLock { $0 }?.recorded(call, paths: paths)
        if let failure {
            logger.error("recording failed", ["call": .id(call), "error": .failure(saying: "\(failure)")])
        }
        observer?.recorded(call, paths: paths, failure: failure)
    }
}
