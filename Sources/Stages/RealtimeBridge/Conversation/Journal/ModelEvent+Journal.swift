extension ModelEvent: JournalCoded {
    package enum JournalKind: UInt8, CaseIterable {
        case sessionCreated = 1, sessionUpdated, responseCreated, itemAdded, speechStarted, speechStopped, committed,
            inputTranscript, outputTranscriptDelta, outputTranscriptDone, outputAudioDone, toolCall, responseDone,
            truncated, deleted, idleTimeout, error, transcriptionUsed
    }

    package func encode(into encoder: inout JournalEncoder) {
        switch self {
        case .sessionCreated(let session):
            encoder.kind(JournalKind.sessionCreated)
            encoder.name(session)
        case .sessionUpdated(let echo):
            encoder.kind(JournalKind.sessionUpdated)
            encoder.put(echo)
        case .responseCreated(let response):
            encoder.kind(JournalKind.responseCreated)
            encoder.put(response)
        case .itemAdded(let item, let role, let previous):
            encoder.kind(JournalKind.itemAdded)
            encoder.put(item)
            encoder.put(role)
            encoder.name(previous)
        case .speechStarted(let item, let milliseconds):
            encoder.kind(JournalKind.speechStarted)
            encoder.put(item)
            encoder.put(milliseconds)
        case .speechStopped(let item, let milliseconds):
            encoder.kind(JournalKind.speechStopped)
            encoder.put(item)
            encoder.put(milliseconds)
        case .committed(let item, let previous):
            encoder.kind(JournalKind.committed)
            encoder.put(item)
            encoder.name(previous)
        case .inputTranscript(let item, let transcript):
            encoder.kind(JournalKind.inputTranscript)
            encoder.put(item)
            encoder.put(transcript)
        case .outputTranscriptDelta(let response, let item, let text):
            encoder.kind(JournalKind.outputTranscriptDelta)
            encoder.put(response)
            encoder.put(item)
            encoder.put(text)
        case .outputTranscriptDone(let response, let item, let text):
            encoder.kind(JournalKind.outputTranscriptDone)
            encoder.put(response)
            encoder.put(item)
            encoder.put(text)
        case .outputAudioDone(let response, let item):
            encoder.kind(JournalKind.outputAudioDone)
            encoder.put(response)
            encoder.put(item)
        case .toolCall(let call):
            encoder.kind(JournalKind.toolCall)
            encoder.put(call)
        case .responseDone(let outcome):
            encoder.kind(JournalKind.responseDone)
            encoder.put(outcome)
        case .truncated(let item, let milliseconds):
            encoder.kind(JournalKind.truncated)
            encoder.put(item)
            encoder.put(milliseconds)
        case .deleted(let item):
            encoder.kind(JournalKind.deleted)
            encoder.put(item)
        case .idleTimeout(let item):
            encoder.kind(JournalKind.idleTimeout)
            encoder.put(item)
        case .transcriptionUsed(let usage):
            encoder.kind(JournalKind.transcriptionUsed)
            encoder.put(usage)
        case .error(let error):
            encoder.kind(JournalKind.error)
            encoder.put(error)
        }
    }

    package init(from decoder: inout JournalDecoder) throws(JournalDamage) {
        switch try decoder.kind(JournalKind.self) {
        case .sessionCreated: self = .sessionCreated(session: try decoder.optionalName())
        case .sessionUpdated: self = .sessionUpdated(try decoder.value())
        case .responseCreated: self = .responseCreated(response: try decoder.value())
        case .itemAdded:
            self = .itemAdded(
                item: try decoder.value(), role: try decoder.value(), previous: try decoder.optionalName())
        case .speechStarted:
            self = .speechStarted(item: try decoder.value(), audioStartMilliseconds: try decoder.value())
        case .speechStopped:
            self = .speechStopped(item: try decoder.value(), audioEndMilliseconds: try decoder.value())
        case .committed: self = .committed(item: try decoder.value(), previous: try decoder.optionalName())
        case .inputTranscript: self = .inputTranscript(item: try decoder.value(), try decoder.value())
        case .outputTranscriptDelta:
            self = .outputTranscriptDelta(
                response: try decoder.value(), item: try decoder.value(), text: try decoder.value())
        case .outputTranscriptDone:
            self = .outputTranscriptDone(
                response: try decoder.value(), item: try decoder.value(), text: try decoder.value())
        case .outputAudioDone:
            self = .outputAudioDone(response: try decoder.value(), item: try decoder.value())
        case .toolCall: self = .toolCall(try decoder.value())
        case .responseDone: self = .responseDone(try decoder.value())
        case .truncated: self = .truncated(item: try decoder.value(), audioEndMilliseconds: try decoder.value())
        case .deleted: self = .deleted(item: try decoder.value())
        case .idleTimeout: self = .idleTimeout(item: try decoder.value())
        case .transcriptionUsed: self = .transcriptionUsed(try decoder.value())
        case .error: self = .error(try decoder.value())
        }
    }
}

extension InputTranscript: JournalCoded {
    package enum JournalKind: UInt8, CaseIterable { case partial = 1, final, failed }

    package func encode(into encoder: inout JournalEncoder) {
        switch self {
        case .partial(let text):
            encoder.kind(JournalKind.partial)
            encoder.put(text)
        case .final(let text):
            encoder.kind(JournalKind.final)
            encoder.put(text)
        case .failed(let code, let message):
            encoder.kind(JournalKind.failed)
            encoder.put(code)
            encoder.put(message)
        }
    }

    package init(from decoder: inout JournalDecoder) throws(JournalDamage) {
        switch try decoder.kind(JournalKind.self) {
        case .partial: self = .partial(try decoder.value())
        case .final: self = .final(try decoder.value())
        case .failed: self = .failed(code: try decoder.value(), message: try decoder.value())
        }
    }
}

extension ToolCall: JournalCoded {
    package func encode(into encoder: inout JournalEncoder) {
        encoder.put(response)
        encoder.put(item)
        encoder.put(call)
        encoder.put(name)
        encoder.put(arguments)
    }

    package init(from decoder: inout JournalDecoder) throws(JournalDamage) {
        self.init(
            response: try decoder.value(), item: try decoder.value(), call: try decoder.value(),
            name: try decoder.value(), arguments: try decoder.value())
    }
}

extension ResponseOutcome: JournalCoded {
    package func encode(into encoder: inout JournalEncoder) {
        encoder.put(response)
        encoder.put(status)
        encoder.put(reason)
        encoder.put(errorCode)
        encoder.put(inputTokens)
        encoder.put(outputTokens)
        encoder.put(usage)
    }

    package init(from decoder: inout JournalDecoder) throws(JournalDamage) {
        self.init(
            response: try decoder.value(), status: try decoder.value(), reason: try decoder.value(),
            errorCode: try decoder.value(), inputTokens: try decoder.value(), outputTokens: try decoder.value(),
            usage: try decoder.value())
    }
}

extension SessionEcho: JournalCoded {
    package func encode(into encoder: inout JournalEncoder) {
        encoder.put(inputFormat)
        encoder.put(outputFormat)
        encoder.put(inputRateHz)
        encoder.put(outputRateHz)
        encoder.put(turnDetection)
        encoder.put(createResponse)
        encoder.put(interruptResponse)
        encoder.put(language)
        encoder.put(expiresAtUnixSeconds)
        encoder.put(remainingMilliseconds)
    }

    package init(from decoder: inout JournalDecoder) throws(JournalDamage) {
        self.init(
            inputFormat: try decoder.value(), outputFormat: try decoder.value(), inputRateHz: try decoder.value(),
            outputRateHz: try decoder.value(), turnDetection: try decoder.value(),
            createResponse: try decoder.value(), interruptResponse: try decoder.value(),
            language: try decoder.value(), expiresAtUnixSeconds: try decoder.value(),
            remainingMilliseconds: try decoder.value())
    }
}

extension ModelError: JournalCoded {
    package func encode(into encoder: inout JournalEncoder) {
        encoder.put(type)
        encoder.put(code)
        encoder.put(Self.withoutSecrets(message))
        encoder.put(parameter)
        encoder.put(eventID)
    }

    package init(from decoder: inout JournalDecoder) throws(JournalDamage) {
        self.init(
            type: try decoder.value(), code: try decoder.value(), message: try decoder.value(),
            parameter: try decoder.value(), eventID: try decoder.value())
    }

    /// A provider that refuses a key repeats it. Words as long as keys are, or that begin like one, stay out.
    static func withoutSecrets(_ message: String) -> String {
        var kept: [Substring] = []
        for word in message.split(separator: " ", omittingEmptySubsequences: false) {
            let isSecret = word.utf8.count > 32 || word.contains("sk-") || word.lowercased().contains("bearer")
            kept.append(isSecret ? "[left out]" : word)
        }
        return kept.joined(separator: " ")
    }
}
