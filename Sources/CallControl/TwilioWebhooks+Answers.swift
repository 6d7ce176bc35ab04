import Configuration
import Conversation
import Transport
import TurnStore

extension TwilioWebhooks {
    // MARK: A call begins

    /// `POST /twilio/voice`: refuse, or hand the call's audio to us, with the call on disk first.
    func voice(_ webhook: Webhook, _ exchange: any HTTPExchange) {
        let fields = webhook.fields
        let (from, to) = (fields["From"] ?? "", fields["To"] ?? "")
        // Our number is the called one, unless we called. A direction the carrier does not say is not made up: it is
        // whichever the numbers allow.
        let asked = outgoing.claim(webhook.request, call: webhook.call, account: webhook.account)
        let named = asked == nil ? CallStatusMachine.direction(named: fields["Direction"]) : .outbound
        let direction =
            named
            ?? (webhook.tenants.contains { $0.numbers.contains(CarrierAddress.number(to)) }
                ? CallDirection.inbound : .outbound)
        let ours = CarrierAddress.number(direction == .inbound ? to : from)
        guard let tenant = asked?.tenant ?? webhook.tenants.first(where: { $0.numbers.contains(ours) }) else {
            return reject(.numberUnknown, exchange)
        }
        guard (direction == .inbound ? tenant.inbound : tenant.outbound) != nil else {
            return reject(.nothingWrittenForDirection, exchange)
        }
        var grant = StreamGrant(
            call: webhook.call, tenant: tenant, direction: direction, from: from, to: to,
            isOutsideHours: direction == .inbound && tenant.isClosed(at: webhook.receivedDate))
        grant.context = asked?.context ?? ""
        if let answer = closedAnswer(grant) { return answerClosed(answer, grant, webhook, exchange) }
        guard store.hasRoom else { return reject(.storeFull, busy: true, exchange) }
        let token: String
        do throws(AdmissionRefusal) {
            let admission = self.admission
            guard
                let minted = try tokens.mint(
                    for: grant,
                    admit: { () throws(AdmissionRefusal) in
                        if let held = asked?.ticket { return held }
                        return try admission.admit(tenant.id)
                    })
            else {
                if case .ended = tokens.ending(of: webhook.call, account: webhook.account) {
                    counters.add(.callOver)
                    return respond(TwiML.hangUp, exchange)
                }
                return reject(.tokenTableFull, busy: true, exchange)
            }
            token = minted
        } catch {
            return reject(Self.counter(of: error), busy: error != .unknownTenant, exchange)
        }

        // The carrier's detection has waited for whoever picked up; the call finds the verdict when its stream comes.
        if let party = fields.nonEmpty("AnsweredBy").flatMap(Self.answeringParty) {
            acceptor.answered(call: webhook.call, by: party)
        }
        let origin = publicOrigin
        let answer = TwiML.stream(
            "\(origin.webSocket)/twilio/media/\(token)", afterStream: "\(origin.http)/twilio/after-stream",
            statusCallback: "\(origin.http)/twilio/stream-status",
            recordingCallback: tenant.carrierRecords ? "\(origin.http)/twilio/recording" : nil)
        store.appendDurably(
            .callStarted(
                CallStart(
                    call: webhook.call, tenant: tenant.id, direction: direction, from: from, to: to,
                    startedAtUnixMilliseconds: webhook.receivedAt))
        ) { _ in }
        // One queue, in order: when the event is committed, so is the call.
        let (counters, tokens, acceptor, announced) = (counters, tokens, acceptor, grant)
        keep(webhook, kind: "voice", status: fields["CallStatus"]) { [self] outcome in
            switch outcome {
            case .refused:
                tokens.forget(announced.call)
                counters.add(.storeFull)
                return exchange.respond(.text(200, TwiML.reject(busy: true), type: TwiML.type))
            case .spooled:
                // The database is away for a while and the record is in memory: a caller is not turned away for that.
                counters.add(.answeredBeforeDurable)
            case .committed(isNew: true, _): break
            case .committed:
                // Announced before, perhaps to a process that is gone: what that one did is not done again.
                return announceAgain(announced, exchange, answer)
            }
            counters.add(.voiceAnswered)
            acceptor.announced(announced)
            exchange.respond(.text(200, answer, type: TwiML.type))
        }
    }

    private func reject(
        _ reason: CallControlCounters.Name, busy: Bool = false, _ exchange: any HTTPExchange
    ) {
        counters.add(reason)
        respond(TwiML.reject(busy: busy), exchange)
    }

    private func respond(_ twiML: String, _ exchange: any HTTPExchange) {
        exchange.respond(.text(200, twiML, type: TwiML.type))
    }

    // MARK: What happens to it

    /// `POST /twilio/status`: 204 once the event, and the status it leads to, are on disk.
    func status(_ webhook: Webhook, _ exchange: any HTTPExchange) {
        let name = webhook.fields["CallStatus"] ?? ""
        let status = CallStatusMachine.status(named: name)
        if status == nil { counters.add(.statusUnknown) }
        // A call that ends before its stream came gives its place back at once.
        if status?.isFinal == true, tokens.ending(of: webhook.call, account: webhook.account) != .unknown {
            acceptor.errandFinished(call: webhook.call, .callerHungUp)
            tokens.end(webhook.call, wasSpokenTo: true)
            closeUnclaimed(at: webhook.receivedAt)
        }
        if status?.isFinal == true {
            if outgoing.finished(webhook.request, call: webhook.call, account: webhook.account) {
                end(webhook.call, status?.rawValue ?? name, at: webhook.receivedAt)
            }
        } else {
            outgoing.heard(of: webhook.request, call: webhook.call, account: webhook.account)
        }
        // Without a sequence number each status is an event of its own.
        let sequence = webhook.fields.nonEmpty("SequenceNumber").flatMap { Int64($0) }
        if let parent = webhook.fields.nonEmpty("ParentCallSid") { leg(webhook.call, of: parent, webhook) }
        append(
            webhook, kind: sequence == nil ? "status-\(name)" : "status", sequence: sequence ?? 0, status: name,
            exchange)
    }

    /// `POST /twilio/stream-status`: kept for the record; the stream itself tells us the same.
    func streamStatus(_ webhook: Webhook, _ exchange: any HTTPExchange) {
        let name = webhook.fields["StreamEvent"] ?? "stream-unknown"
        append(webhook, kind: "\(name):\(webhook.fields["StreamSid"] ?? "")", exchange)
    }

    /// `POST /twilio/amd`: who picked up an outbound call. The call hears of it at once, for a machine does not wait for
    /// a disk; 204 once it is on record.
    func answeredBy(_ webhook: Webhook, _ exchange: any HTTPExchange) {
        let name = webhook.fields["AnsweredBy"] ?? ""
        if let party = Self.answeringParty(named: name) {
            // Only of the account's own calls (R13).
            if tokens.ending(of: webhook.call, account: webhook.account) != .unknown {
                acceptor.answered(call: webhook.call, by: party)
            }
        } else {
            counters.add(.answeringPartyUnknown)
        }
        append(webhook, kind: "amd-\(name)", exchange)
    }

    /// `AnsweredBy` in Twilio's words.
    static func answeringParty(named name: String) -> AnsweringParty? {
        switch name {
        case "human": .human
        case "machine_start": .machineStart
        case "machine_end_beep": .machineEndBeep
        case "machine_end_silence": .machineEndSilence
        case "machine_end_other": .machineEndOther
        case "fax": .fax
        case "unknown": .unknown
        default: nil
        }
    }

    func append(
        _ webhook: Webhook, kind: String, sequence: Int64 = 0, status: String? = nil, _ exchange: any HTTPExchange
    ) {
        let counters = counters
        keep(webhook, kind: kind, sequence: sequence, status: status) { outcome in
            switch outcome {
            case .committed(let isNew, _):
                counters.add(isNew ? .eventStored : .eventRepeated)
                exchange.respond(HTTPResponse(status: 204))
            case .spooled, .refused:
                // Not acknowledged: what is not on disk may be lost, and the carrier should say it again.
                counters.add(.eventNotDurable)
                exchange.respond(
                    HTTPResponse(
                        status: 503, headers: .init([("Retry-After", "2"), ("Content-Type", "text/plain")]),
                        body: Array("not stored\n".utf8)))
            }
        }
    }

    // MARK: What comes after a transfer

    /// `POST /twilio/after-dial`: a transfer is over. Whoever was not reached leaves the caller with the agent: the stream
    /// is opened again. Asked twice it answers the same as long as the call is up.
    func afterDial(_ webhook: Webhook, _ exchange: any HTTPExchange) {
        let outcome = Self.dialOutcome(named: webhook.fields["DialCallStatus"] ?? "")
        var answer = TwiML.hangUp
        // Only of the account's own calls (R13). Told before the answer leads the stream back.
        if let stream = tokens.stream(of: webhook.call, account: webhook.account) {
            acceptor.errandFinished(call: webhook.call, outcome)
            if outcome != .answered { answer = TwiML.streamAgain(stream, origin: publicOrigin) }
        }
        counters.add(outcome == .answered ? .dialAnswered : .dialFailed)
        keep(webhook, kind: "after-dial") { _ in }
        dialled(webhook)
        respond(answer, exchange)
    }

    /// `DialCallStatus` in Twilio's words.
    static func dialOutcome(named name: String) -> ErrandOutcome {
        switch name {
        case "completed", "answered": .answered
        case "busy": .busy
        case "no-answer": .noAnswer
        default: .failed
        }
    }
}
