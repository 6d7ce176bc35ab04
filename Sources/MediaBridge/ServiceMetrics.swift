import AudioPipeline
import CallControl
import Configuration
import Conversation
import Synchronization
import Telemetry
import TurnStore

/// Every number the service shows, under the name it is shown by.
enum ServiceMetrics {
    static func register(
        in metrics: MetricsRegistry, core: ServiceCore, admission: Admission, webhooks: CallControlCounters
    ) {
        for shard in core.shards {
            metrics.counters(
                "media_bridge_events_total", help: "What shards count: frames of 20 ms, samples at 8 kHz, edges.",
                label: "event", shard.counters)
            for note in NoteCount.allCases {
                metrics.counter(
                    "media_bridge_conversation_notes_total", help: "Facts of conversations, by cause.",
                    labels: [("note", snakeCase(note.note.rawValue))]
                ) { shard.notes[note] }
            }
            for count in HangUpCount.allCases {
                metrics.counter(
                    "media_bridge_calls_ended_total", help: "Calls by the reason of their end.",
                    labels: [("reason", snakeCase(count.reason.rawValue))]
                ) { shard.hangUps[count] }
            }
            for count in RouteFailureCount.allCases where count.route.index < core.configuration.model.routeCount {
                metrics.counter(
                    "media_bridge_model_route_failures_total",
                    help: "Sessions that could not be had or kept, by address of the chain and cause.",
                    labels: [("route", "\(count.route)"), ("cause", snakeCase(count.failure.rawValue))]
                ) { shard.routeFailures[count] }
            }
            for count in UsageCount.allCases {
                guard let kind = count.kind else { continue }
                metrics.counter(
                    "media_bridge_model_usage_total",
                    help: "What models reported: tokens by kind, transcribed audio in milliseconds.",
                    labels: [("kind", snakeCase(kind.rawValue))]
                ) { shard.usage[count] }
            }
            metrics.counter(
                "media_bridge_model_cost_micros_total",
                help: "What that cost by the price table, in millionths of its currency."
            ) { shard.usage[.costMicros] }
            for part in FrameBudget.Part.allCases {
                metrics.histogram(
                    "media_bridge_frame_seconds", help: "Time of each part of a frame's way, and lateness of ticks.",
                    labels: [("part", "\(part)")], bounds: [1e-6, 1e-5, 1e-4, 1e-3, 5e-3, 1e-2, 2e-2],
                    shard.budget[part])
            }
        }
        for shard in core.shards { register(shard.figures, in: metrics) }
        registerWorstCalls(of: core, in: metrics)
        metrics.gauge("media_bridge_calls", help: "Calls up now.") { Double(admission.active) }
        metrics.gauge("media_bridge_calls_limit", help: "Calls that may be up.") { Double(admission.limit) }
        for name in CallControlCounters.Name.allCases {
            metrics.counter(
                "media_bridge_requests_total", help: "Webhooks and upgrades, by what became of them.",
                labels: [("outcome", snakeCase(name.rawValue))]
            ) { UInt64(webhooks[name]) }
        }
        for name in ToolCounters.Name.allCases {
            metrics.counter(
                "media_bridge_tools_total", help: "Tools and errands, by what became of them.",
                labels: [("outcome", snakeCase(name.rawValue))]
            ) { UInt64(core.toolRunner.counters[name]) }
        }
        register(core.prompts, in: metrics)
        let store = core.store
        metrics.gauge("media_bridge_store_waiting", help: "Records waiting to be written.") {
            Double(store.health.waiting)
        }
        metrics.gauge("media_bridge_store_spooled", help: "Of those waiting, the ones in the spool file.") {
            Double(store.health.spooled)
        }
        metrics.gauge("media_bridge_store_spooled_bytes", help: "Bytes of the spool file that wait.") {
            Double(store.health.spooledBytes)
        }
        metrics.counter("media_bridge_store_reopened_total", help: "The file was gone or another one.") {
            UInt64(store.health.reopened)
        }
        metrics.counter("media_bridge_store_refused_total", help: "Records the store had no room for.") {
            UInt64(store.health.refused)
        }
        metrics.counter("media_bridge_store_committed_total", help: "Records on disk.") {
            UInt64(store.health.committed)
        }
    }

    /// Live calls whose budgets are shown, the dearest first: as many series however many calls there are.
    static let worstCallsShown = 3

    /// Which calls they are, `/api/v1/budget` says: a call's name is no label, since labels are kept for ever.
    private static func registerWorstCalls(of core: ServiceCore, in metrics: MetricsRegistry) {
        for part in FrameBudget.Part.stages {
            for rank in 0..<worstCallsShown {
                metrics.gauge(
                    "media_bridge_worst_call_frame_seconds",
                    help: "Dearest frame of a stage in the live calls where it was dearest.",
                    labels: [("part", "\(part)"), ("rank", "\(rank + 1)")]
                ) {
                    let worst = core.budgets.withLock { $0.values.map { $0.maximumNanoseconds(part) } }.sorted(by: >)
                    return rank < worst.count ? Double(worst[rank]) / 1e9 : 0
                }
            }
        }
        metrics.gauge("media_bridge_calls_over_budget", help: "Live calls with a frame over budget.") {
            Double(core.budgets.withLock { $0.values.count { $0.framesOver > 0 } })
        }
    }

    static func register(_ watch: SlackWatch, _ shards: [Shard], in metrics: MetricsRegistry) {
        for shard in shards {
            let (load, labels) = (shard.load, [("shard", "\(shard.index)")])
            metrics.histogram(
                "media_bridge_tick_finish_seconds",
                help: "From a tick's deadline until it is over; what is left of 20 ms is slack.", labels: labels,
                bounds: [1e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2, 2e-2], load.finish)
            metrics.gauge(
                "media_bridge_shard_core_share", help: "Part of the last second in which the shard ran.", labels: labels
            ) { Double(load.coreThousandths) / 1_000 }
        }
        metrics.counter("media_bridge_admission_closed_total", help: "Times that want of slack closed the door.") {
            watch.closings
        }
    }

    private static func register(_ prompts: PromptCache, in metrics: MetricsRegistry) {
        let outcomes: [(String, @Sendable (PromptCache.Statistics) -> UInt64)] = [
            ("hit", { $0.hits }), ("miss", { $0.misses }), ("failure", { $0.failures }),
        ]
        for (name, count) in outcomes {
            metrics.counter(
                "media_bridge_prompts_total", help: "Prompts that calls asked for: there, built, or not to be had.",
                labels: [("outcome", name)]
            ) { count(prompts.statistics) }
        }
        let drops: [(String, @Sendable (PromptCache.Statistics) -> UInt64)] = [
            ("revision", { $0.superseded }), ("room", { $0.evictions }),
        ]
        for (name, count) in drops {
            metrics.counter(
                "media_bridge_prompts_dropped_total",
                help: "Cached prompts let go: of an older revision, for lack of room.",
                labels: [("reason", name)]
            ) { count(prompts.statistics) }
        }
        metrics.counter("media_bridge_prompts_dated_total", help: "Cached prompts that were given a new day.") {
            prompts.statistics.dayChanges
        }
        metrics.counter(
            "media_bridge_prompts_renewed_total", help: "Prompts built when an edit was taken, before a call asked."
        ) { prompts.statistics.renewals }
        metrics.gauge("media_bridge_prompts_cached", help: "Prompts in the cache.") {
            Double(prompts.statistics.entries)
        }
    }

    private static func register(_ figures: TurnFigures, in metrics: MetricsRegistry) {
        for origin in TurnFigures.origins {
            for part in figures.parts(of: origin) {
                metrics.histogram(
                    "media_bridge_turn_latency_seconds",
                    help: "From the end of the caller's words (or the call's start) until the agent was heard.",
                    labels: [("origin", snakeCase(origin.rawValue)), ("part", snakeCase(part.name))],
                    bounds: TurnFigures.latencyBounds, part.histogram)
            }
        }
        for cause in PlayoutHole.Cause.allCases {
            metrics.histogram(
                "media_bridge_hole_seconds",
                help: "Holes inside the agent's speech as the caller heard them, by cause.",
                labels: [("cause", snakeCase(cause.rawValue))], bounds: TurnFigures.holeBounds, figures[cause])
        }
    }

    /// `modelLate` as Prometheus writes it: `model_late`.
    static func snakeCase(_ name: String) -> String {
        name.reduce(into: "") { text, character in
            text += character.isUppercase ? "_" + character.lowercased() : String(character)
        }
    }
}
