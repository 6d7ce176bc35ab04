import Conversation

/// What each fault does when its time comes.
extension SimulatedCall {
    mutating func strike(_ planned: PlannedFault) {
        guard conversation.state != .ended else { return }
        struck.append(planned.fault)
        trace?.fault(planned, at: now)
        switch planned.fault {
        case .noMarks, .playoutFull: break  // Of the whole call.
        case .marksLost, .marksSlow, .marksStale, .carrierLag, .playbackStalls, .carrierRetries, .carrierStops,
            .carrierCloses, .carrierHalfOpen, .carrierStalls, .carrierBreaksProtocol:
            strikeCarrier(planned)
        case .speechChopped: caller.isChopped = true
        case .agentEchoes: if carrier.isPlaying(at: now) { utter(planned.amount, locally: false, remotely: true) }
        case .noise:
            if carrier.isUp, conversation.state != .waiting { utter(planned.amount, locally: true, remotely: false) }
        case .machineAnswers:
            give(.answeredBy(.machineStart))
            if planned.amount > 0 { agenda.add(.machineEnds, at: now + planned.amount) }
        case .connectRefused, .connectBusy, .connectUnreachable, .connectSlow, .modelDrops, .sessionExpires, .echoWrong,
            .echoMissing, .echoSlow, .echoTwice, .fieldsRefused, .sessionShort:
            strikeSession(planned)
        case .responseEmpty: model.plan(.empty, times: planned.amount)
        case .responseFailed: model.plan(.failed, times: planned.amount)
        case .responseIncomplete: model.plan(.incomplete)
        case .responseRateLimited: model.plan(.rateLimited)
        case .quotaExhausted: model.plan(.quotaSpent)
        case .responseCancelled: model.plan(.cancelledByServer)
        case .responseLost: model.plan(.lost, times: planned.amount)
        case .responseSlow: model.plan(.slow(planned.amount))
        case .responseStalls: model.plan(.stalls(planned.amount))
        case .deltasStale: model.deltasGoStale = true
        case .doneStale, .answersUnasked, .errorBenign, .errorUnknown: strikeMessages(planned)
        case .speechUnheard: caller.isUnheard = true
        case .speechStartLate: caller.startDelay = planned.amount
        case .speechStartRepeated: caller.startRepeats = 20
        case .transcriptLate: caller.transcripts.append(.late(planned.amount))
        case .transcriptFailed: caller.transcripts.append(.failed)
        case .transcriptPartial: caller.transcripts.append(.partial)
        case .transcriptMissing: caller.transcripts.append(.missing)
        case .toolSlow: tools.plan(.slow(planned.amount))
        case .toolFails: tools.plan(.error)
        case .toolNever: tools.plan(.never)
        case .toolRepeated: repeatsTool = true
        case .toolStray: give(.toolFinished(call: WireNames.call(model.toolCalls + 1), output: "{}"))
        case .storeStalls: store.stall(planned.amount, at: now)
        case .storeFails: store.fail(times: planned.amount, at: now)
        case .threadStalls: stalledUntil = now + planned.amount
        case .deadlineStray:
            let timers = TimerID.allCases
            give(.deadline(timers[Int(planned.at) % timers.count]))
        case .operatorDrains: give(.command(.drain))
        case .operatorHangsUp: give(.command(.hangUp))
        }
    }

    private mutating func strikeCarrier(_ planned: PlannedFault) {
        guard carrier.isUp else { return }
        switch planned.fault {
        case .marksLost: carrier.losesEvery = Int(planned.amount)
        case .marksSlow: carrier.echoDelay = planned.amount
        case .marksStale:
            guard conversation.state != .waiting else { return }
            give(.carrierMark(PlaybackMark(generation: 1, item: PlayoutItem(ordinal: 1), samples: 999_999)))
        case .carrierLag: carrier.lag = planned.amount
        case .playbackStalls: carrier.stall(planned.amount, at: now)
        case .carrierRetries:
            guard conversation.state != .waiting else { return }
            carrier.replace(at: now)
            give(.carrierStarted(stream: "MZ2"))
        case .carrierStops: give(.carrierStopped)
        case .carrierCloses: give(.carrierClosed(.peer))
        case .carrierHalfOpen:
            carrier.losesEvery = 1
            carrierClose = .halfOpen
            agenda.add(.carrierNoticed, at: now + 5_000)
        case .carrierStalls: give(.carrierClosed(.stalled))
        case .carrierBreaksProtocol: give(.carrierClosed(.protocolViolation))
        default: break
        }
    }

    private mutating func strikeSession(_ planned: PlannedFault) {
        switch planned.fault {
        case .connectRefused:
            model.refusals = (1, .refused)
            model.refusalStatus = Int(planned.amount)
        case .connectBusy: model.refusals = (planned.amount, .busy)
        case .connectUnreachable: model.refusals = (planned.amount, .unreachable)
        case .connectSlow: model.connectDelay = planned.amount
        case .sessionShort: model.sessionLife = planned.amount
        case .echoWrong: model.echoes.append(.wrong)
        case .echoMissing: model.echoes.append(.missing)
        case .echoSlow: model.echoes.append(.slow(planned.amount))
        case .echoTwice: model.echoes.append(.twice)
        case .fieldsRefused: model.echoes.append(.fieldsRefused)
        case .modelDrops:
            guard let session = model.primary, session.isOpen else { return }
            model.refusals = (planned.amount, .unreachable)
            close(.closed(code: 1_006), session.number)
        case .sessionExpires:
            guard let session = model.primary, session.isConfigured else { return }
            model.refusals = (planned.amount, .unreachable)
            say(.error(ModelError(code: "session_expired")), of: session.number)
            if model.primary?.number == session.number { close(.closed(code: 1_001), session.number) }
        default: break
        }
    }

    private mutating func strikeMessages(_ planned: PlannedFault) {
        guard let session = model.primary, session.isConfigured else { return }
        switch planned.fault {
        case .doneStale:
            let over = model.responses.last { $0.number - 1 != session.active }
            guard let over else { return }
            let outcome = ResponseOutcome(response: WireNames.response(over.number), status: .completed)
            say(.responseDone(outcome), of: session.number)
        case .answersUnasked: model.answerUnasked(at: now, &agenda)
        case .errorBenign:
            say(.error(ModelError(code: "input_audio_buffer_commit_empty")), of: session.number)
        case .errorUnknown:
            say(.error(ModelError(type: "server_error", code: "weather", message: "Rain.")), of: session.number)
        default: break
        }
    }
}
