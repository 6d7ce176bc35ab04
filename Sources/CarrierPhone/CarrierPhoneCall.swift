import Synchronization
public import Transport

/// One call seen from the carrier's side: asks the voice webhook, opens the media stream, talks and listens in real
/// time, and reports. Many may run on one loop.
public final class CarrierPhoneCall: Sendable {
    public let options: CarrierPhoneOptions
    private let loop: EventLoop
    private let onEvent: (@Sendable (CarrierPhoneEvent) -> Void)?
    private let state = Mutex(State())

    private struct State {
        var stream: PhoneStream?
        var isHungUp = false
    }

    /// - Parameters:
    ///   - loop: running; the stream and its clock live on it.
    ///   - onEvent: called on the loop's thread while the stream is up; must not block.
    public init(
        _ options: CarrierPhoneOptions, on loop: EventLoop,
        onEvent: (@Sendable (CarrierPhoneEvent) -> Void)? = nil
    ) {
        self.options = options
        self.loop = loop
        self.onEvent = onEvent
    }

    /// Any thread. Ends the call from the caller's side; before the stream is open, as soon as it is.
    public func hangUp() {
        let stream = state.withLock { state in
            state.isHungUp = true
            return state.stream
        }
        if let stream { loop.submit { stream.hangUp() } }
    }

    /// Makes the call and waits for its end. Once.
    public func run() async -> CarrierPhoneReport {
        var statuses: [(event: String, httpStatus: Int)] = []
        func post(_ event: CarrierPhoneOptions.StatusEvent, _ status: String, seconds: Int? = nil) async {
            if let code = await postStatus(event, status, number: statuses.count, seconds: seconds) {
                statuses.append((event.rawValue, code))
            }
        }
        var report: CarrierPhoneReport
        switch options.destination {
        case .stream(let url, let parameters):
            report = await talk(url: url, parameters: parameters)
        case .webhook(let url):
            await post(.initiated, "initiated")
            await post(.ringing, "ringing")
            do throws(CarrierPhoneError) {
                let document = try await ask(url, form: form(status: "ringing"))
                onEvent?(.init(kind: .webhookAnswered(document.verbs.map { $0.summary }), atMilliseconds: 0))
                if let first = document.verbs.first, first.name == "Reject" {
                    report = ended(.rejected(reason: first.attributes["reason"] ?? "rejected"))
                } else {
                    await post(.answered, "in-progress")
                    report = try await follow(document, from: url)
                }
            } catch {
                report = ended(.failed(error.message))
            }
        }
        let status =
            switch report.outcome {
            case .rejected(let reason): reason == "busy" ? "busy" : "failed"
            case .failed: "failed"
            default: "completed"
            }
        await post(.completed, status, seconds: (report.durationMilliseconds + 999) / 1_000)
        report.statusCallbacks = statuses
        return report
    }

    /// Runs the answer of the voice webhook.
    private func follow(
        _ document: TwiMLDocument, from url: String
    ) async throws(CarrierPhoneError) -> CarrierPhoneReport {
        let wanted: TwiMLDocument.Stream?
        do throws(TwiMLDocument.Failure) {
            wanted = try document.stream()
        } catch {
            throw CarrierPhoneError("\(url): \(error.message)")
        }
        guard let wanted else { return ended(.answeredWithoutStream(document.verbs.map { $0.summary })) }
        let base = try WebAddress(url, schemes: ["http", "https"], field: "webhook URL")
        let target = try WebAddress(
            base.resolve(wanted.url, webSocket: true), schemes: ["ws", "wss"], field: "<Stream url>")
        await postStream("stream-started", to: wanted)
        var report = await talk(url: target.withoutQuery, parameters: wanted.parameters)
        if case .failed(let why) = report.outcome {
            await postStream("stream-error", to: wanted, error: why)
        } else {
            await postStream("stream-stopped", to: wanted)
        }
        if report.outcome == .talked(endedBy: .agent) {
            if let action = wanted.action {
                let next = base.resolve(action, webSocket: false)
                do throws(CarrierPhoneError) {
                    report.afterStream = try await ask(next, form: form(status: "in-progress")).verbs.map {
                        $0.summary
                    }
                } catch {
                    report.afterStreamFailure = error.message
                }
            } else {
                report.afterStream = document.verbs.drop { $0.name != "Connect" }.dropFirst().map { $0.summary }
            }
        }
        return report
    }

    /// Opens the stream and waits for its end.
    private func talk(url: String, parameters: [(name: String, value: String)]) async -> CarrierPhoneReport {
        await withCheckedContinuation { continuation in
            let stream = PhoneStream(options, url: url, parameters: parameters, loop: loop, onEvent: onEvent) {
                [self] report in
                state.withLock { $0.stream = nil }
                continuation.resume(returning: report)
            }
            let isHungUp = state.withLock { state in
                state.stream = stream
                return state.isHungUp
            }
            let accepted = loop.submit {
                stream.open()
                if isHungUp { stream.hangUp() }
            }
            if !accepted {
                state.withLock { $0.stream = nil }
                continuation.resume(returning: ended(.failed("the loop \(loop.name) takes no work")))
            }
        }
    }

    private func ended(_ outcome: CarrierPhoneReport.Outcome) -> CarrierPhoneReport {
        var report = CarrierPhoneReport()
        report.outcome = outcome
        report.callSid = options.callSid
        report.utterancesStarted = Array(repeating: nil, count: options.utterances.count)
        report.keysPressed = Array(repeating: nil, count: options.keys.count)
        return report
    }

    /// Posts `form` and reads the TwiML that comes back.
    private func ask(
        _ url: String, form: [(name: String, value: String)]
    ) async throws(CarrierPhoneError) -> TwiMLDocument {
        let answer = try await request(url, form).send()
        guard (200..<300).contains(answer.status) else {
            throw CarrierPhoneError("\(url) answered HTTP \(answer.status), 200 with TwiML was expected")
        }
        do throws(TwiMLDocument.Failure) {
            return try TwiMLDocument(answer.body)
        } catch {
            throw CarrierPhoneError("\(url): \(error.message)")
        }
    }

    private func postStatus(
        _ event: CarrierPhoneOptions.StatusEvent, _ status: String, number: Int, seconds: Int?
    ) async -> Int? {
        guard let url = options.statusCallback, options.statusEvents.contains(event) else { return nil }
        var fields = form(status: status)
        fields.append(("CallbackSource", "call-progress-events"))
        fields.append(("SequenceNumber", String(number)))
        if let seconds {
            fields.append(("CallDuration", String(seconds)))
            fields.append(("Duration", String((seconds + 59) / 60)))
        }
        return (try? await request(url, fields).send())?.status ?? 0
    }

    private func postStream(_ event: String, to stream: TwiMLDocument.Stream, error: String? = nil) async {
        guard let url = stream.statusCallback else { return }
        var fields = [
            (name: "AccountSid", value: options.accountSid), ("CallSid", options.callSid),
            ("StreamSid", options.streamSid), ("StreamName", stream.name ?? options.streamSid),
            ("StreamEvent", event),
        ]
        if let error { fields.append(("StreamError", error)) }
        _ = try? await request(url, fields).send()
    }

    private func request(_ url: String, _ form: [(name: String, value: String)]) -> FormPost {
        FormPost(
            url: url, form: form, authToken: options.authToken,
            trustedAuthoritiesFile: options.trustedAuthoritiesFile)
    }

    private func form(status: String) -> [(name: String, value: String)] {
        [
            ("AccountSid", options.accountSid), ("ApiVersion", "2010-04-01"), ("CallSid", options.callSid),
            ("CallStatus", status), ("Called", options.to), ("Caller", options.from), ("Direction", options.direction),
            ("From", options.from), ("To", options.to),
        ]
    }
}

extension TwiMLDocument.Verb {
    /// One line for a person: `Say: text`, `Hangup`.
    var summary: String { text.isEmpty ? name : "\(name): \(text)" }
}
