/// When the parts of the answer that is due began.
struct AnswerClock: Sendable, Equatable {
    var origin: TurnLatency.Origin
    /// The moment that is answered.
    var since: CallInstant
    /// When the caller's words or keys were accepted.
    var acceptedAt: CallInstant?
    /// When a response was first asked for, and last.
    var askedAt: CallInstant?
    var askedAgainAt: CallInstant?

    /// The answer that began to sound, or nil when this audio is older than the question.
    /// - Parameters:
    ///   - isAsked: only what we asked for is an answer.
    func answer(audioAt: CallInstant, sentAt: CallInstant, heardAt: CallInstant, isAsked: Bool) -> TurnLatency? {
        guard askedAt != nil || !isAsked || origin == .ownAccord else { return nil }
        // One line of moments; a part is the way from one to the next that there is.
        var last = Self.microseconds(since)
        func part(to instant: CallInstant?) -> Int64? {
            guard let instant else { return nil }
            let next = max(last, Self.microseconds(instant))
            defer { last = next }
            return next - last
        }
        guard audioAt >= (askedAgainAt ?? askedAt ?? acceptedAt ?? since) else { return nil }
        let endpointing = part(to: acceptedAt)
        let request = part(to: askedAt)
        let followUp = part(to: askedAgainAt)
        return TurnLatency(
            origin: origin, endpointing: endpointing, request: request, followUp: followUp, model: part(to: audioAt)!,
            queueing: part(to: sentAt)!, carrier: part(to: heardAt)!)
    }

    private static func microseconds(_ instant: CallInstant) -> Int64 { instant.nanoseconds / 1_000 }
}

extension Conversation {
    // MARK: The question

    /// Something is to be answered from now on; what was due before is answered with it.
    mutating func answerIsDue(_ origin: TurnLatency.Origin, since: CallInstant) {
        answerClock = AnswerClock(origin: origin, since: min(since, now), acceptedAt: now)
    }

    /// A tool has answered, and nothing the caller said waits for more.
    mutating func toolAnswered() {
        if answerClock == nil { answerClock = AnswerClock(origin: .toolResult, since: now) }
    }

    /// A response was asked for.
    mutating func answerAsked(_ purpose: ReplyPurpose) {
        if answerClock == nil {
            let isGreeting = purpose == .greeting
            answerClock = AnswerClock(
                origin: isGreeting ? .callStart : .ownAccord, since: isGreeting ? streamStartedAt : now)
            if !isGreeting { return }
        }
        if answerClock?.askedAt == nil { answerClock?.askedAt = now } else { answerClock?.askedAgainAt = now }
    }

    /// The model began a response by itself.
    mutating func answerBeganByItself() {
        if answerClock == nil { answerClock = AnswerClock(origin: .ownAccord, since: now) }
    }

    // MARK: The answer

    /// The first frame of `entry` has gone out, as `turn`: when it answers something, the question is settled.
    mutating func answerBegan(_ entry: PlayoutLedger.Item, turn: Int) {
        guard let clock = answerClock, entry.response != nil,
            let latency = clock.answer(
                audioAt: entry.admittedAt, sentAt: entry.firstSentAt, heardAt: ledger.firstHeardAt(entry),
                isAsked: policy.turns == .ours)
        else { return }
        answerClock = nil
        turns[turn]?.latency = latency
        if clock.origin == .callerSpeech || clock.origin == .keys {
            turns[turn]?.responseMilliseconds = max(0, entry.firstSentAt.milliseconds(since: clock.since))
        }
    }

    /// `turn` is over: what its latency and its heard text rest on is settled.
    /// - Parameter isWhole: it was heard to its end.
    mutating func settleFigures(of turn: Int, _ playout: PlayoutItem, isWhole: Bool) {
        guard let entry = ledger[playout], turns[turn]?.heardBy == nil else { return }
        let isMarked = entry.acknowledged > 0 && (!isWhole || entry.acknowledged >= entry.sent)
        turns[turn]?.heardBy = isMarked ? .marks : .clock
        turns[turn]?.latency?.correct(sentAt: entry.firstSentAt, heardAt: ledger.firstHeardAt(entry))
    }

    // MARK: Holes

    /// Holes of one call that are told one by one; of more only the turns' sums tell.
    static let toldHoles = 256

    /// Sending of `item` went on after a hole.
    mutating func holeEnded(_ item: PlayoutItem, _ hole: PlayoutHole, _ actions: inout ActionList) {
        guard let speech = turns.speech(of: item), let turn = turns.speeches[speech].turn else { return }
        if hole.audibleMilliseconds > 0 {
            turns[turn]?.holes += 1
            turns[turn]?.holeMilliseconds += hole.audibleMilliseconds
        }
        guard holesTold < Self.toldHoles else { return }
        actions.append(.persist(.hole(TurnHole(index: holesTold, turn: turn, endedAt: now, hole: hole))))
        holesTold += 1
    }

    /// A mark came back: what was heard is known anew, and perhaps that the carrier's buffer ran dry.
    mutating func marked(_ mark: PlaybackMark, _ actions: inout ActionList) {
        guard ledger.acknowledge(mark, at: now), let late = ledger.takeProvenHole() else { return }
        holeEnded(
            late.item, PlayoutHole(cause: .carrier, milliseconds: 0, audibleMilliseconds: late.milliseconds), &actions)
    }
}
