@testable import Conversation

/// One value or more for each case of everything a journal holds, with no field left at its default.
enum JournalSamples {
    static let mark = PlaybackMark(generation: 3, item: PlayoutItem(ordinal: 7), samples: 1_600)
    static let call = ToolCall(
        response: "resp_1", item: "item_1", call: "call_1", name: "book", arguments: #"{"day":"יום ראשון"}"#)
    static let outcome = ResponseOutcome(
        response: "resp_1", status: .incomplete, reason: "content_filter", errorCode: "E1", inputTokens: 70_000,
        outputTokens: 12, usage: usage)
    static var usage: ModelUsage {
        var usage = ModelUsage()
        for (number, kind) in ModelUsage.Kind.allCases.enumerated() { usage[kind] = Int64(number + 1) * 1_000 }
        return usage
    }
    static let echo = SessionEcho(
        inputFormat: "audio/pcmu", outputFormat: "audio/pcm", inputRateHz: 8_000, outputRateHz: 24_000,
        turnDetection: "server_vad", createResponse: false, interruptResponse: true, language: "he",
        expiresAtUnixSeconds: 1_795_000_000, remainingMilliseconds: 3_599_000)
    static let error = ModelError(
        type: "invalid_request_error", code: "item_truncate", message: "the audio is already shorter than 5 ms",
        parameter: "audio_end_ms", eventID: "truncate_1")

    static let modelEvents: [ModelEvent] =
        [
            .sessionCreated(session: "sess_1"), .sessionCreated(session: nil), .sessionUpdated(echo),
            .sessionUpdated(SessionEcho(inputFormat: "", outputFormat: "")), .responseCreated(response: "resp_1"),
            .speechStarted(item: "item_u", audioStartMilliseconds: -5),
            .speechStopped(item: "item_u", audioEndMilliseconds: .max), .committed(item: "item_u", previous: "item_1"),
            .committed(item: "item_u", previous: nil), .inputTranscript(item: "item_u", .partial("a")),
            .inputTranscript(item: "item_u", .final("")),
            .inputTranscript(item: "item_u", .failed(code: "c", message: "m")),
            .outputTranscriptDelta(response: "resp_1", item: "item_1", text: "שלום"),
            .outputTranscriptDone(response: "resp_1", item: "item_1", text: "done"),
            .outputAudioDone(response: "resp_1", item: "item_1"), .toolCall(call), .responseDone(outcome),
            .truncated(item: "item_1", audioEndMilliseconds: 900), .deleted(item: "item_u"),
            .idleTimeout(item: "item_u"),
            .error(error), .transcriptionUsed(usage),
        ] + ItemRole.allCases.map { .itemAdded(item: "item_1", role: $0, previous: "item_0") }

    static let events: [ConversationEvent] =
        [
            .carrierStarted(stream: "MZ1"), .carrierMark(mark), .carrierDigit(0x23), .carrierStopped, .modelOpened,
            .modelClosed(.refused(httpStatus: 401)), .modelClosed(.unreachable), .modelClosed(.timedOut),
            .modelClosed(.closed(code: 1_006)), .modelClosed(.protocolViolation),
            .voice(.onset(startedMillisecondsAgo: 60)), .voice(.sustained), .voice(.lapsed), .voice(.echo),
            .voice(.offset(endedMillisecondsAgo: 300)), .playoutStarted(PlayoutItem(ordinal: .max)),
            .playoutEmpty(itemComplete: true), .playoutEmpty(itemComplete: false), .fallbackQueued,
            .playoutHole(PlayoutItem(ordinal: 1), hole),
            .standby(.opened), .standby(.model(.sessionUpdated(echo))), .standby(.closed(.timedOut)),
            .errandAsked(call: "call_1", .transfer(to: "front desk")), .errandAsked(call: "call_1", .sendDigits("1w#")),
            .operatorSays("Your taxi is here.", isVerbatim: true), .operatorSays("Be brief.", isVerbatim: false),
            .recognizer(
                .said(
                    RecognizedTurn(
                        speaker: .agent, text: "guten Morgen", startedAt: .init(nanoseconds: 1_000),
                        endedAt: .init(nanoseconds: 5_000)))), .recognizer(.finished),
            .transferAsked(to: "front desk"),
            .toolFinished(call: "call_1", output: String(repeating: "x", count: 5_000)),
        ] + CarrierClose.allCases.map { .carrierClosed($0) } + OperatorCommand.allCases.map { .command($0) }
        + ErrandOutcome.allCases.map { .errandFinished($0) } + AnsweringParty.allCases.map { .answeredBy($0) }
        + TimerID.allCases.map { .deadline($0) } + modelEvents.map { .model($0) }

    static let commands: [ModelCommand] = [
        .configure(optionalFields: true), .createResponse(instructions: nil), .createResponse(instructions: "Say yes."),
        .cancelResponse(response: nil), .cancelResponse(response: "resp_1"),
        .truncate(item: "item_1", audioEndMilliseconds: 1_234), .deleteItem("item_u"),
        .createText(role: .system, text: "words"), .toolOutput(call: "call_1", output: "{}"), .commitInput, .clearInput,
    ]

    static let hole = PlayoutHole(cause: .carrier, milliseconds: 120, audibleMilliseconds: 40)
    static let latency = TurnLatency(
        origin: .keys, endpointing: 1, request: 2, followUp: 3, model: 400_000, queueing: 5, carrier: 160_000)

    static var turn: Turn {
        var turn = Turn(index: 130, speaker: .agent, item: "item_1", startedAt: CallInstant(nanoseconds: 1_234_567_891))
        (turn.text, turn.plannedText, turn.textSource) = ("what was", "what was meant", .estimated)
        (turn.endedAt, turn.interruptedAt) = (CallInstant(milliseconds: 5), CallInstant(milliseconds: -4))
        (turn.responseMilliseconds, turn.interruptionMilliseconds) = (640, 22)
        turn.latency = latency
        (turn.heardBy, turn.holes, turn.holeMilliseconds) = (.marks, 2, 340)
        return turn
    }

    static let actions: [ConversationAction] =
        [
            .openModel(.preferred), .openModel(ModelRoute(index: 2)), .closeModel, .openUplink, .holdUplink,
            .pausePlayout, .resumePlayout, .clearPlayout,
            .playFallback(PlayoutItem(ordinal: 2)), .setDeadline(.silence, at: CallInstant(milliseconds: 20_000)),
            .clearDeadline(.toolFiller), .runTool(call), .errand(.transfer(to: "front desk")),
            .errand(.sendDigits("1")), .persist(.turn(turn)),
            .persist(.turn(Turn(index: 0, speaker: .caller, item: nil, startedAt: .start))),
            .persist(.hole(TurnHole(index: 1, turn: 2, endedAt: CallInstant(milliseconds: 9), hole: hole))),
            .openStandby(ModelRoute(index: 1)), .switchToStandby, .closeStandby,
            .repeatUplink(milliseconds: 640), .sendStandby(.configure(optionalFields: true)),
            .persist(.used(CallUsage(usage: usage, costMicros: 1_250_000, sessions: 3))),
            .persist(.ended(.silence, at: CallInstant(milliseconds: 3))),
        ] + commands.map { .send($0) } + HangUpReason.allCases.map { .hangUp($0) }
        + ConversationNote.allCases.map { .note($0) }
        + RouteFailure.allCases.map { .routeFailed(ModelRoute(index: 1), $0) }

    static var policy: ConversationPolicy {
        var policy = ConversationPolicy()
        // Every setting is moved off its default, by its type.
        for field in ConversationPolicy.journalFields { field.unsettle(&policy) }
        return policy
    }
}

extension ConversationPolicy.JournalField {
    /// Gives the setting another value: what a round trip would not carry shows then.
    func unsettle(_ policy: inout ConversationPolicy) {
        for bytes in [
            [UInt8(1), 40], [40], [1], [0], [2, 0x61, 0x62], [5] + Array("model".utf8), [1, 2, 0x61, 0x62],
            [6] + Array("hangUp".utf8), [9] + Array("interrupt".utf8), [10] + Array("transcribe".utf8),
        ] {
            var decoder = JournalDecoder(bytes)
            var changed = policy
            guard (try? decode(&changed, &decoder)) != nil, decoder.isAtEnd, changed != policy else { continue }
            policy = changed
            return
        }
    }
}
