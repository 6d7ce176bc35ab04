import AudioPipeline
import CallControl
import CallJournal
import Configuration
import Conversation
import RealtimeBridge
import Synchronization
import Telemetry
import Transport
import TurnStore

/// One core's share of the calls: an event loop, a frame clock, a playout pool, and the calls whose sockets live here.
///
/// Everything in it belongs to the loop's thread, but for the counters and histograms, which any thread may read.
final class Shard: @unchecked Sendable {
    let index: Int
    let loop: EventLoop
    unowned let service: ServiceCore
    /// One message to the model: 100 ms of linear audio at 24 kHz, or half a second of mu-law.
    static let uplinkBytes = 4_800
    var uplink = [UInt8](repeating: 0, count: Shard.uplinkBytes)
    var downlink = DownlinkBatch()
    /// What one event of a call is answered with; nil while a call is at it.
    var actions: ActionList? = ActionList()
    /// Both keep nothing between messages but memory, so all calls share them.
    var carrierParser = TwilioParser()
    var modelParser = OpenAIRealtimeParser()
    /// Audio is written alike for every session.
    var modelAudio = OpenAIRealtimeWriter(maximumAudioBytes: Shard.uplinkBytes)
    /// Room of one socket's queue.
    let carrierQueueBytes: Int, modelQueueBytes: Int
    let counters = CounterBlock<ShardCount>()
    let notes = CounterBlock<NoteCount>()
    let hangUps = CounterBlock<HangUpCount>()
    let routeFailures = CounterBlock<RouteFailureCount>()
    let usage = CounterBlock<UsageCount>()
    let budget = FrameBudget()
    let load = ShardLoad()
    let figures = TurnFigures()
    /// Single facts for telemetry.
    private var diagnostics: DiagnosticWriter
    let pool: PlayoutPool
    /// Where calls keep what goes to the model.
    let history: BlockPool
    var clock: FrameClock
    private var inlet: StoreInlet?

    private var calls: [Call?]
    /// Where each call is, by the carrier's id.
    private var members: [String: Int] = [:]
    private var free: [Int]
    /// Streams that have not said yet whose they are, oldest first.
    private var arriving: [CarrierLink] = []
    var warm = WarmSessions()
    private(set) var warmTimer: LoopTimer?
    private var timer: LoopTimer?
    private var startTimer: LoopTimer?
    private var scheduled: UInt64 = .max
    private var isTicking = false

    /// Before the loop carries connections; `startClock` follows on its thread.
    init(
        index: Int, loop: EventLoop, service: ServiceCore, capacity: Int, pool: PlayoutPool,
        diagnostics: consuming DiagnosticWriter, inlet: consuming StoreInlet
    ) {
        (self.index, self.loop, self.service, self.pool) = (index, loop, service, pool)
        history = UplinkHistory.pool(calls: capacity)
        self.inlet = consume inlet
        self.diagnostics = diagnostics
        carrierQueueBytes = service.carrierSocketOptions.sendQueueBytes
        modelQueueBytes = service.modelSocketOptions.sendQueueBytes
        clock = FrameClock(startNanoseconds: EventLoop.now, capacity: capacity)
        calls = Array(repeating: nil, count: capacity)
        free = Array((0..<capacity).reversed())
    }

    // MARK: Loop thread

    func startClock() throws(TransportError) {
        timer = try loop.makeTimer { [unowned self] now in tick(now) }
        warmTimer = try loop.makeTimer { [unowned self] now in dropOverdueWarm(now) }
        startTimer = try loop.makeTimer { [unowned self] now in closeOverdue(now) }
    }

    // MARK: Streams and calls

    /// A stream was let in; it has three seconds to say whose it is.
    func await(_ link: CarrierLink) {
        arriving.append(link)
        if arriving.count == 1 { startTimer?.schedule(at: link.openedAt + CarrierLink.startDeadlineNanoseconds) }
    }

    func closed(_ link: CarrierLink) { arriving.removeAll { $0 === link } }

    private func closeOverdue(_ now: UInt64) {
        for link in arriving where now &- link.openedAt >= CarrierLink.startDeadlineNanoseconds {
            decline(link, code: 1008, reason: "no start")
        }
        arriving.removeAll { now &- $0.openedAt >= CarrierLink.startDeadlineNanoseconds }
        if let next = arriving.first {
            startTimer?.schedule(at: next.openedAt + CarrierLink.startDeadlineNanoseconds)
        }
    }

    /// The stream was let in and does not become a call: closed and counted (R17). What follows from it for the call that
    /// was announced, the link says when it has closed.
    private func decline(_ link: CarrierLink, code: UInt16, reason: String) {
        counters.add(.streamsDeclined)
        diagnose(.callRefused, nil, at: EventLoop.now)
        link.close(code: code, reason: reason)
    }

    /// A stream has started: the call it belongs to is set up, or, when it is a carrier's retry, goes on with it (S24).
    func begin(_ grant: StreamGrant, on link: CarrierLink, stream: WireID, at now: UInt64) {
        closed(link)
        if let member = members[grant.call], let running = calls[member] {
            // A signature proves an account, not a call: another tenant's call is not there to be taken (R13).
            guard running.grant.tenant.id == grant.tenant.id, running.conversation.state != .closing else {
                return decline(link, code: 1008, reason: "not this call")
            }
            return running.takeOver(link, stream: stream, at: now)
        }
        // A call lives on one shard, and its memory cannot move (docs/decisions/0004).
        guard service.claim(grant.call, for: index) else {
            return decline(link, code: 1013, reason: "the call is elsewhere")
        }
        guard let member = free.popLast() else {
            service.forget(grant.call, on: index)
            return decline(link, code: 1013, reason: "no room")
        }
        guard let call = Call(grant, link: link, shard: self, member: member, now: now) else {
            free.append(member)
            service.forget(grant.call, on: index)
            return decline(link, code: 1013, reason: "no room in the pool, or nothing to say in this direction")
        }
        calls[member] = call
        members[grant.call] = member
        service.budgets.withLock { $0[call.number] = call.budget }
        clock.add(member: member, phase: .inbound, slot: clock.emptiestSlot(from: clock.slot(after: now)), now: now)
        counters.add(.callsBegun)
        reschedule()
        call.begin(stream: stream, at: now)
    }

    /// Lets a call go, once it has nothing left to do.
    func remove(_ call: Call) {
        guard calls[call.member] === call else { return }
        clock.remove(member: call.member)
        calls[call.member] = nil
        members[call.grant.call] = nil
        service.budgets.withLock { $0[call.number] = nil }
        free.append(call.member)
        counters.add(.callsEnded)
        service.forget(call.grant.call, on: index)
    }

    /// The live call with the carrier's `id`.
    func call(named id: String) -> Call? { members[id].flatMap { calls[$0] } }

    func isLive(_ call: String) -> Bool { members[call] != nil }

    func forEachCall(_ body: (Call) -> Void) {
        for call in calls { if let call { body(call) } }
    }

    /// The service stops soon: the agents say goodbye.
    func announceEnd() { forEachCall { $0.happen(.command(.drain), at: EventLoop.now) } }

    /// The service stops now: whoever is still talking is hung up, whoever has not begun is turned away.
    func endCalls() {
        for link in arriving { decline(link, code: 1001, reason: "shutting down") }
        arriving.removeAll()
        forEachCall { $0.shutDown(at: EventLoop.now) }
    }

    // MARK: The clock

    /// Serves every phase that is due. Late phases are served once; what passed meanwhile is counted.
    private func tick(_ now: UInt64) {
        isTicking = true
        scheduled = .max
        let began = EventLoop.now
        var (lateness, ended) = (UInt64(0), began)
        while let visit = clock.nextVisit(now: began) {
            budget.record(.lateness, nanoseconds: visit.latenessNanoseconds)
            lateness = max(lateness, visit.latenessNanoseconds)
            if visit.latenessNanoseconds > clock.lateAfterNanoseconds {
                counters.add(.ticksLate)
                diagnose(.lateTick, nil, at: began, value: Int(visit.latenessNanoseconds))
            }
            if visit.missedTicks > 0 {
                counters.add(.ticksMissed, UInt64(visit.missedTicks))
                diagnose(.missedTicks, nil, at: began, value: visit.missedTicks)
            }
            guard let call = calls[visit.member] else { continue }
            switch visit.phase {
            case .inbound: ended = call.inboundTick(at: ended)
            case .outbound: ended = call.outboundTick(at: ended)
            }
            // Writing for others is not this call's time, nor the next one's.
            if loop.flushIfMany() { ended = EventLoop.now }
        }
        budget.record(.tick, nanoseconds: ended &- began)
        load.ticked(finishedAfter: lateness &+ ended &- began, at: ended)
        isTicking = false
        reschedule()
    }

    /// The outbound grid of a talk spurt begins with its first sample.
    func startOutbound(_ call: Call, at now: UInt64) {
        guard clock.slot(of: call.member, phase: .outbound) == nil else { return }
        clock.add(member: call.member, phase: .outbound, slot: clock.slot(after: now), now: now)
        reschedule()
    }

    /// The tick of the outbound grid that `now` lies in.
    func gridTick(_ now: UInt64) -> Int64 {
        Int64((now &- clock.startNanoseconds) / FrameClock.periodNanoseconds)
    }

    func stopOutbound(_ call: Call) { clock.remove(member: call.member, phase: .outbound) }

    /// The inbound phase follows just after the carrier's frames tend to arrive: at the tick that the loop read them after.
    /// - Returns: whether that tick is over: the frame is then not to wait for the next one, or each would wait for the one
    ///   after.
    func alignInbound(_ call: Call, to now: UInt64) -> Bool {
        let arrival = loop.hasGathered ? now &- EventLoop.gatherNanoseconds : now
        clock.move(member: call.member, phase: .inbound, to: clock.slot(after: arrival), now: now)
        reschedule()
        return loop.hasGathered
    }

    private func reschedule() {
        guard !isTicking else { return }
        let deadline = clock.nextDeadline()
        loop.nextTick = deadline ?? .max
        guard let deadline, deadline != scheduled else { return }
        scheduled = deadline
        timer?.schedule(at: deadline)
    }

    // MARK: Telling the store

    func store(_ record: consuming StoreRecord) {
        if inlet?.push(record) != true {
            counters.add(.storeRefused)
            diagnose(.storeRefused, nil, at: EventLoop.now)
        }
    }

    /// The loop has stopped: nothing more comes for the store.
    func close() { inlet = nil }

    // MARK: Telling why (R17)

    /// A single fact for telemetry. Never waits; a full ring refuses and counts.
    func diagnose(_ kind: DiagnosticKind, _ call: Call?, at now: UInt64, value: Int = 0) {
        diagnostics.push(DiagnosticRecord(kind, call: call?.number ?? 0, at: now, value: Int64(value)))
    }
}
