/// What the rows of the table do.
extension Conversation {
    mutating func perform(_ effect: ConversationEffect, _ actions: inout ActionList) {
        switch effect {
        case .startTimers:
            if policy.mode == .agent { arm(.modelGiveUp, inMilliseconds: policy.modelGiveUpMilliseconds, &actions) }
            arm(.maximumDuration, inMilliseconds: policy.maximumDurationMilliseconds, &actions)
        case .openModel:
            link.stage = .opening
            link.sessions += 1
            actions.append(.openModel(link.route))
            if hasFreshRoute { arm(.modelRoute, inMilliseconds: policy.routeMilliseconds, &actions) }
        case .retryLater:
            link.stage = .waiting
            arm(.modelReconnect, inMilliseconds: link.retryMilliseconds, &actions)
        case .configure:
            link.stage = .configuring
            actions.append(.send(.configure(optionalFields: link.sendsOptionalFields)))
            arm(.modelConfigure, inMilliseconds: policy.configureMilliseconds, &actions)
        case .openUplink:
            if link.repeatMilliseconds > 0 { actions.append(.repeatUplink(milliseconds: link.repeatMilliseconds)) }
            link.repeatMilliseconds = 0
            actions.append(.openUplink)
            if !digits.isEmpty { arm(.digitGap, inMilliseconds: policy.digitGapMilliseconds, &actions) }
        case .holdUplink: actions.append(.holdUplink)
        case .introduceCaller: introduceCaller(&actions)
        case .replayHistory: replayHistory(&actions)
        case .requestGreeting: request(OwedReply(purpose: .greeting), &actions)
        case .requestResponse:
            guard let reply = owed else { return }
            owed = nil
            request(reply, &actions)
        case .cancelResponse:
            if ledger.queued > 0 { cut(byCaller: false, &actions) } else { cancelActive(&actions) }
        case .beginAgentTurn:
            if let greetingResponse, ledger.newest?.response == greetingResponse { hasGreeted = true }
            storeNewestTurn(&actions)
        case .endAgentTurns: endHeardTurns(&actions)
        case .pausePlayout:
            interruption.isPending = true
            actions.append(.pausePlayout)
            actions.append(.note(.interruptionPending))
            arm(.confirmInterruption, inMilliseconds: policy.confirmInterruptionMilliseconds, &actions)
        case .resumePlayout:
            guard interruption.isPending else { return }
            interruption.isPending = false
            disarm(.confirmInterruption, &actions)
            actions.append(.resumePlayout)
        case .cutPlayout: cut(byCaller: interruption.isBeingConfirmed, &actions)
        case .awaitGoodbye:
            arm(.hangUpAfterGoodbye, inMilliseconds: policy.goodbyeLimitMilliseconds, &actions)
        case .playFallback: playFallback(&actions)
        case .beginErrand: beginErrand(&actions)
        case .resumeUplink: if link.stage == .ready { actions.append(.openUplink) }
        case .hangUp: hangUp(&actions)
        case .release: release(&actions)
        }
    }

    private mutating func request(_ reply: OwedReply, _ actions: inout ActionList) {
        active = ActiveResponse(purpose: reply.purpose, isRetry: reply.isRetry)
        answerAsked(reply.purpose)
        if reply.purpose == .toolAnswer { tools.rounds += 1 }
        actions.append(.send(.createResponse(instructions: instructions(for: reply.purpose))))
        arm(.responseStart, inMilliseconds: policy.responseStartMilliseconds, &actions)
    }

    private func introduceCaller(_ actions: inout ActionList) {
        if let introduction = introduction() { actions.append(.send(introduction)) }
    }

    private mutating func playFallback(_ actions: inout ActionList) {
        dropStandby(&actions)
        if link.stage != .closed && link.stage != .waiting { actions.append(.closeModel) }
        link.stage = .closed
        (active, owed, errand, digits) = (nil, nil, nil, "")
        tools.pending.removeAll()
        for timer in TimerID.allCases where timer != .maximumDuration { disarm(timer, &actions) }
        if ledger.unheard(at: now) > 0 || interruption.isPending { cut(byCaller: false, &actions) }
        let item = ledger.item(response: nil, wireItem: nil, at: now)
        _ = turns.addSpeech(.init(playout: item, text: policy.fallbackText, isWhole: true))
        actions.append(.note(.fallbackSpoken))
        actions.append(.playFallback(item))
        arm(.hangUpAfterGoodbye, inMilliseconds: policy.goodbyeLimitMilliseconds, &actions)
    }

    /// R5: the only place that hangs up.
    private mutating func hangUp(_ actions: inout ActionList) {
        interruption.isPending = false
        dropStandby(&actions)
        closeTurns(&actions)
        if !defects.contains(.timersOutlive) { for timer in TimerID.allCases { disarm(timer, &actions) } }
        (active, owed, errand) = (nil, nil, nil)
        tools.pending.removeAll()
        actions.append(.hangUp(ending?.reason ?? .operatorAsked))
        if awaitsTranscripts { arm(.transcriptGrace, inMilliseconds: policy.transcriptGraceMilliseconds, &actions) }
    }

    private mutating func release(_ actions: inout ActionList) {
        disarm(.transcriptGrace, &actions)
        if link.stage == .ready { loseTranscripts(&actions) }
        if link.stage != .closed && link.stage != .waiting { actions.append(.closeModel) }
        link.stage = .closed
        settleCost(&actions)
        actions.append(.persist(.ended(ending?.reason ?? .operatorAsked, at: now)))
    }
}
