import AudioPipeline
import CallControl
import CallJournal
import Configuration
import Conversation
import PlugIns
import RealtimeBridge
import Recording
import Telemetry
import Transport
import TurnStore
import VAD

/// One telephone call: its two sockets, its two paths, and the conversation that decides. Shard thread only.
///
/// The call decides nothing itself. Whatever happens becomes a `ConversationEvent` (`happen`), and what comes back as
/// actions is carried out in order (`Call+Actions.swift`). Sockets report to it through `CarrierLink` and `ModelLink`;
/// the shard's clock through `inboundTick` and `outboundTick` (`Call+Ticks.swift`).
final class Call {
    /// Whose call this is.
    let grant: StreamGrant
    /// Its place among the admitted; given back with the last reference.
    let ticket: AdmissionTicket?
    let shard: Shard
    /// Index in the shard's table and clock while the call lives.
    let member: Int
    /// Monotonic nanoseconds at set-up; the call's own clock counts from here.
    let epoch: UInt64
    /// Names this call in records of fixed size.
    let number: UInt64
    /// Its few lines in the log; written off the shard.
    let log: CallLog
    let prompt: SessionPrompt
    /// The wall clock at set-up.
    let begunAtUnixMilliseconds: Int64
    let tenant: TenantRuntime
    let budget: CallBudget
    /// Inbound ticks, which turn the pages of `budget`; wraps.
    var bookPage: UInt8 = 0
    var hearingWatch = StageWatch()
    /// Why the tenant's own detector was not believed when it was last looked at.
    var detectorFault: DetectorFault? = .starting
    /// How often that has changed and stands in the log.
    var detectorTurnsTold = 0
    /// When a stage of this call was last over budget; monotonic nanoseconds.
    var lastOverrun: UInt64 = 0

    var conversation: JournalledConversation
    var inbound: InboundPath
    var outbound: OutboundPath
    private(set) var carrier: CarrierLink?
    var model: ModelLink?
    /// The session that is to take over from `model` (S57).
    var standby: ModelLink?
    /// What the model had cost when it was last told.
    var lastUsage = CallUsage()
    var tap: RecordingTap?
    /// Listens to the caller beside the model, when the tenant wants that.
    var listener: RecognizerSeat?
    /// And to the other party, where the carrier sends both and the call is only listened to.
    var other: ListenedTrack?
    /// Recognisers whose last words have not come.
    var unfinished = 0
    /// What the operator's webhook is told.
    var events: EventTeller

    /// The caller's audio may go to the model (R3).
    var isUplinkOpen = false
    /// Agent audio that came and was not wanted any more, in samples at 8 kHz.
    var letGoSamples: Int64 = 0
    /// The fallback message went to the carrier: the carrier need not say one.
    var hasSpokenFallback = false
    /// Of the agent's turns whose figures are counted.
    var newestCountedTurn = -1
    /// Frames of the caller's line that held the agent's own voice.
    var echoFrames = 0
    /// That the greeting was begun is in the store, or on its way there (R4).
    private var isGreetingOnRecord = false
    /// No frame has gone out since playout ran empty, and whether the conversation has been told.
    var isDry = true
    var isEmptyTold = true
    /// Outbound ticks since the last frame.
    var ticksWithoutFrame: UInt32 = 0
    /// The last inbound tick found no frame: the next one is heard when it comes.
    var tickCameFirst = false
    private var deadlines = InlineArray<32, Int64>(repeating: .max)
    private(set) var earliestDeadline = Int64.max

    private var pending: [ConversationEvent] = []
    private var isHandling = false

    /// nil when the tenant has nothing to say in this direction, or the pool has no room: the call is turned away.
    init?(_ grant: StreamGrant, link: CarrierLink, shard: Shard, member: Int, now: UInt64) {
        guard let tenant = shard.service.runtimes.runtime(of: grant.tenant),
            let prompt = shard.service.prompt(for: grant, of: tenant),
            let inbound = try? InboundPath(
                modelFormat: tenant.modelFormat, timing: tenant.speechTiming, isEchoAware: tenant.tenant.echoAware,
                seat: tenant.detector?.seat(), pool: shard.history),
            let outbound = try? OutboundPath(modelFormat: tenant.modelFormat, pacer: tenant.pacer, pool: shard.pool)
        else { return nil }
        (self.grant, ticket, carrier) = (grant, link.accepted.ticket, link)
        self.shard = shard
        self.member = member
        self.tenant = tenant
        self.prompt = prompt
        budget = CallBudget(call: grant.call, tenant: grant.tenant.id, shard: shard.index)
        epoch = now
        begunAtUnixMilliseconds = shard.service.unixMilliseconds()
        number = shard.service.number(for: grant.call)
        events = EventTeller(call: grant.call, tenant: grant.tenant)
        log = CallLog(call: grant.call, log: shard.service.logger)
        var policy = tenant.policy
        policy.wasGreeted = grant.history.wasGreeted
        conversation = JournalledConversation(
            Conversation(policy: policy, prompt: prompt),
            journal: shard.service.journal(grant, tenant, policy, prompt))
        self.inbound = inbound
        self.outbound = outbound
        pending.reserveCapacity(4)
    }

    /// The call is in its shard's table: it may begin.
    func begin(stream: WireID, at now: UInt64) {
        carrier?.attach(self)
        let id = grant.call
        store(
            events.started(
                CallStart(
                    call: id, tenant: grant.tenant.id, direction: grant.direction, from: grant.from, to: grant.to,
                    startedAtUnixMilliseconds: service.unixMilliseconds())))
        store(
            .streamStarted(
                call: id, stream: stream.description, atUnixMilliseconds: service.unixMilliseconds()))
        store(.promptChosen(call: id, hash: prompt.hash))
        openRecording()
        beginListening()
        service.callBegan(self)
        happen(.carrierStarted(stream: stream), at: now)
        shard.deliverVerdict(to: id)
    }

    /// A carrier's retry: the new stream goes on where the old one was.
    func takeOver(_ link: CarrierLink, stream: WireID, at now: UInt64) {
        carrier?.detach()
        carrier?.close(reason: "replaced")
        carrier = link
        link.attach(self)
        inbound.restarted()
        outbound.carrierReplaced()
        store(
            .streamStarted(
                call: grant.call, stream: stream.description, atUnixMilliseconds: service.unixMilliseconds()))
        happen(.carrierStarted(stream: stream), at: now)
    }

    /// The carrier's socket is not ours any more.
    func loseCarrier() {
        carrier?.detach()
        carrier = nil
    }

    var service: ServiceCore { shard.service }

    /// The call's own clock at monotonic `now`: whole microseconds, which its journal writes in fewer bytes.
    func instant(_ now: UInt64) -> CallInstant { CallInstant(nanoseconds: Int64(now &- epoch) / 1_000 * 1_000) }

    /// Samples of the carrier's rate since set-up.
    func position(_ now: UInt64) -> Int64 { Int64(now &- epoch) / 125_000 }

    /// The one way into the conversation. Events raised while one is being handled wait their turn.
    func happen(_ event: ConversationEvent, at now: UInt64) {
        pending.append(event)
        guard !isHandling else { return }
        isHandling = true
        // One for all calls of the shard: 30 KB that are used at edges only. Another call's edge inside has one of its own.
        var actions = shard.actions.take() ?? ActionList()
        var index = 0
        while index < pending.count {
            conversation.handle(pending[index], at: instant(now), into: &actions)
            var action = 0
            while action < actions.count {
                perform(actions[action], at: now)
                action += 1
            }
            actions.removeAll()
            index += 1
        }
        pending.removeAll(keepingCapacity: true)
        isHandling = false
        shard.actions = consume actions
        if conversation.hasGreeted, !isGreetingOnRecord {
            isGreetingOnRecord = true
            store(.fact(.greeted, call: grant.call, atUnixMilliseconds: service.unixMilliseconds()))
            // The notice is the greeting's first words.
            if grant.tenant.recordingEnabled, grant.tenant.recording.notice != nil {
                store(.fact(.noticeSpoken, call: grant.call, atUnixMilliseconds: service.unixMilliseconds()))
            }
        }
        if conversation.state == .ended {
            closeJournal(at: now)
            loseCarrier()
            shard.remove(self)
        }
    }

    // MARK: Deadlines, all of which die with the call (R9)

    func setDeadline(_ timer: TimerID, nanoseconds: Int64) {
        deadlines[Int(timer.rawValue)] = nanoseconds
        earliestDeadline = .max
        for index in deadlines.indices { earliestDeadline = min(earliestDeadline, deadlines[index]) }
    }

    func fireDeadlines(_ now: UInt64) {
        let instant = instant(now).nanoseconds
        for timer in TimerID.allCases where deadlines[Int(timer.rawValue)] <= instant {
            setDeadline(timer, nanoseconds: .max)
            happen(.deadline(timer), at: now)
        }
    }
}
