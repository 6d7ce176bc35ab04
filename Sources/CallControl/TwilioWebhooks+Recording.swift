import Configuration
import Transport
import TurnStore

extension TwilioWebhooks {
    /// `POST /twilio/recording`: the carrier has a recording of the call. On record like every webhook, and with it, in one
    /// commit, the job that fetches it; nothing is fetched here.
    func recording(_ webhook: Webhook, _ exchange: any HTTPExchange) {
        let sid = webhook.fields["RecordingSid"] ?? ""
        let status = webhook.fields["RecordingStatus"] ?? ""
        guard CarrierREST.isID(sid) else {
            counters.add(.malformed)
            return exchange.respond(.text(400, "RecordingSid: a recording's id was expected\n"))
        }
        if status == "completed" { order(sid, webhook) }
        append(webhook, kind: "recording-\(status):\(sid)", exchange)
    }

    private func order(_ sid: String, _ webhook: Webhook) {
        guard webhook.tenants.contains(where: \.carrierRecords) else { return counters.add(.recordingUnwanted) }
        let order = RecordingOrder(
            call: webhook.call, recording: sid, account: webhook.account, url: webhook.fields["RecordingUrl"] ?? "",
            channels: webhook.fields["RecordingChannels"] == "2" ? 2 : 1,
            madeAtUnixMilliseconds: webhook.receivedAt)
        // Signed, and still not believed: the host is one that recordings come from, or nobody is asked.
        guard let media = order.media, mediaHosts.admit(media) else { return counters.add(.recordingHostRefused) }
        // One queue, in order: when the event is committed, so is the job.
        store.appendDurably(
            .job(
                NewJob(
                    kind: .fetchRecording, key: sid, call: webhook.call, payload: order.payload,
                    at: webhook.receivedAt))
        ) { _ in }
    }

    /// Where recordings may come from.
    var mediaHosts: MediaHosts {
        MediaHosts(apiURL: configuration.twilio.apiURL, mediaHosts: configuration.twilio.mediaHosts)
    }
}
