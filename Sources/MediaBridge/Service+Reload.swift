import CallControl
public import Configuration
import Foundation
import Synchronization
import Telemetry

/// An edit that was taken.
public struct Reload: Sendable, Equatable {
    /// The revision of the tenants from now on.
    public var revision: Int
    public var tenants: Int
    /// Tenants that are new, gone, or not as they were.
    public var changedTenants: [String]
    /// What the edit changes too, and only a restart will take.
    public var waitingForRestart: [String]
}

/// The configuration, read again while calls are up.
extension Service {
    /// Takes the tenants and limits of an edited configuration, all or nothing. Running calls, and calls already
    /// announced, keep what they began with; the next ones get the new.
    ///
    /// Any thread but a loop's: fallback voices are rendered before anything changes.
    /// - Throws: `ConfigurationError` with file, line and field, or a `ServiceError`; then nothing has changed.
    @discardableResult public func reload(
        _ read: () throws -> ServiceConfiguration
    ) throws -> Reload {
        do {
            let reload = try reloading.withLock { _ in try apply(try read()) }
            reloads.took()
            log(reload)
            return reload
        } catch {
            let problems = (error as? ConfigurationError)?.problems ?? []
            let reason = problems.first.map { "\($0)" } ?? "\(error)"
            reloads.refuse(reason)
            logger.error(
                "configuration not taken",
                ["error": .failure(saying: reason), "problems": .quantity(max(1, problems.count))])
            throw error
        }
    }

    private func apply(_ edited: ServiceConfiguration) throws -> Reload {
        guard let running else { throw ServiceError("the service is not running") }
        let before = running.core.directory.snapshot
        let table = running.core.runtimes
        let runtimes = try edited.tenants.map { try table.unchanged($0) ?? makeRuntime($0, running.endpoints) }
        try makeRecordingDirectory(for: edited.tenants)
        if running.core.journals.withLock({ $0 }) == nil, let journals = try startJournals(for: edited.tenants) {
            running.core.journals.withLock { $0 = journals }
        }

        var waiting = configuration.fixedSections(differingFrom: edited)
        var limits = edited.limits
        // Shards have room for as many calls as they were made for.
        if limits.maximumCalls > configuration.limits.maximumCalls {
            limits.maximumCalls = configuration.limits.maximumCalls
            waiting.append("limits.maximumCalls")
        }
        table.replace(with: runtimes)
        running.admission.update(limits: limits, tenants: edited.tenants)
        // Last: who is announced from here on finds everything in place.
        let after = running.core.directory.replace(with: edited.tenants)
        for runtime in runtimes { running.core.renewPrompts(of: runtime) }
        let ids = Set(before.tenants.map(\.id)).union(after.tenants.map(\.id))
        return Reload(
            revision: after.revision, tenants: after.tenants.count,
            changedTenants: ids.filter { before.tenant(id: $0) != after.tenant(id: $0) }.sorted(),
            waitingForRestart: waiting)
    }

    private func log(_ reload: Reload) {
        logger.info(
            "configuration taken",
            [
                "revision": .quantity(reload.revision), "tenants": .quantity(reload.tenants),
                "changed": .names(reload.changedTenants),
            ])
        if !reload.waitingForRestart.isEmpty {
            logger.warning(
                "edit waits for a restart", ["fields": .names(reload.waitingForRestart)])
        }
    }
}
