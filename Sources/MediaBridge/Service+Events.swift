import CallControl
import Configuration
import Telemetry
import Transport
import TurnStore

/// The operators' webhooks, told from the outbox.
extension Service {
    /// Times of deliveries for whoever cannot wait for the real ones.
    struct EventTimes: Sendable {
        var timeoutMilliseconds = 10_000
        var retry = EventRetry()
    }

    func makeEventDelivery(core: ServiceCore, telemetry: Telemetry) -> EventDelivery {
        var options = EventDelivery.Options()
        options.retry = eventTimes.retry
        // Requests of their own: neither tools nor the carrier ever wait for an operator's webhook.
        let sender = WebhookSender(
            requests: OutgoingRequests(capacity: 256), timeoutMilliseconds: eventTimes.timeoutMilliseconds)
        let delivery = EventDelivery(
            outbox: core.store.outbox, sender: sender, options: options,
            settings: { [core] in core.directory.snapshot.tenant(id: $0)?.events },
            report: { [core, telemetry] report in
                let (kind, call): (DiagnosticKind, String?) =
                    switch report {
                    case .failed(let call): (.eventFailed, call)
                    case .givenUp(let call): (.eventGivenUp, call)
                    case .storeFailed: (.eventStoreFailed, nil)
                    }
                telemetry.diagnostics.report(
                    DiagnosticRecord(kind, call: call.map(core.number(for:)) ?? 0, at: EventLoop.now))
            })
        let counters = delivery.counters
        let metrics = telemetry.metrics
        let outcomes: [(String, @Sendable () -> Int)] = [
            ("delivered", { counters.delivered }), ("retried", { counters.retried }), ("dead", { counters.dead }),
        ]
        for (name, count) in outcomes {
            metrics.counter(
                "media_bridge_webhook_events_total", help: "Events for operators, by what became of them.",
                labels: [("outcome", name)]
            ) { UInt64(count()) }
        }
        metrics.gauge("media_bridge_webhook_events_oldest_seconds", help: "Age of the oldest event that waits.") {
            Double(counters.oldestWaitingMilliseconds) / 1_000
        }
        return delivery
    }
}
