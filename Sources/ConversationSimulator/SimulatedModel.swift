import Conversation

/// A model behind a Realtime session: one response at a time, its audio in bursts much faster than it plays, its own
/// ears, and everything that a provider does wrong when told to.
///
/// It decides what happens and when; the call hands the events over (`SimulatedCall+Model`).
struct SimulatedModel {
    struct Session {
        var number: Int32
        var isOpen = false
        var isConfigured = false
        /// Index of the active response, or -1.
        var active: Int32 = -1
    }

    struct Response {
        enum Stage { case created, speaking, closing, done }
        var number: Int32
        var item: Int32
        var session: Int32
        var plan: AnswerPlan
        var fate: Fate
        var beganByItself: Bool
        var stage = Stage.created
        var left: Int64 = 0
        var words: [String] = []
        var wordsSaid = 0
        var deltas = 0
        /// When the server has learnt of the cancel; until then it knows nothing of it.
        var cancelledAt = Int64.max
        /// Deltas go on until then.
        var silentFrom = Int64.max
        var firstTool: Int32 = 0
    }

    /// What becomes of a response.
    enum Fate: BitwiseCopyable {
        case fine, empty, failed, incomplete, rateLimited, quotaSpent, cancelledByServer, lost
        case slow(Int64)
        case stalls(Int64)
    }

    enum EchoFate: BitwiseCopyable {
        case good, wrong, missing, twice, fieldsRefused
        case slow(Int64)
    }

    private let policy: ConversationPolicy
    /// From us to it and back.
    var delay: Int64
    var answers: [AnswerPlan]
    private var nextAnswer = 0
    private(set) var primary: Session?
    private(set) var standby: Session?
    private(set) var opens: Int32 = 0
    private(set) var responses: [Response] = []
    private var items: Int32 = 0
    private(set) var toolCalls: Int32 = 0
    private(set) var createsWhileActive = 0

    // What goes wrong next.
    var refusals: (left: Int64, how: SessionStep) = (0, .unreachable)
    var refusalStatus = 401
    var connectDelay: Int64 = 0
    var echoes: [EchoFate] = []
    var fates: [Fate] = []
    var deltasGoStale = false
    var endsCallNext = false
    /// Life of the next session, or 0.
    var sessionLife: Int64 = 0

    init(_ plan: CallPlan) {
        policy = plan.policy
        delay = plan.timing.model
        answers = plan.answers
        responses.reserveCapacity(24)
    }

    var active: Response? {
        guard let primary, primary.active >= 0 else { return nil }
        return responses[Int(primary.active)]
    }
    var isReady: Bool { primary?.isConfigured == true }
    /// Decides turns by itself, as its session says.
    var decidesTurns: Bool { policy.turns == .model }

    func isStandby(_ session: Int32) -> Bool { standby?.number == session }
    func isAlive(_ session: Int32) -> Bool { primary?.number == session || standby?.number == session }

    mutating func plan(_ fate: Fate, times: Int64 = 1) { for _ in 0..<max(1, times) { fates.append(fate) } }

    // MARK: Sessions

    mutating func open(asStandby: Bool, at now: Int64, _ agenda: inout Agenda) {
        opens += 1
        let session = Session(number: opens)
        if asStandby { standby = session } else { primary = session }
        var step = SessionStep.opened
        if refusals.left > 0 {
            refusals.left -= 1
            step = refusals.how
        }
        agenda.add(.session(step, session: opens), at: now + 2 * delay + connectDelay)
        connectDelay = 0
    }

    mutating func opened(_ session: Int32) {
        if primary?.number == session { primary?.isOpen = true } else { standby?.isOpen = true }
    }

    mutating func configured(_ session: Int32) {
        if primary?.number == session { primary?.isConfigured = true } else { standby?.isConfigured = true }
    }

    mutating func close() { primary = nil }
    mutating func closeStandby() { standby = nil }
    mutating func switchToStandby() { (primary, standby) = (standby, nil) }

    /// What `session.updated` says.
    func echo(isRight: Bool) -> SessionEcho {
        var echo = SessionEcho(
            inputFormat: policy.inputFormat, outputFormat: isRight ? policy.outputFormat : "audio/pcm",
            turnDetection: "server_vad", createResponse: decidesTurns, interruptResponse: decidesTurns)
        if sessionLife > 0 { echo.remainingMilliseconds = sessionLife }
        return echo
    }

    // MARK: Commands

    mutating func receive(_ command: ModelCommand, session: Int32, at now: Int64, _ agenda: inout Agenda) {
        switch command {
        case .configure: configure(session, at: now, &agenda)
        case .createResponse: create(at: now, &agenda)
        case .cancelResponse(let response):
            guard let primary, primary.active >= 0,
                response == nil || WireNames.number(of: response!) == responses[Int(primary.active)].number
            else { return agenda.add(.cancelRefused(session: session), at: now + delay) }
            cancel(.cancelled, at: now, &agenda)
        case .truncate, .deleteItem, .createText, .toolOutput, .commitInput, .clearInput: break
        }
    }

    private mutating func configure(_ session: Int32, at now: Int64, _ agenda: inout Agenda) {
        var at = now + delay
        switch echoes.isEmpty ? EchoFate.good : echoes.removeFirst() {
        case .good: break
        case .missing: return
        case .wrong: return agenda.add(.session(.wrong, session: session), at: at)
        case .fieldsRefused: return agenda.add(.session(.fieldsRefused, session: session), at: at)
        case .twice: agenda.add(.session(.updated, session: session), at: at + 30)
        case .slow(let milliseconds): at += milliseconds
        }
        agenda.add(.session(.updated, session: session), at: at)
    }

    private mutating func create(at now: Int64, _ agenda: inout Agenda) {
        guard let session = primary else { return }
        guard session.active < 0 else {
            if !responses[Int(session.active)].beganByItself { createsWhileActive += 1 }
            return agenda.add(.createRefused(session: session.number), at: now + delay)
        }
        answer(byItself: false, at: now + delay, &agenda)
    }

    /// A response that nobody asked for (S44).
    mutating func answerUnasked(at now: Int64, _ agenda: inout Agenda) {
        guard let primary, primary.isConfigured, primary.active < 0 else { return }
        answer(byItself: true, at: now + 20, &agenda)
    }

    private mutating func answer(byItself: Bool, at: Int64, _ agenda: inout Agenda) {
        let fate = fates.isEmpty ? Fate.fine : fates.removeFirst()
        var plan = nextAnswer < answers.count ? answers[nextAnswer] : .usual
        nextAnswer += 1
        if case .lost = fate { return }
        if endsCallNext { plan.endsCall = true }
        endsCallNext = false
        let number = Int32(responses.count + 1)
        items += 1
        var response = Response(
            number: number, item: items, session: primary!.number, plan: plan, fate: fate, beganByItself: byItself)
        response.left = plan.milliseconds
        switch fate {
        case .empty, .failed, .rateLimited, .quotaSpent: response.left = 0
        case .incomplete, .cancelledByServer: response.left /= 2
        case .fine, .lost, .slow, .stalls: break
        }
        response.words = plan.text == AnswerPlan.usual.text ? Self.usualWords : Self.words(of: plan.text)
        response.firstTool = toolCalls + 1
        responses.append(response)
        primary?.active = number - 1
        agenda.add(.response(number - 1), at: at)
    }

    private static let usualWords = words(of: AnswerPlan.usual.text)

    private static func words(of text: String) -> [String] {
        var words: [String] = [""]
        for character in text {
            words[words.count - 1].append(character)
            if character == " " { words.append("") }
        }
        return words
    }

    /// The server stops the active response, and says so after its way back.
    mutating func cancel(_ fate: ResponseFate, at now: Int64, _ agenda: inout Agenda) {
        guard let index = primary?.active, index >= 0, responses[Int(index)].cancelledAt == .max else { return }
        responses[Int(index)].cancelledAt = now + delay
        responses[Int(index)].silentFrom = now + delay + (deltasGoStale ? 500 : 0)
        deltasGoStale = false
        agenda.add(.responseDone(index, fate), at: now + delay)
    }

    // MARK: The steps of a response

    /// What one step of a response gives, in this order.
    struct Step {
        var isCreated = false
        var words = 0..<0
        var samples = 0
        var isAudioDone = false
        var tools: ClosedRange<Int32>?
    }

    /// Goes one step on. `at` is when it happens at the server, give or take.
    mutating func step(_ index: Int32, at now: Int64, _ agenda: inout Agenda) -> Step? {
        var step = Step()
        let i = Int(index)
        guard now < responses[i].silentFrom, isAlive(responses[i].session) else { return nil }
        switch responses[i].stage {
        case .created:
            step.isCreated = true
            responses[i].stage = responses[i].left > 0 ? .speaking : .closing
            var wait = responses[i].plan.delay
            if case .slow(let milliseconds) = responses[i].fate { wait += milliseconds }
            agenda.add(.response(index), at: now + wait)
        case .speaking:
            let samples = min(responses[i].plan.deltaMilliseconds, responses[i].left)
            responses[i].left -= samples
            responses[i].deltas += 1
            step.samples = Int(samples) * 8
            let total = responses[i].plan.milliseconds
            let upTo = Int(Int64(responses[i].words.count) * (total - responses[i].left) / max(1, total))
            step.words = responses[i].wordsSaid..<max(responses[i].wordsSaid, upTo)
            responses[i].wordsSaid = step.words.upperBound
            if responses[i].left == 0 {
                step.isAudioDone = true
                responses[i].stage = .closing
            }
            var wait = responses[i].plan.deltaGap
            if case .stalls(let milliseconds) = responses[i].fate, responses[i].deltas == 2 { wait += milliseconds }
            agenda.add(.response(index), at: now + wait)
        case .closing:
            guard now < responses[i].cancelledAt else { return nil }
            responses[i].stage = .done
            let fate = closingFate(responses[i].fate)
            if fate == .completed, case let count = responses[i].plan.tools + (responses[i].plan.endsCall ? 1 : 0),
                count > 0, !isEmpty(responses[i].fate)
            {
                responses[i].firstTool = toolCalls + 1
                toolCalls += Int32(count)
                step.tools = responses[i].firstTool...toolCalls
            }
            agenda.add(.responseDone(index, fate), at: now + 20)
        case .done: return nil
        }
        return step
    }

    private func isEmpty(_ fate: Fate) -> Bool { if case .empty = fate { true } else { false } }

    private func closingFate(_ fate: Fate) -> ResponseFate {
        switch fate {
        case .fine, .empty, .slow, .stalls, .lost: .completed
        case .failed: .failed
        case .incomplete: .incomplete
        case .rateLimited: .rateLimited
        case .quotaSpent: .quota
        case .cancelledByServer: .cancelled
        }
    }

    /// Said once for each response: by its own end or by a cancel, whichever was first.
    mutating func isOver(_ index: Int32, cancelled: Bool) -> Bool {
        guard isAlive(responses[Int(index)].session) else { return false }
        let wasCancelled = responses[Int(index)].cancelledAt != .max
        // Its own end was on the way when the cancel came: the cancel's answer is then an error.
        guard primary?.active == index, cancelled || !wasCancelled || responses[Int(index)].stage == .done else {
            return false
        }
        primary?.active = -1
        return true
    }

    /// Name of the tool of call `number`: the last of a response that ends the call is `end_call`.
    func toolName(_ number: Int32, of response: Response) -> String {
        number == response.firstTool + Int32(response.plan.tools) ? ToolDefinition.endCall.name : "look_up"
    }
}
