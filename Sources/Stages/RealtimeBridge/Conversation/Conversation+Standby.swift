/// Make before break: the next session is opened, configured, checked (R3) and told the call so far while the present
/// one goes on, and takes over in a silence (S57). docs/decisions/0009 says why it is done so.
extension Conversation {
    /// Of the caller's audio this much goes to a new session once more in any case: a word may just have begun that
    /// nobody has noticed yet.
    static let repeatedMilliseconds: Int64 = 500
    /// What a detector needs before the moment at which it says that speech began.
    static let speechLeadMilliseconds: Int64 = 300
    /// An utterance that the model began to hear and never committed is waited for no longer than this.
    static let openUtteranceMilliseconds: Int64 = 30_000

    // MARK: When

    /// A session became ready, or has just taken over.
    mutating func armRenewal(expiresAt: CallInstant?, since start: CallInstant, _ actions: inout ActionList) {
        guard policy.renewalMilliseconds > 0 else { return }
        var due = start.advanced(byMilliseconds: policy.renewalMilliseconds)
        if let expiresAt, case let life = expiresAt.milliseconds(since: start), life > 0 {
            due = expiresAt.advanced(byMilliseconds: -min(policy.renewalMarginMilliseconds, life / 4))
        }
        arm(.renewal, at: due, &actions)
    }

    func expiry(_ echo: SessionEcho) -> CallInstant? {
        guard let remaining = echo.remainingMilliseconds, remaining > 0, remaining < 1_000_000_000 else { return nil }
        return now.advanced(byMilliseconds: remaining)
    }

    /// Timer `renewal`.
    mutating func renewalDue(_ actions: inout ActionList) {
        guard link.stage == .ready, ending == nil else { return }
        if standby.stage == .absent { standby = Standby() }
        guard
            let route = route(from: standby.failures == 0 ? link.route.index : 0, fresh: true, tried: standby.tried),
            standby.take(.renewalDue)
        else { return }
        openStandby(route, &actions)
    }

    private mutating func openStandby(_ route: ModelRoute, _ actions: inout ActionList) {
        standby.route = route
        standby.sendsOptionalFields = route == link.route ? link.sendsOptionalFields : true
        link.sessions += 1
        actions.append(.openStandby(route))
        arm(.standby, inMilliseconds: policy.standbyMilliseconds, &actions)
    }

    // MARK: What it says

    mutating func standbySaid(_ event: StandbyEvent, _ actions: inout ActionList) {
        switch event {
        case .opened:
            guard standby.take(.standbyOpened) else { return actions.append(.note(.staleEventIgnored)) }
            configureStandby(&actions)
        case .closed(let close):
            guard standby.stage != .absent, standby.stage != .waiting else { return }
            standbyFailed(RouteFailure(close), isOpen: false, &actions)
        case .model(.sessionUpdated(let echo)): standbyConfirmed(echo, &actions)
        case .model(.error(let error)): standbyComplains(error, &actions)
        case .model: break  // Nothing was asked of it yet.
        }
    }

    private mutating func configureStandby(_ actions: inout ActionList) {
        actions.append(.sendStandby(.configure(optionalFields: standby.sendsOptionalFields)))
    }

    private mutating func standbyConfirmed(_ echo: SessionEcho, _ actions: inout ActionList) {
        guard standby.stage == .configuring else { return }
        guard accepts(echo) else {
            actions.append(.note(.configurationRefused))
            return standbyFailed(.misconfigured, isOpen: true, &actions)
        }
        _ = standby.take(.standbyConfirmed)
        disarm(.standby, &actions)
        standby.expiresAt = expiry(echo)
        if let introduction = introduction() { actions.append(.sendStandby(introduction)) }
        let settled = firstUnsettledTurn
        let told = history(from: 0, upTo: settled)
        for command in told { actions.append(.sendStandby(command)) }
        standby.firstUntold = settled
        arm(.standbySwitch, inMilliseconds: policy.standbySwitchMilliseconds, &actions)
    }

    private mutating func standbyComplains(_ error: ModelError, _ actions: inout ActionList) {
        if standby.stage == .configuring, error.eventID.hasPrefix("configure") {
            actions.append(.note(.configurationRefused))
            guard standby.sendsOptionalFields, standby.take(.standbyRefused) else {
                return standbyFailed(.misconfigured, isOpen: true, &actions)
            }
            standby.sendsOptionalFields = false
            return configureStandby(&actions)
        }
        if let failure = RouteFailure(errorCode: error.code) {
            standbyFailed(failure, isOpen: true, &actions)
        } else if error.code == "session_expired" {
            standbyFailed(.closed, isOpen: true, &actions)
        }
    }

    /// Timer `standby`.
    mutating func standbyOverdue(_ actions: inout ActionList) {
        guard standby.stage == .opening || standby.stage == .configuring else { return }
        standbyFailed(.timedOut, isOpen: true, &actions)
    }

    /// The next address at once, or all of them again after a while; the session in use goes on meanwhile.
    private mutating func standbyFailed(_ failure: RouteFailure, isOpen: Bool, _ actions: inout ActionList) {
        guard standby.take(.standbyFailed) else { return }
        if isOpen { actions.append(.closeStandby) }
        actions.append(.routeFailed(standby.route, failure))
        actions.append(.note(.standbyFailed))
        disarm(.standby, &actions)
        disarm(.standbySwitch, &actions)
        standby.isLate = false
        standby.failures += 1
        standby.tried.insert(standby.route)
        if failure.isFinal, standby.route != link.route { link.refused.insert(standby.route) }
        if let next = route(from: standby.route.index + 1, fresh: true, tried: standby.tried),
            standby.take(.renewalDue)
        {
            return openStandby(next, &actions)
        }
        standby.tried.removeAll()
        arm(.renewal, inMilliseconds: policy.standbyRetryMilliseconds * Int64(min(standby.failures, 6)), &actions)
    }

    /// The call ends, or its session is gone and this one is not ready: the ordinary way back is taken.
    mutating func dropStandby(_ actions: inout ActionList) {
        disarm(.renewal, &actions)
        disarm(.standby, &actions)
        disarm(.standbySwitch, &actions)
        let isOpen = standby.stage != .absent && standby.stage != .waiting
        guard standby.take(.notWanted) else { return }
        if isOpen { actions.append(.closeStandby) }
    }

    // MARK: The switch

    /// Part of `settle`: it takes over when nobody would notice.
    mutating func settleStandby(_ actions: inout ActionList) {
        guard standby.stage == .primed, link.stage == .ready, isBetweenTurns else { return }
        if isSilent || standby.isLate { switchToStandby(&actions) }
    }

    /// Nothing is being said or worked on that only the present session knows.
    private var isBetweenTurns: Bool {
        guard ending == nil, active == nil, owed == nil, errand == nil, tools.pending.isEmpty, !interruption.isPending,
            !speech.awaitsOwnAnswer, machine.stage == .none,
            state == .listening || state == .speaking || state == .greeting
        else { return false }
        for utterance in speech.utterances
        where now.milliseconds(since: utterance.startedAt) < Self.openUtteranceMilliseconds { return false }
        return true
    }

    private var isSilent: Bool {
        state == .listening && !voice.isSpeaking && digits.isEmpty && ledger.unheard(at: now) == 0 && !awaitsTranscripts
    }

    /// The second session is the first from here on; nothing the old one says will be heard (R6, R8).
    mutating func switchToStandby(_ actions: inout ActionList) {
        for command in history(from: standby.firstUntold) { actions.append(.sendStandby(command)) }
        for result in tools.orphanResults { actions.append(.sendStandby(.createText(role: .system, text: result))) }
        tools.orphanResults.removeAll()
        if let lost = lostWords() { actions.append(.sendStandby(lost)) }
        guard standby.take(.takenOver) else { return }
        actions.append(.switchToStandby)
        loseTranscripts(&actions)
        (link.stage, link.route, link.attempts) = (.ready, standby.route, 0)
        (link.sendsOptionalFields, link.wasResent) = (standby.sendsOptionalFields, false)
        link.tried.removeAll()
        link.unansweredCancels = 0
        let repeated = max(link.repeatMilliseconds, unheardByNewSession)
        link.repeatMilliseconds = 0
        if repeated > 0 { actions.append(.repeatUplink(milliseconds: repeated)) }
        speech = ModelSpeech()
        link.foreignItems = ledger.newest?.item.ordinal ?? 0
        disarm(.standbySwitch, &actions)
        armRenewal(expiresAt: standby.expiresAt, since: now, &actions)
        standby.isLate = false
        actions.append(.note(.sessionRenewed))
    }

    /// How much of the caller's newest audio the session in use has and has not made a turn of.
    var unheardByNewSession: Int64 { unheard(at: now) }

    /// How much of the caller's audio that was forwarded another session might be sent once more, were it needed at
    /// `instant`, in milliseconds: whoever keeps that audio need keep no more.
    public func repeatableMilliseconds(at instant: CallInstant) -> Int64 {
        max(link.repeatMilliseconds, unheard(at: max(now, instant)))
    }

    private func unheard(at now: CallInstant) -> Int64 {
        var since = now.advanced(byMilliseconds: -Self.repeatedMilliseconds)
        if let utterance = speech.utterances.first(where: { !$0.isRejected }) {
            since = min(since, utterance.startedAt.advanced(byMilliseconds: -Self.speechLeadMilliseconds))
        }
        if voice.isSpeaking, let start = voice.startedAt {
            since = min(since, start.advanced(byMilliseconds: -Self.speechLeadMilliseconds))
        }
        // What was committed is a turn already: it is told as text.
        return max(0, now.milliseconds(since: max(since, link.committedAt)))
    }
}
