extension ConversationEvent: JournalCoded {
    package enum JournalKind: UInt8, CaseIterable {
        case carrierStarted = 1, carrierMark, carrierDigit, carrierStopped, carrierClosed, answeredBy
        case modelOpened = 10, model, modelClosed, standby
        case voice = 20, playoutStarted, playoutEmpty, fallbackQueued, playoutHole
        case deadline = 30, toolFinished, command, errandAsked, errandFinished, operatorSays, transferAsked, recognizer
    }

    package func encode(into encoder: inout JournalEncoder) {
        switch self {
        case .carrierStarted(let stream):
            encoder.kind(JournalKind.carrierStarted)
            encoder.put(stream)
        case .carrierMark(let mark):
            encoder.kind(JournalKind.carrierMark)
            encoder.put(mark)
        case .carrierDigit(let digit):
            encoder.kind(JournalKind.carrierDigit)
            encoder.byte(digit)
        case .carrierStopped: encoder.kind(JournalKind.carrierStopped)
        case .carrierClosed(let close):
            encoder.kind(JournalKind.carrierClosed)
            encoder.put(close)
        case .answeredBy(let party):
            encoder.kind(JournalKind.answeredBy)
            encoder.put(party)
        case .modelOpened: encoder.kind(JournalKind.modelOpened)
        case .model(let event):
            encoder.kind(JournalKind.model)
            encoder.put(event)
        case .modelClosed(let close):
            encoder.kind(JournalKind.modelClosed)
            encoder.put(close)
        case .standby(let event):
            encoder.kind(JournalKind.standby)
            encoder.put(event)
        case .voice(let edge):
            encoder.kind(JournalKind.voice)
            encoder.put(edge)
        case .playoutStarted(let item):
            encoder.kind(JournalKind.playoutStarted)
            encoder.put(item)
        case .playoutEmpty(let itemComplete):
            encoder.kind(JournalKind.playoutEmpty)
            encoder.put(itemComplete)
        case .fallbackQueued: encoder.kind(JournalKind.fallbackQueued)
        case .playoutHole(let item, let hole):
            encoder.kind(JournalKind.playoutHole)
            encoder.put(item)
            encoder.put(hole)
        case .deadline(let timer):
            encoder.kind(JournalKind.deadline)
            encoder.put(timer)
        case .toolFinished(let call, let output):
            encoder.kind(JournalKind.toolFinished)
            encoder.put(call)
            encoder.put(output)
        case .errandAsked(let call, let what):
            encoder.kind(JournalKind.errandAsked)
            encoder.put(call)
            encoder.put(what)
        case .errandFinished(let outcome):
            encoder.kind(JournalKind.errandFinished)
            encoder.put(outcome)
        case .command(let command):
            encoder.kind(JournalKind.command)
            encoder.put(command)
        case .operatorSays(let words, let isVerbatim):
            encoder.kind(JournalKind.operatorSays)
            encoder.put(words)
            encoder.put(isVerbatim)
        case .transferAsked(let name):
            encoder.kind(JournalKind.transferAsked)
            encoder.put(name)
        case .recognizer(let event):
            encoder.kind(JournalKind.recognizer)
            encoder.put(event)
        }
    }

    package init(from decoder: inout JournalDecoder) throws(JournalDamage) {
        switch try decoder.kind(JournalKind.self) {
        case .carrierStarted: self = .carrierStarted(stream: try decoder.value())
        case .carrierMark: self = .carrierMark(try decoder.value())
        case .carrierDigit: self = .carrierDigit(try decoder.byte())
        case .carrierStopped: self = .carrierStopped
        case .carrierClosed: self = .carrierClosed(try decoder.value())
        case .answeredBy: self = .answeredBy(try decoder.value())
        case .modelOpened: self = .modelOpened
        case .model: self = .model(try decoder.value())
        case .modelClosed: self = .modelClosed(try decoder.value())
        case .standby: self = .standby(try decoder.value())
        case .voice: self = .voice(try decoder.value())
        case .playoutStarted: self = .playoutStarted(try decoder.value())
        case .playoutEmpty: self = .playoutEmpty(itemComplete: try decoder.value())
        case .fallbackQueued: self = .fallbackQueued
        case .playoutHole: self = .playoutHole(try decoder.value(), try decoder.value())
        case .deadline: self = .deadline(try decoder.value())
        case .toolFinished: self = .toolFinished(call: try decoder.value(), output: try decoder.value())
        case .errandAsked: self = .errandAsked(call: try decoder.value(), try decoder.value())
        case .errandFinished: self = .errandFinished(try decoder.value())
        case .command: self = .command(try decoder.value())
        case .operatorSays: self = .operatorSays(try decoder.value(), isVerbatim: try decoder.value())
        case .transferAsked: self = .transferAsked(to: try decoder.value())
        case .recognizer: self = .recognizer(try decoder.value())
        }
    }
}

extension VoiceEdge: JournalCoded {
    package enum JournalKind: UInt8, CaseIterable { case onset = 1, sustained, lapsed, offset, echo }

    package func encode(into encoder: inout JournalEncoder) {
        switch self {
        case .onset(let milliseconds):
            encoder.kind(JournalKind.onset)
            encoder.put(milliseconds)
        case .sustained: encoder.kind(JournalKind.sustained)
        case .lapsed: encoder.kind(JournalKind.lapsed)
        case .offset(let milliseconds):
            encoder.kind(JournalKind.offset)
            encoder.put(milliseconds)
        case .echo: encoder.kind(JournalKind.echo)
        }
    }

    package init(from decoder: inout JournalDecoder) throws(JournalDamage) {
        switch try decoder.kind(JournalKind.self) {
        case .onset: self = .onset(startedMillisecondsAgo: try Self.milliseconds(&decoder))
        case .sustained: self = .sustained
        case .lapsed: self = .lapsed
        case .offset: self = .offset(endedMillisecondsAgo: try Self.milliseconds(&decoder))
        case .echo: self = .echo
        }
    }

    private static func milliseconds(_ decoder: inout JournalDecoder) throws(JournalDamage) -> Int {
        Int(try decoder.signed(in: -86_400_000...86_400_000, "milliseconds ago"))
    }
}

extension ModelClose: JournalCoded {
    package enum JournalKind: UInt8, CaseIterable { case refused = 1, unreachable, timedOut, closed, protocolViolation }

    package func encode(into encoder: inout JournalEncoder) {
        switch self {
        case .refused(let status):
            encoder.kind(JournalKind.refused)
            encoder.put(status)
        case .unreachable: encoder.kind(JournalKind.unreachable)
        case .timedOut: encoder.kind(JournalKind.timedOut)
        case .closed(let code):
            encoder.kind(JournalKind.closed)
            encoder.put(code)
        case .protocolViolation: encoder.kind(JournalKind.protocolViolation)
        }
    }

    package init(from decoder: inout JournalDecoder) throws(JournalDamage) {
        switch try decoder.kind(JournalKind.self) {
        case .refused: self = .refused(httpStatus: try decoder.value())
        case .unreachable: self = .unreachable
        case .timedOut: self = .timedOut
        case .closed: self = .closed(code: try decoder.value())
        case .protocolViolation: self = .protocolViolation
        }
    }
}
