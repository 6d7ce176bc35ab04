import Conversation

/// What the agenda brings: the caller's acts and how they are heard, and the model's messages.
extension SimulatedCall {
    mutating func happen(_ what: Happening) {
        switch what {
        case .act(let serial): if serial == caller.serial, carrier.isUp { act() }
        case .voice(let edge): if carrier.isUp { give(.voice(edge)) }
        case .callerFinished: if carrier.isUp { caller.awaitCue(at: now, &agenda) }
        case .strike(let index): strike(plan.faults[Int(index)])
        case .session(let step, let session): sessionSays(step, session)
        case .response(let index): goOn(index)
        case .responseDone(let index, let fate): done(index, fate)
        case .cancelRefused(let session):
            say(.error(ModelError(code: "response_cancel_not_active")), of: session)
        case .createRefused(let session):
            say(.error(ModelError(code: "conversation_already_has_active_response")), of: session)
        case .heard(let step, let item, let session): modelHears(step, item, session)
        case .toolFinished(let number):
            give(.toolFinished(call: WireNames.call(number), output: lastToolOutput))
        case .fallbackQueued: give(.fallbackQueued)
        case .carrierNoticed: give(.carrierClosed(carrierClose))
        case .errandRefused: give(.errandFinished(.refused))
        case .machineEnds: give(.answeredBy(.machineEndBeep))
        }
    }

    // MARK: The caller

    private mutating func act() {
        let deed = caller.takeAct()
        trace?.caller(deed, at: now)
        var length: Int64 = 0
        switch deed {
        case .speaks(let milliseconds):
            utter(milliseconds, locally: true, remotely: true)
            length = milliseconds + 400
        case .saysBye(let milliseconds):
            model.endsCallNext = true
            utter(milliseconds, locally: true, remotely: true)
            length = milliseconds + 400
        case .coughs(let milliseconds):
            utter(milliseconds, locally: true, remotely: milliseconds & 1 == 1)
            length = milliseconds + 400
        case .backchannels:
            saysMhmm = true
            utter(400, locally: true, remotely: true)
            length = 800
        case .mumbles(let milliseconds):
            utter(milliseconds, locally: false, remotely: true)
            length = milliseconds + 400
        case .waits(let milliseconds): length = milliseconds
        case .presses(let key):
            rules.sign(until: now)
            give(.carrierDigit(key))
            length = 300
        case .hangsUp: return give(plan.seed & 1 == 0 ? .carrierStopped : .carrierClosed(.peer))
        }
        rules.sign(until: now + length)
        agenda.add(.callerFinished, at: now + length)
    }

    /// Sound on the line, as our detector and the model's hear it.
    mutating func utter(_ length: Int64, locally: Bool, remotely: Bool) {
        if locally { hearLocally(length) }
        guard remotely else { return }
        if caller.isUnheard {
            caller.isUnheard = false
        } else if isUplinkOpen, let session = model.primary, session.isConfigured {
            hearRemotely(from: now, until: now + length, session: session.number)
        } else {
            caller.unheard = (now, now + length)
        }
    }

    private mutating func hearLocally(_ length: Int64) {
        agenda.add(.voice(.onset(startedMillisecondsAgo: 60)), at: now + 60)
        guard length >= 160 else { return agenda.add(.voice(.lapsed), at: now + max(80, length) + 40) }
        if caller.isChopped, length > 600 {
            caller.isChopped = false
            agenda.add(.voice(.lapsed), at: now + 130)
            agenda.add(.voice(.onset(startedMillisecondsAgo: 60)), at: now + 300)
            agenda.add(.voice(.sustained), at: now + 400)
        } else {
            agenda.add(.voice(.sustained), at: now + 160)
        }
        agenda.add(.voice(.offset(endedMillisecondsAgo: 200)), at: now + length + 200)
    }

    private mutating func hearRemotely(from: Int64, until: Int64, session: Int32) {
        caller.unheard = (from, until)
        caller.items += 1
        let item = caller.items
        if saysMhmm { caller.mhmms.insert(item) }
        saysMhmm = false
        let silence = plan.policy.modelSilenceMilliseconds
        var started = max(now, from + plan.timing.hearing + caller.startDelay)
        caller.startDelay = 0
        let stopped = max(max(until + silence, started + 60), now + 120)
        agenda.add(.heard(.started, item: item, session: session), at: started)
        while caller.startRepeats > 0 {
            caller.startRepeats -= 1
            started += 40
            if started < stopped { agenda.add(.heard(.started, item: item, session: session), at: started) }
        }
        agenda.add(.heard(.stopped, item: item, session: session), at: stopped)
        agenda.add(.heard(.committed, item: item, session: session), at: stopped)
        var written = stopped + plan.timing.transcript
        if !caller.transcripts.isEmpty {
            switch caller.transcripts.removeFirst() {
            case .late(let milliseconds): written += milliseconds
            case .failed: return agenda.add(.heard(.failed, item: item, session: session), at: written)
            case .partial: return agenda.add(.heard(.partial, item: item, session: session), at: written)
            case .missing: return
            }
        }
        agenda.add(.heard(.transcribed, item: item, session: session), at: written)
    }

    /// What a session did not hear to its end is kept, and goes to the next one first.
    mutating func hearAgain() {
        guard let (from, until) = caller.unheard, let session = model.primary, now - until < 10_000 else { return }
        hearRemotely(from: from, until: until, session: session.number)
    }

    private mutating func modelHears(_ step: HearingStep, _ number: Int32, _ session: Int32) {
        guard model.primary?.number == session else { return }
        let item = WireNames.callerItem(number)
        switch step {
        case .started:
            // The server stops its own response first, then tells.
            if model.decidesTurns { model.cancel(.turnDetected, at: now, &agenda) }
            give(.model(.speechStarted(item: item, audioStartMilliseconds: now)))
        case .stopped: give(.model(.speechStopped(item: item, audioEndMilliseconds: now)))
        case .committed:
            caller.unheard = nil
            give(.model(.committed(item: item, previous: nil)))
            if model.decidesTurns { model.answerUnasked(at: now, &agenda) }
        case .partial: give(.model(.inputTranscript(item: item, .partial("words"))))
        case .transcribed:
            give(
                .model(
                    .inputTranscript(item: item, .final(caller.mhmms.contains(number) ? "Mhmm." : "words \(number)"))))
        case .failed:
            give(.model(.inputTranscript(item: item, .failed(code: "audio_unintelligible", message: ""))))
        }
    }

    // MARK: The model

    /// An event of a session that is not ours any more comes to nobody.
    mutating func say(_ event: ModelEvent, of session: Int32) {
        if model.primary?.number == session {
            give(.model(event))
        } else if model.isStandby(session) {
            give(.standby(.model(event)))
        }
    }

    mutating func sessionSays(_ step: SessionStep, _ session: Int32) {
        guard model.isAlive(session) else { return }
        switch step {
        case .opened:
            model.opened(session)
            give(model.isStandby(session) ? .standby(.opened) : .modelOpened)
        case .refused: close(.refused(httpStatus: model.refusalStatus), session)
        case .busy: close(.refused(httpStatus: 429), session)
        case .unreachable: close(.unreachable, session)
        case .updated:
            model.configured(session)
            let echo = model.echo(isRight: true)
            if let life = echo.remainingMilliseconds {
                agenda.add(.session(.expired, session: session), at: now + life)
            }
            model.sessionLife = 0
            say(.sessionUpdated(echo), of: session)
        case .expired:
            say(.error(ModelError(code: "session_expired")), of: session)
            if model.isAlive(session) { close(.closed(code: 1_001), session) }
        case .wrong: say(.sessionUpdated(model.echo(isRight: false)), of: session)
        case .fieldsRefused: say(.error(ModelError(code: "unknown_parameter", eventID: "configure-1")), of: session)
        }
    }

    mutating func close(_ how: ModelClose, _ session: Int32) {
        if model.isStandby(session) {
            model.closeStandby()
            give(.standby(.closed(how)))
        } else {
            model.close()
            isUplinkOpen = false
            give(.modelClosed(how))
        }
    }

    private mutating func goOn(_ index: Int32) {
        let response = model.responses[Int(index)]
        guard model.primary?.number == response.session else { return }
        if playout.isFull, response.stage == .speaking {  // Its socket is not read: nothing of it comes for now.
            return agenda.add(.response(index), at: now + 20)
        }
        guard let step = model.step(index, at: now, &agenda) else { return }
        let (name, item) = (WireNames.response(response.number), WireNames.agentItem(response.item))
        if step.isCreated { give(.model(.responseCreated(response: name))) }
        for word in step.words {
            give(.model(.outputTranscriptDelta(response: name, item: item, text: response.words[word])))
        }
        if step.samples > 0 { play(step.samples, of: response) }
        if step.isAudioDone {
            endItem(of: response.number)
            give(.model(.outputAudioDone(response: name, item: item)))
            give(.model(.outputTranscriptDone(response: name, item: item, text: response.plan.text)))
        }
        if let tools = step.tools {
            let asked = model.responses[Int(index)]
            for number in tools { callTool(number, of: asked) }
        }
    }

    mutating func callTool(_ number: Int32, of response: SimulatedModel.Response) {
        let call = ToolCall(
            response: WireNames.response(response.number), item: "item_t", call: WireNames.call(number),
            name: model.toolName(number, of: response), arguments: "{}")
        say(.toolCall(call), of: response.session)
        if repeatsTool {
            repeatsTool = false
            say(.toolCall(call), of: response.session)
        }
    }

    private mutating func done(_ index: Int32, _ fate: ResponseFate) {
        let isCancel = fate == .cancelled || fate == .turnDetected
        guard model.isOver(index, cancelled: isCancel) else { return }
        let response = model.responses[Int(index)]
        var outcome = ResponseOutcome(response: WireNames.response(response.number), status: .completed)
        switch fate {
        case .completed: break
        case .cancelled: (outcome.status, outcome.reason) = (.cancelled, "client_cancelled")
        case .turnDetected: (outcome.status, outcome.reason) = (.cancelled, "turn_detected")
        case .failed: (outcome.status, outcome.errorCode) = (.failed, "server_error")
        case .rateLimited: (outcome.status, outcome.errorCode) = (.failed, "rate_limit_exceeded")
        case .quota: (outcome.status, outcome.errorCode) = (.failed, "insufficient_quota")
        case .incomplete: (outcome.status, outcome.reason) = (.incomplete, "max_output_tokens")
        }
        outcome.usage.outputAudio = response.plan.milliseconds / 50
        endItem(of: response.number)
        say(.responseDone(outcome), of: response.session)
    }
}
