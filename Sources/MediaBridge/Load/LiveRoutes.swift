import AudioPipeline
import CallControl
import Conversation
import Synchronization
import Telemetry
import Transport

/// The budget of a running service, for the admin API.
struct LiveRoutes: AdminRoutes {
    let core: ServiceCore
    let admission: Admission
    let watch: SlackWatch
    let webhooks: CallControlCounters
    let diagnostics: Diagnostics
    /// Calls in `/api/v1/live`; `/api/v1/budget` has all.
    static let shownCalls = 20

    func answer(_ request: HTTPRequest, _ exchange: any HTTPExchange) -> Bool {
        let most: Int
        switch request.path {
        case "/api/v1/live": most = Self.shownCalls
        case "/api/v1/budget": most = .max
        default: return false
        }
        guard request.method == "GET" else {
            exchange.respond(AdminAnswer.methodNotAllowed("GET"))
            return true
        }
        exchange.respond(AdminAnswer.json(200, report(calls: most)))
        return true
    }

    func report(calls most: Int) -> LiveReport {
        let times = FrameBudget.Part.allCases.map { part in (part, core.times(part)) }
        let ticks = times[FrameBudget.Part.tick.rawValue].1
        let stages = times.filter { FrameBudget.Part.stages.contains($0.0) }
        let worst = stages.max { $0.1.percentile(0.99) < $1.1.percentile(0.99) }
        let bounds = CallBudget.bounds
        let upTo = bounds.map { ticks.count(upTo: $0) } + [ticks.count]
        let calls = core.budgets.withLock { Array($0.values) }
        let now = EventLoop.now
        return LiveReport(
            calls: admission.active, limit: admission.limit, hasSlack: admission.hasSlack,
            framesOver: total(.framesOverBudget), stagesDemoted: total(.stagesDemoted),
            shards: shards(of: calls), parts: times.map { Self.part($0.0, $0.1) }, worstStage: "\(worst?.0 ?? .hear)",
            tickBounds: bounds, tickCounts: upTo.indices.map { $0 == 0 ? upTo[0] : upTo[$0] - upTo[$0 - 1] },
            holes: ["model_late": total(.holesModelLate), "ours": total(.holesOurs), "carrier": total(.holesCarrier)],
            refusals: refusals,
            overruns: diagnostics.recent.map { record in
                LiveReport.Overrun(
                    cause: "\(record.kind)", call: core.name(ofCall: record.call),
                    millisecondsAgo: Int64(now &- record.at) / 1_000_000, nanoseconds: record.value)
            },
            callBudgets: calls.map(Self.call).sorted { $0.worstNanoseconds > $1.worstNanoseconds }.prefix(most).map {
                $0
            })
    }

    private func total(_ count: ShardCount) -> UInt64 { core.shards.reduce(0) { $0 + $1.counters[count] } }

    private var refusals: [String: UInt64] {
        var counts: [String: UInt64] = [:]
        for name in [.serviceFull, .tenantFull, .noSlack, .draining, .storeFull] as [CallControlCounters.Name]
        where webhooks[name] > 0 { counts[ServiceMetrics.snakeCase(name.rawValue)] = UInt64(webhooks[name]) }
        return counts
    }

    private func shards(of calls: [CallBudget]) -> [LiveReport.Shard] {
        zip(core.shards, watch.seconds).map { shard, second in
            let period = FrameClock.periodNanoseconds
            return LiveReport.Shard(
                index: shard.index, calls: calls.count { $0.shard == shard.index },
                coreShare: Double(second.coreThousandths) / 1_000, ticks: second.ticks,
                slackNanoseconds: period - min(period, second.finishNanoseconds))
        }
    }

    private static func part(_ part: FrameBudget.Part, _ times: HistogramSnapshot) -> LiveReport.Part {
        .init(
            part: "\(part)", count: times.count, p50: times.percentile(0.5), p99: times.percentile(0.99),
            p999: times.percentile(0.999), max: times.maximumNanoseconds)
    }

    private static func call(_ budget: CallBudget) -> LiveReport.Call {
        let stages = FrameBudget.Part.stages
        let worst = stages.max { budget.maximumNanoseconds($0) < budget.maximumNanoseconds($1) } ?? .hear
        var means: [String: UInt64] = [:]
        for part in stages + [.inbound, .outbound] where budget.count(part) > 0 {
            means["\(part)"] = budget.sumNanoseconds(part) / budget.count(part)
        }
        return .init(
            call: budget.call, tenant: budget.tenant, shard: budget.shard, framesOver: budget.framesOver,
            worstPart: "\(worst)", worstNanoseconds: budget.maximumNanoseconds(worst), means: means,
            ticks: budget.ticks)
    }
}
