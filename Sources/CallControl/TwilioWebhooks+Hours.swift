import Configuration
import Transport
import TurnStore

/// Calls outside business hours that no agent answers.
extension TwilioWebhooks {
    /// What the carrier is to do with such a call; nil for every other one. A call that was announced before closing time
    /// keeps the answer it was given.
    func closedAnswer(_ grant: StreamGrant) -> String? {
        guard grant.isOutsideHours, case .message(let words, let name) = grant.tenant.hours?.outside,
            tokens.ending(of: grant.call, account: grant.tenant.accountSid) == .unknown
        else { return nil }
        let (language, settings) = (grant.tenant.language, grant.tenant.tools.transfer)
        guard let destination = settings.destinations.first(where: { $0.name == name }) else {
            return TwiML.sayAndHangUp(words, language: language)
        }
        return TwiML.sayAndDial(
            words, language: language, destination.address, ringSeconds: settings.ringSeconds,
            callerID: settings.callerID, afterDial: "\(publicOrigin.http)/twilio/after-dial")
    }

    /// The call takes no place and waits for no disk: there is nothing to decide by its record. Asked twice it answers the
    /// same, and its record begins and ends once.
    func answerClosed(_ answer: String, _ grant: StreamGrant, _ webhook: Webhook, _ exchange: any HTTPExchange) {
        counters.add(.outsideHours)
        store.appendDurably(
            .callStarted(
                CallStart(
                    call: grant.call, tenant: grant.tenant.id, direction: grant.direction, from: grant.from,
                    to: grant.to, startedAtUnixMilliseconds: webhook.receivedAt))
        ) { _ in }
        keep(webhook, kind: "voice", status: webhook.fields["CallStatus"]) { _ in }
        end(grant.call, "outsideHours", at: webhook.receivedAt)
        exchange.respond(.text(200, answer, type: TwiML.type))
    }
}
