import Configuration
import Conversation
import TurnStore

extension TwilioWebhooks {
    /// The one way of a webhook into the inbox, with what it says about its call's status.
    func keep(
        _ webhook: Webhook, kind: String, sequence: Int64 = 0, status: String? = nil,
        then: @escaping @Sendable (AppendOutcome) -> Void
    ) {
        let event = CarrierEvent(
            account: webhook.account, call: webhook.call, kind: kind, sequence: sequence,
            receivedAtUnixMilliseconds: webhook.receivedAt,
            fields: webhook.fields.fields.map { .init($0.name, $0.value) })
        statusWriter.append(
            event, status: status.flatMap(CallStatusMachine.status(named:)),
            durationSeconds: status == nil ? nil : CallStatusMachine.seconds(webhook.fields["CallDuration"]),
            by: webhook.tenants.map(\.id), then: then)
    }

    /// A call that the carrier dialled from one of ours, as a status webhook of it says.
    func leg(_ call: String, of parent: String, _ webhook: Webhook) {
        let fields = webhook.fields
        store.appendDurably(
            .leg(
                CallLeg(
                    call: call, parent: parent, direction: CallStatusMachine.direction(named: fields["Direction"]),
                    from: fields["From"] ?? "", to: fields["To"] ?? "", atUnixMilliseconds: webhook.receivedAt,
                    tenants: webhook.tenants.map(\.id)))
        ) { _ in }
    }

    /// What `after-dial` says about the leg that was dialled. The leg's own; the caller's call goes on or ends by itself.
    func dialled(_ webhook: Webhook) {
        guard let call = webhook.fields.nonEmpty("DialCallSid"), Self.isCallID(call), call != webhook.call else {
            return
        }
        store.appendDurably(
            .leg(
                CallLeg(
                    call: call, parent: webhook.call, direction: .outbound, from: "", to: "",
                    atUnixMilliseconds: webhook.receivedAt, tenants: webhook.tenants.map(\.id)))
        ) { _ in }
        let name = webhook.fields["DialCallStatus"] ?? ""
        let event = CarrierEvent(
            account: webhook.account, call: call, kind: "dial-\(name)", receivedAtUnixMilliseconds: webhook.receivedAt,
            fields: webhook.fields.fields.filter { $0.name.hasPrefix("DialCall") }.map { .init($0.name, $0.value) })
        statusWriter.append(
            event, status: CallStatusMachine.status(named: name),
            durationSeconds: CallStatusMachine.seconds(webhook.fields["DialCallDuration"]),
            by: webhook.tenants.map(\.id)
        ) { _ in }
    }
}
