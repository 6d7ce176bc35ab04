import Configuration
import Conversation
import Dispatch
import Foundation
import Transport
import TurnStore

/// What is not done twice, whatever the carrier says again: greeting, notice, hang-up (R4, R5). The store is asked off
/// the loops; the stream is let in knowing the answer.
extension TwilioWebhooks {
    /// Reads of once-per-call facts.
    static let lookUps = DispatchQueue(label: "call history", qos: .userInitiated)

    /// A call that was announced before is announced again.
    func announceAgain(_ grant: StreamGrant, _ exchange: any HTTPExchange, _ answer: String) {
        Self.lookUps.async { [store, tokens, counters, acceptor] in
            var grant = grant
            // A store that cannot be read says nothing; a caller is not turned away for that.
            if let known = CallHistory.read(of: grant.call, in: store)?.history {
                grant.history = known
                if known.wasHungUp {
                    tokens.forget(grant.call)
                    counters.add(.callOver)
                    return exchange.respond(.text(200, TwiML.hangUp, type: TwiML.type))
                }
                tokens.note(known, of: grant.call)
            }
            counters.add(.voiceAnswered)
            acceptor.announced(grant)
            exchange.respond(.text(200, answer, type: TwiML.type))
        }
    }

    /// `POST /twilio/after-stream`: what comes next is `AfterStream`'s to say. Asked twice it answers the same.
    func afterStream(_ webhook: Webhook, _ exchange: any HTTPExchange) {
        // The answer does not wait for the record: nothing is decided by it, and the caller is listening.
        keep(webhook, kind: "after-stream") { _ in }
        switch tokens.ending(of: webhook.call, account: webhook.account) {
        case .waiting(let grant): respond(grant.history.isResumed ? .cutOff : .waiting, grant, exchange)
        case .streaming(let grant): respond(.streaming, grant, exchange)
        case .ended(let grant, wasSpokenTo: true): respond(.spokenTo, grant, exchange)
        case .ended(let grant, wasSpokenTo: false): respond(.unspoken, grant, exchange)
        case .unknown:
            Self.lookUps.async { [self] in
                let (situation, grant) = beforeThisProcess(webhook)
                respond(situation, grant, exchange)
            }
        }
    }

    /// What the store knows of a call that this process does not.
    private func beforeThisProcess(_ webhook: Webhook) -> (AfterStream.Situation, StreamGrant?) {
        guard let (history, call) = CallHistory.read(of: webhook.call, in: store), let call,
            let tenant = webhook.tenants.first(where: { $0.id == call.tenant })
        else { return (.unknown, nil) }
        guard !history.wasHungUp, call.endedAtUnixMilliseconds == nil else { return (.endedBefore, nil) }
        let age = webhook.receivedAt - call.startedAtUnixMilliseconds
        guard history.isResumed, age < Int64(tenant.maximumMinutes) * 60_000,
            let direction = CallDirection(rawValue: call.direction)
        else { return (.unknown, nil) }
        var grant = StreamGrant(call: call.id, tenant: tenant, direction: direction, from: call.from, to: call.to)
        grant.history = history
        return (.cutOff, grant)
    }

    private func respond(_ situation: AfterStream.Situation, _ grant: StreamGrant?, _ exchange: any HTTPExchange) {
        var words = ""
        if case .text(let text) = grant?.tenant.fallback { words = text }
        var answer = TwiML.hangUp
        switch AfterStream.answer(situation, hasWords: !words.isEmpty) {
        case .hangUp: break
        case .sayFallback: answer = TwiML.sayAndHangUp(words, language: grant?.tenant.language ?? "en")
        case .streamAgain:
            if let grant, let again = streamAgain(grant) { answer = again }
        }
        exchange.respond(.text(200, answer, type: TwiML.type))
    }

    /// Nobody came for the stream here. Announced to another service on the same store too, it may be up there: then its
    /// end is that one's to write.
    func endUnclaimed(_ grant: StreamGrant, at milliseconds: Int64) {
        Self.lookUps.async { [self] in
            if !grant.history.isResumed, CallHistory.read(of: grant.call, in: store)?.history.isResumed == true {
                return
            }
            end(grant.call, "noStream", at: milliseconds)
        }
    }

    /// Nil when there is no place for the call any more.
    private func streamAgain(_ grant: StreamGrant) -> String? {
        let admission = admission
        guard
            let token = try? tokens.mint(
                for: grant, admit: { () throws(AdmissionRefusal) in try admission.admit(grant.tenant.id) })
        else { return nil }
        acceptor.announced(grant)
        return TwiML.streamAgain(CallStream(path: "/twilio/media/\(token)", tenant: nil), origin: publicOrigin)
    }
}
