import CallControl
import Configuration
import Conversation
import Dispatch
import Foundation
import Logging
import RealtimeBridge
import Synchronization
import Transport
import TurnStore

/// What shards and calls need of the service they run in. Fixed before the first call, or guarded.
final class ServiceCore: @unchecked Sendable {  // The tenants never change; the shard list is set before any loop runs.
    let configuration: ServiceConfiguration
    let store: TurnStore
    let recorder: Recorder
    let tokens: StreamTokens
    let logger: Logger
    /// Shards do not log: what they have to say of a call is said here.
    let log = DispatchQueue(label: "call log")
    let observer: (any ServiceObserver)?
    let modelSocketOptions: WebSocketOptions
    let carrierSocketOptions: WebSocketOptions
    private let tenants: [String: TenantRuntime]
    private(set) var shards: [Shard] = []
    /// Live calls by the carrier's id, and the shard of each: a carrier retry must find the call it belongs to.
    private let places = Mutex<[String: Int]>([:])

    init(
        configuration: ServiceConfiguration, tenants: [String: TenantRuntime], store: TurnStore, recorder: Recorder,
        logger: Logger, observer: (any ServiceObserver)?
    ) {
        self.configuration = configuration
        self.tenants = tenants
        (self.store, self.recorder, self.logger, self.observer) = (store, recorder, logger, observer)
        tokens = StreamTokens(lifeSeconds: configuration.twilio.streamTokenSeconds)
        var model = WebSocketOptions()
        model.maximumMessageBytes = 4 * 1024 * 1024
        model.sendQueueBytes = 64 * 1024
        model.connectDeadlineMilliseconds = configuration.model.connectTimeoutMilliseconds
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

    func tenant(_ id: String) -> TenantRuntime? { tenants[id] }

    /// The wall clock, for what a person will read: never for measuring.
    var date: Date { Date() }
    func unixMilliseconds() -> Int64 { Int64(Date().timeIntervalSince1970 * 1_000) }

    func shard(of loop: EventLoop) -> Shard? { shards.first { $0.loop === loop } }

    // MARK: Where a call lives

    func place(of call: String) -> Int? { places.withLock { $0[call] } }
    func settle(_ call: String, on shard: Int) { places.withLock { $0[call] = shard } }
    func forget(_ call: String, on shard: Int) {
        places.withLock { if $0[call] == shard { $0[call] = nil } }
    }

    /// For a log line: the call behind a shard's number of it (`Shard.diagnose`). By then it may be over.
    func name(ofCall number: UInt64) -> String? { nil }

    var liveCalls: Int { places.withLock { $0.count } }
}

// MARK: What is told of calls

extension ServiceCore {
    /// Shard thread, once per call.
    func callBegan(_ call: Call) {
        tokens.adopt(call.grant)
        let (id, tenant, hash) = (call.grant.call, call.grant.tenant.id, call.prompt.hash)
        log.async { [logger] in
            logger.info("call began", metadata: ["call": "\(id)", "tenant": "\(tenant)", "prompt": "\(hash)"])
        }
        observer?.callBegan(id)
    }

    /// Shard thread, once per call.
    func callEnded(_ call: Call, _ reason: HangUpReason, _ books: CallBooks) {
        let id = call.grant.call
        tokens.end(id, wasSpokenTo: reason != .modelUnavailable || call.hasSpokenFallback)
        log.async { [logger] in
            logger.info(
                "call ended",
                metadata: ["call": "\(id)", "reason": "\(reason.rawValue)", "balanced": "\(books.balance)"])
        }
        observer?.callEnded(id, reason, books)
    }

    /// Recorder's thread, once per recorded call.
    func recorded(_ call: String, paths: [String], failure: String?) {
        for path in paths { store.appendDurably(.recorded(call: call, path: path)) { _ in } }
        if let failure {
            logger.error("recording failed", metadata: ["call": "\(call)", "error": "\(failure)"])
        }
        observer?.recorded(call, paths: paths, failure: failure)
    }
}
