import Conversation

/// The second session of a call in virtual time: a model like the first, whose events are a standby's until it takes over.
extension CallRig {
    func openStandby(_ route: ModelRoute) {
        var fresh = nextStandby
        fresh.continueNames(of: model)
        fresh.open(route, at: now)
        standby = fresh
        nextStandby.refusesToOpen = max(0, nextStandby.refusesToOpen - 1)
        standbyOpens += 1
    }

    func performOnStandby(_ step: ScriptedModel.Step) {
        guard case .event(let event) = step else { return }
        switch event {
        case .modelOpened: give(.standby(.opened))
        case .model(let said): give(.standby(.model(said)))
        case .modelClosed(let close):
            standby = nil
            give(.standby(.closed(close)))
        default: break
        }
    }

    func switchToStandby() {
        guard var next = standby else { return }
        next.continueNames(of: model)
        model = next
        standby = nil
    }

    /// What the second session was told, and asked.
    var standbyCommands: [ModelCommand] {
        all.compactMap { if case .sendStandby(let command) = $0 { command } else { nil } }
    }
    var renewals: Int { noted(.sessionRenewed) }
    var routeFailures: [RouteFailure] {
        all.compactMap { if case .routeFailed(_, let failure) = $0 { failure } else { nil } }
    }
    var repeats: [Int64] {
        all.compactMap { if case .repeatUplink(let milliseconds) = $0 { milliseconds } else { nil } }
    }
}
