/// Transfers and keys for the far end (S53): said first, then ordered from the carrier, and told to the agent when they
/// fail.
extension Conversation {
    /// A tool of ours was understood. It gets its output when the errand is over, or is taken back.
    mutating func errandAsked(_ call: WireID, _ what: CarrierErrand, _ actions: inout ActionList) {
        guard let index = tools.pending.firstIndex(where: { $0.call.call == call }) else {
            return actions.append(.note(.staleEventIgnored))
        }
        guard ending == nil, errand == nil, !tools.pending[index].isOrphan else {
            return toolFinished(call, #"{"error":"not possible now"}"#, &actions)
        }
        errand = Errand(what, call: tools.pending.remove(at: index).call)
        if !tools.pending.isEmpty { return armToolTimeout(&actions) }
        disarm(.toolTimeout, &actions)
        disarm(.toolFiller, &actions)
    }

    /// Part of `settle`: goes, once the caller has been told and has heard it.
    mutating func settleErrand(_ actions: inout ActionList) {
        guard let errand, errand.phase == .announcing, ending == nil, active == nil, owed == nil,
            tools.pending.isEmpty, link.stage == .ready, state == .listening || state == .thinking,
            ledger.unheard(at: now) == 0
        else { return }
        guard errand.isAnnounced else {
            self.errand?.isAnnounced = true  // Asked for once: a model that cannot say it does not hold the caller up.
            return owe(.announcement)
        }
        take(.errandDue, &actions)
    }

    mutating func beginErrand(_ actions: inout ActionList) {
        guard let what = errand?.what else { return }
        errand?.phase = .ordered
        if link.stage == .ready { actions.append(.holdUplink) }
        disarm(.digitGap, &actions)
        actions.append(.errand(what))
        arm(.errand, inMilliseconds: policy.errandMilliseconds, &actions)
    }

    /// "No, wait": what was announced is not done.
    mutating func withdrawErrand(_ actions: inout ActionList) {
        guard let withdrawn = errand, withdrawn.phase == .announcing, !withdrawn.isOperators else { return }
        errand = nil
        actions.append(.note(.errandWithdrawn))
        report(withdrawn, #"{"error":"interrupted by the caller"}"#, &actions)
    }

    // MARK: While the carrier has the call

    /// The stream ended.
    /// - Returns: true when that was to be expected.
    mutating func streamLeft() -> Bool {
        guard state == .away else { return false }
        errand?.isStreamGone = true
        return true
    }

    /// The stream is back, or a new one.
    mutating func streamCameBack(_ actions: inout ActionList) {
        guard state == .away, let errand else { return }
        let isExpected = errand.phase == .returning || errand.isStreamGone || errand.isAccepted
        guard isExpected else { return }  // A carrier's retry: the errand has yet to begin.
        switch errand.what {
        case .transfer: comeBack(errand.outcome ?? .failed, &actions)
        case .sendDigits: comeBack(.answered, &actions)
        }
    }

    mutating func errandFinished(_ outcome: ErrandOutcome, _ actions: inout ActionList) {
        guard state == .away, let errand else { return actions.append(.note(.staleEventIgnored)) }
        switch outcome {
        case .accepted: self.errand?.isAccepted = true
        case .refused:
            if errand.isStreamGone { return end(.callerHungUp, &actions) }  // There was no call any more.
            comeBack(.refused, &actions)
        case .answered: if case .transfer = errand.what { end(.transferred, &actions) }
        case .busy, .noAnswer, .failed:
            self.errand?.phase = .returning
            self.errand?.outcome = outcome
            arm(.errand, inMilliseconds: policy.errandReturnMilliseconds, &actions)
        case .callerHungUp: end(.callerHungUp, &actions)
        }
    }

    /// Nobody has said that it failed.
    mutating func errandOverdue(_ actions: inout ActionList) {
        guard state == .away, let errand else { return }
        guard errand.isStreamGone || errand.phase == .returning else { return comeBack(.failed, &actions) }
        switch errand.what {
        case .transfer where errand.phase == .ordered: end(.transferred, &actions)
        case .transfer, .sendDigits: end(.carrierLost, &actions)
        }
    }

    /// The agent has the caller again.
    private mutating func comeBack(_ outcome: ErrandOutcome, _ actions: inout ActionList) {
        guard let finished = errand else { return }
        errand = nil
        disarm(.errand, &actions)
        guard finished.call != nil || finished.isOperators else { return end(.modelUnavailable, &actions) }
        actions.append(.note(outcome == .answered ? .errandDone : .errandFailed))
        take(.errandOver, &actions)
        report(finished, Self.output(of: outcome), &actions)
        toolAnswered()
        owe(.toolAnswer)
        if link.stage != .ready { restartSession(&actions) }
    }

    private static func output(of outcome: ErrandOutcome) -> String {
        switch outcome {
        case .answered, .accepted: #"{"ok":true}"#
        case .refused: #"{"error":"the telephone system did not accept it"}"#
        case .busy: #"{"error":"the line is busy"}"#
        case .noAnswer: #"{"error":"nobody answered"}"#
        case .failed, .callerHungUp: #"{"error":"it could not be connected"}"#
        }
    }

    private mutating func report(_ errand: Errand, _ output: String, _ actions: inout ActionList) {
        guard let call = errand.call else { return tellOfOperators(errand, output, &actions) }
        give(output, of: call, isOrphan: errand.isOrphan, &actions)
    }

    // MARK: Without a model

    /// The fallback message was heard, and the tenant wants a person to go on.
    /// - Returns: false when there is nobody to transfer to: then the call is hung up.
    mutating func transferAfterFallback(_ actions: inout ActionList) -> Bool {
        guard state == .fallback, ending?.reason == .modelUnavailable, errand == nil,
            !policy.transferWhenModelUnavailable.isEmpty
        else { return false }
        errand = Errand(.transfer(to: policy.transferWhenModelUnavailable), call: nil)
        disarm(.hangUpAfterGoodbye, &actions)
        return take(.errandDue, &actions)
    }
}
