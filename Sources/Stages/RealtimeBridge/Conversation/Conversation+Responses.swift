/// Why a response was asked for. The order is that of urgency: of two owed ones the greater is asked for.
enum ReplyPurpose: Int, Comparable, Sendable {
    case filler, silencePrompt, announcement, resumption, operatorWords, toolAnswer, digits, turn, greeting, own,
        goodbye

    static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    /// Somebody waits for it: it is asked for again when nothing of it was heard.
    var isAnswer: Bool { self == .turn || self == .digits || self == .toolAnswer }

    /// What is asked for in its place when it has to be asked for once more: the greeting is asked for once (R4).
    var again: ReplyPurpose { self == .greeting || self == .own ? .turn : self }
}

struct ActiveResponse: Sendable {
    /// Nil until `response.created`.
    var id: WireID?
    var purpose: ReplyPurpose
    var isRetry = false
    var cancelRequested = false
    /// Audio of it was admitted.
    var hadAudio = false
    /// A frame of it went to the carrier.
    var playoutBegan = false
    /// What the ledger had received when `responseStart` last ran out.
    var receivedAtLastLook = 0
    var toolCalls = 0
    var calledEnd = false
}

struct OwedReply: Sendable, Equatable {
    var purpose: ReplyPurpose
    var isRetry = false
    /// Held until the caller's words are committed, or a timer ends the wait.
    var waitsForCaller = false
}

extension Conversation {
    /// Notes that an answer is due. One owed reply answers everything said before it is asked for.
    mutating func owe(_ purpose: ReplyPurpose, waits: Bool = false, retried: Bool = false) {
        guard policy.mode == .agent else { return }  // Nobody is there to say it.
        let reply = OwedReply(purpose: purpose, isRetry: retried, waitsForCaller: waits)
        guard let owed else { return self.owed = reply }
        self.owed = OwedReply(
            purpose: max(owed.purpose, purpose), isRetry: owed.isRetry || retried,
            waitsForCaller: owed.waitsForCaller && waits)
    }

    /// Part of `settle`: asks, when nothing is active and the floor allows it.
    mutating func askForOwedReply(_ actions: inout ActionList) {
        guard let reply = owed, active == nil || defects.contains(.answersTwice), link.stage == .ready,
            !reply.waitsForCaller
        else { return }
        guard state != .goodbye || reply.purpose == .goodbye else { return owed = nil }
        // The caller has the floor: only what answers him is asked for while he speaks.
        if reply.purpose < .digits, callerHasFloor {
            if !isArmed(.responseStart) {
                arm(.responseStart, inMilliseconds: policy.withdrawnAnswerMilliseconds, &actions)
            }
            return
        }
        guard canTake(.responseRequested) else { return }
        take(.responseRequested, &actions)
    }

    mutating func responseCreated(_ response: WireID, _ actions: inout ActionList) {
        if active != nil, active?.id == nil {
            active?.id = response
            if active?.purpose == .greeting { greetingResponse = response }
            return
        }
        guard active?.id != response, link.stage == .ready else { return }
        // The model began by itself.
        selfAnswers += 1
        let isExpected = speech.awaitsOwnAnswer && policy.turns == .model
        if isExpected, let old = active, old.cancelRequested {  // Over, since the server runs one at a time.
            ledger.complete(response: old.id)
            active = nil
        }
        let isWelcome = isExpected || selfAnswers <= policy.maximumSelfAnswers
        if isWelcome, active == nil, ending == nil, machine.stage == .none {
            if isExpected { selfAnswers = 0 }
            speech.awaitsOwnAnswer = false
            active = ActiveResponse(id: response, purpose: .own)
            answerBeganByItself()
            arm(.responseStart, inMilliseconds: policy.responseStartMilliseconds, &actions)
        } else {
            sendCancel(of: response, &actions)
            if selfAnswers == policy.maximumSelfAnswers + 1 { actions.append(.note(.selfAnswerStopped)) }
        }
    }

    mutating func responseDone(_ outcome: ResponseOutcome, _ actions: inout ActionList) {
        if outcome.status == .cancelled, outcome.reason != "turn_detected" {
            link.unansweredCancels = max(0, link.unansweredCancels - 1)
        }
        guard let done = active, done.id == outcome.response || defects.contains(.oldDoneEndsNew) else {  // S33
            return actions.append(.note(.staleEventIgnored))
        }
        ledger.complete(response: outcome.response)
        dropActive(&actions)
        if done.hadAudio { errand?.isAnnounced = true }
        if done.calledEnd, errand == nil, !done.cancelRequested, ending == nil {
            return endCalled(after: done, &actions)
        }
        if done.cancelRequested { return }
        let wasHeard = done.hadAudio || done.toolCalls > 0
        switch outcome.status {
        case .completed, .other:
            if wasHeard { return }
            actions.append(.note(.responseEmpty))
            retry(done, &actions)
        case .cancelled:
            return  // By the server, not by us. Nothing stays behind (S23); the silence timer runs.
        case .failed, .incomplete:
            actions.append(.note(.responseFailed))
            if wasHeard { return }
            if let failure = RouteFailure(errorCode: outcome.errorCode) {
                if hasOtherRoute { owe(done.purpose.again) }
                return abandonRoute(failure, &actions)
            }
            retry(done, &actions)
        }
    }

    /// Once more, then the fallback message (S25, S43).
    private mutating func retry(_ done: ActiveResponse, _ actions: inout ActionList) {
        switch done.purpose {
        case .goodbye where ending?.reason == .answeringMachine: break  // A recording hears it once or never.
        case .filler, .announcement, .goodbye: return  // `settle` hangs up when no goodbye could be said.
        case .greeting, .own, .turn, .digits, .toolAnswer, .silencePrompt, .resumption, .operatorWords: break
        }
        guard !done.isRetry else {
            if done.purpose == .goodbye { return }
            if hasOtherRoute { owe(done.purpose.again, retried: true) }
            return abandonRoute(.answersFailed, &actions)
        }
        actions.append(.note(.responseRetried))
        // The greeting itself is asked for once (R4): a second try lets the model open in its own words.
        owe(done.purpose.again, retried: true)
    }

    /// Nothing came within the time allowed.
    mutating func responseOverdue(_ actions: inout ActionList) {
        guard let late = active else {
            if speech.awaitsOwnAnswer {  // It did not answer by itself: it is asked.
                speech.awaitsOwnAnswer = false
                return owe(.turn)
            }
            guard owed?.waitsForCaller == true else { return }
            if callerHasFloor {
                return arm(.responseStart, inMilliseconds: policy.withdrawnAnswerMilliseconds, &actions)
            }
            owed?.waitsForCaller = false
            return
        }
        if !late.cancelRequested, late.hadAudio || late.toolCalls > 0 {
            // It began: it may take its time, as long as something comes or plays.
            if ledger.received > late.receivedAtLastLook || ledger.unheard(at: now) > 0 {
                active?.receivedAtLastLook = ledger.received
                return arm(.responseStart, inMilliseconds: policy.responseStartMilliseconds, &actions)
            }
            actions.append(.note(.responseFailed))
        }
        ledger.complete(response: late.id)
        if late.id != nil, !late.cancelRequested, link.stage == .ready {
            // The model has begun it: until it says that it is done, another one would be refused (R8).
            cancelActive(&actions)
            arm(.responseStart, inMilliseconds: policy.withdrawnAnswerMilliseconds, &actions)
        } else {
            if !late.cancelRequested, link.stage == .ready { sendCancel(of: nil, &actions) }
            active = nil
        }
        if !late.cancelRequested, !late.hadAudio, late.toolCalls == 0 { retry(late, &actions) }
    }

    /// Cancels the active response. It stays active, and bars others, until the model says it is done.
    mutating func cancelActive(_ actions: inout ActionList) {
        guard let response = active, !response.cancelRequested, link.stage == .ready else { return }
        active?.cancelRequested = true
        sendCancel(of: response.id, &actions)
        arm(.responseStart, inMilliseconds: policy.responseStartMilliseconds, &actions)
    }

    private mutating func sendCancel(of response: WireID?, _ actions: inout ActionList) {
        link.unansweredCancels += 1
        actions.append(.send(.cancelResponse(response: response)))
    }

    /// The active response is over.
    mutating func dropActive(_ actions: inout ActionList) {
        active = nil
        if speech.awaitsOwnAnswer {
            arm(.responseStart, inMilliseconds: policy.modelAnswerMilliseconds, &actions)
        } else if owed?.waitsForCaller == true {
            arm(.responseStart, inMilliseconds: policy.withdrawnAnswerMilliseconds, &actions)
        } else {
            disarm(.responseStart, &actions)
        }
    }

    /// The caller goes on speaking and has heard nothing of the answer: it is withdrawn and owed again (S38).
    mutating func withdrawAnswer(_ actions: inout ActionList) {
        guard policy.withdrawsUnheardAnswer, policy.turns == .ours, state == .thinking, let answer = active,
            answer.purpose.isAnswer, !answer.cancelRequested, answer.toolCalls == 0, link.stage == .ready
        else { return }
        actions.append(.note(.answerWithdrawn))
        take(.answerWithdrawn, &actions)
        oweAgain(answer, &actions)
    }

    /// `answer` was cancelled unheard: it is asked for again with the caller's next words, or when none are committed.
    mutating func oweAgain(_ answer: ActiveResponse, _ actions: inout ActionList) {
        owe(answer.purpose, waits: true, retried: answer.isRetry)
        arm(.responseStart, inMilliseconds: policy.withdrawnAnswerMilliseconds, &actions)
    }

    // MARK: Words for the model

    /// Instructions of one response; nil answers the history as it stands.
    func instructions(for purpose: ReplyPurpose) -> String? {
        switch purpose {
        case .greeting: prompt.greetingRequest
        case .goodbye where ending?.reason == .answeringMachine: Self.exactly(policy.answeringMachineMessage)
        case .goodbye where ending?.reason == .silence && !policy.silenceGoodbyeText.isEmpty:
            Self.exactly(policy.silenceGoodbyeText)
        case .goodbye: prompt.goodbyeRequest(ending?.reason)
        case .silencePrompt where !policy.silencePromptText.isEmpty: Self.exactly(policy.silencePromptText)
        case .silencePrompt: "The caller has been silent. Ask in one short sentence whether they are still there."
        case .filler:
            tools.filler.map { Self.exactly($0) }
                ?? "Say in a few words that it takes a moment longer. Nothing else."
        case .announcement:
            if case .transfer(let name) = errand?.what {
                "Tell the caller in one short sentence that you are now connecting them with: \(name)."
            } else {
                nil
            }
        case .resumption where turns.turns.isEmpty:
            "The call was cut off for a moment for technical reasons and is up again. Say so in one short sentence and "
                + "ask how to go on; do not greet."
        case .resumption:
            "The connection broke off in the middle of your last message. Go on where it stopped and finish it briefly; "
                + "do not greet again and do not repeat what was said."
        case .operatorWords: operatorWords.asked.map { Self.exactly($0) }
        case .turn, .digits, .toolAnswer, .own: nil
        }
    }

    static func exactly(_ words: String) -> String {
        "Say exactly the following to the caller, word for word and nothing else:\n\(words)"
    }
}

extension SessionPrompt {
    /// The one place where the greeting is asked for.
    var greetingRequest: String { Conversation.exactly(greeting) }

    func goodbyeRequest(_ reason: HangUpReason?) -> String {
        let why =
            switch reason {
            case .maximumDuration: "The longest time allowed for this call has been reached. Say so kindly"
            case .silence: "The caller has not said anything for a while. Say that you are hanging up now"
            case .costLimit: "This call has used up what is set aside for it. Say kindly that it has to end now"
            case .shutdown: "The call has to end now for technical reasons. Apologise"
            default: "The conversation is over"
            }
        return "\(why) and say goodbye, in one or two short sentences."
    }
}
