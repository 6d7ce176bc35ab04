@testable import Conversation
import Testing

/// Calls made at random from a seed, with the faults of both sides: a forerunner of the simulator.
@Suite struct `Random calls` {
    static let callsPerBatch = 250

    @Test(arguments: 0..<8)
    func `no rule breaks in a batch of random calls`(batch: Int) {
        for call in 0..<Self.callsPerBatch {
            let seed = UInt64(batch * Self.callsPerBatch + call)
            let random = RandomCall(seed: seed)
            random.play()
            #expect(random.rig.rules.broken == [], "seed \(seed)")
            #expect(random.rig.state == .ended, "seed \(seed)")
            if !random.rig.rules.broken.isEmpty { return }
        }
    }

    @Test(arguments: 0..<2)
    func `a call in which nobody says anything more ends by itself`(batch: UInt64) {
        for seed in (batch * 100)..<(batch * 100 + 100) {
            let random = RandomCall(seed: seed)
            random.play(endsInSilence: true)
            #expect(random.rig.state == .ended, "seed \(seed)")
            #expect(random.rig.rules.broken == [], "seed \(seed)")
        }
    }

    @Test func `every row of the table is used by some call`() {
        var used = RowSet()
        for seed in 0..<600 {
            let random = RandomCall(seed: UInt64(seed))
            random.play()
            used.formUnion(random.rig.rowsUsed)
        }
        for call in DirectedCalls.all {
            #expect(call.rules.broken == [])
            used.formUnion(call.rowsUsed)
        }
        let rows = ConversationTable.transitions
        let idle = rows.indices.filter { !used.contains($0) }.map { "\(rows[$0].state) \(rows[$0].trigger)" }
        #expect(idle == [])
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014).
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var bits = state
        bits = (bits ^ (bits >> 30)) &* 0xbf58_476d_1ce4_e5b9
        bits = (bits ^ (bits >> 27)) &* 0x94d0_49bb_1331_11eb
        return bits ^ (bits >> 31)
    }
}

/// One call with everything that may happen to it.
final class RandomCall {
    let rig: CallRig
    private var random: SeededGenerator
    private var items = 0
    private var tools = 0

    init(seed: UInt64, keepsJournal: Bool = false) {
        var random = SeededGenerator(state: seed)
        var policy = ConversationPolicy()
        policy.carrierEchoesMarks = Int.random(in: 0..<5, using: &random) > 0
        policy.greets = Int.random(in: 0..<6, using: &random) > 0
        policy.allowInterruptions = Int.random(in: 0..<6, using: &random) > 0
        policy.greetingProtectionMilliseconds = [0, 0, 1_000].randomElement(using: &random)!
        policy.modelSpeechAloneMilliseconds = [nil, nil, 400].randomElement(using: &random)!
        policy.toolFillerMilliseconds = [nil, 1_000].randomElement(using: &random)!
        policy.toolTimeoutMilliseconds = 3_000
        policy.silenceMilliseconds = [5_000, 20_000].randomElement(using: &random)!
        policy.maximumDurationMilliseconds = [15_000, 3_600_000, 3_600_000].randomElement(using: &random)!
        policy.renewalMilliseconds = [3_300_000, 2_000, 7_000].randomElement(using: &random)!
        policy.standbySwitchMilliseconds = [200, 5_000].randomElement(using: &random)!
        policy.standbyRetryMilliseconds = 1_000
        policy.modelRoutes = Int.random(in: 1...3, using: &random)
        policy.maximumTokens = [nil, nil, nil, 3_000].randomElement(using: &random)!
        policy.transferWhenModelUnavailable = Int.random(in: 0..<4, using: &random) == 0 ? "front desk" : ""
        policy.turns = Int.random(in: 0..<6, using: &random) == 0 ? .model : .ours
        var settings = SeededGenerator(state: seed ^ 0x7475_726e)
        if Int.random(in: 0..<3, using: &settings) == 0 { policy.backchannels = ["mhmm", "word 1", "ok"] }
        if Int.random(in: 0..<6, using: &settings) == 0 { policy.minimumWords = 3 }
        policy.lateWords = Bool.random(using: &settings) ? .resume : .interrupt
        policy.keepsBackchannels = Bool.random(using: &settings)
        if Int.random(in: 0..<6, using: &settings) == 0 { policy.protectedMessages = ["a whole answer of a few"] }
        policy.answeringMachine = [.ignore, .hangUp, .leaveMessage, .leaveMessage].randomElement(using: &settings)!
        policy.answeringMachineMessage = "Please call back."
        policy.silencePrompts = Int.random(in: 0...2, using: &settings)
        rig = CallRig(policy, keepsJournal: keepsJournal)
        if policy.turns == .model { rig.model.echo = .answersItself }
        rig.skipsIdleTicks = true
        rig.carrier.losesEvery = [0, 0, 0, 3, 1].randomElement(using: &random)!
        rig.carrier.echoDelay = [0, 60, 300].randomElement(using: &random)!
        rig.model.refusesToOpen = [0, 0, 0, 0, 1, 3, 9].randomElement(using: &random)!
        rig.model.refusesConfigure = [0, 0, 0, 0, 0, 1, 2].randomElement(using: &random)!
        if Int.random(in: 0..<20, using: &random) == 0 { rig.model.echo = nil }
        rig.nextStandby = rig.model
        rig.nextStandby.refusesToOpen = [0, 0, 1, 2].randomElement(using: &random)!
        let troubles: [ModelClose?] = [nil, .unreachable, .refused(httpStatus: 401), .refused(httpStatus: 429)]
        for route in 0..<3 where Int.random(in: 0..<6, using: &random) == 0 {
            rig.model.brokenRoutes[route] = .some(troubles.randomElement(using: &random)!)
            rig.nextStandby.brokenRoutes = rig.model.brokenRoutes
        }
        rig.model.usual.usage.outputAudio = 400
        self.random = random
    }

    func play(endsInSilence: Bool = false) {
        if chance(50) { rig.give(.command(.drain)) }
        if chance(50) { machine() }
        rig.give(.carrierStarted(stream: "MZ0"))
        if chance(20) { rig.run(for: 60) }
        if chance(20) { rig.give(.command(.drain)) }
        let length = Int64.random(in: 500...30_000, using: &random)
        while rig.now < length, rig.state != .ended {
            rig.model.usual = answer()
            rig.run(for: Int64.random(in: 1...40, using: &random) * 20)
            something()
        }
        if endsInSilence {
            rig.give(.voice(.offset(endedMillisecondsAgo: 0)))
            rig.run(for: 200_000)
            return
        }
        if rig.state == .away { rig.give(.errandFinished(.callerHungUp)) }
        if rig.state != .ended { rig.give(chance(2) ? .carrierStopped : .carrierClosed(.peer)) }
        rig.run(for: 2_000)
        for _ in 0..<5 { something() }
        rig.run(for: 10_000)
    }

    private func chance(_ n: Int) -> Bool { Int.random(in: 0..<n, using: &random) == 0 }

    private func answer() -> ScriptedModel.Answer {
        var answer = ScriptedModel.Answer()
        answer.milliseconds = [200, 1_000, 2_000, 6_000].randomElement(using: &random)!
        answer.delay = [0, 100, 600].randomElement(using: &random)!
        if chance(12) { answer.milliseconds = 0 }
        if chance(15) { answer.status = [.failed, .incomplete, .cancelled].randomElement(using: &random)! }
        if chance(40) { answer.isLost = true }
        if chance(5) {
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                tools += 1
                answer.tools.append(
                    (
                        WireID("call_\(tools)")!,
                        chance(4)
                            ? "end_call"
                            : ["look_up", "look_up", "transfer_call", "send_dtmf"].randomElement(using: &random)!
                    ))
            }
            if chance(2) { answer.milliseconds = 0 }
        }
        return answer
    }

    private func item() -> WireID {
        items += 1
        return WireID("item_u\(items)")!
    }

    private func something() {
        switch Int.random(in: 0..<33, using: &random) {
        case 0..<7: rig.speak(item(), text: chance(5) ? nil : "word \(items)", milliseconds: chance(2) ? 400 : 1_500)
        case 7..<10: cough()
        case 10..<12: echo()
        case 12: rig.give(.carrierDigit([0x31, 0x23, 0x2a].randomElement(using: &random)!))
        case 13: rig.give(.responseDone(ResponseOutcome(response: "resp_old", status: .completed)))
        case 14: rig.give(.deadline(TimerID.allCases.randomElement(using: &random)!))
        case 15: if chance(3) { dropModel() }
        case 16: if chance(3) { rig.give(.carrierStarted(stream: "MZ1")) }
        case 17: if rig.model.active == nil { rig.give(.error(ModelError(code: "response_cancel_not_active"))) }
        case 18: rig.give(.inputTranscript(item: WireID("item_u\(max(1, items - 1))")!, .final("late")))
        case 19..<22:
            if tools > 0 {
                rig.give(
                    .toolFinished(call: WireID("call_\(Int.random(in: 1...tools, using: &random))")!, output: "{}"))
            }
        case 29: if chance(2) { rig.give(.errandFinished(ErrandOutcome.allCases.randomElement(using: &random)!)) }
        case 30: if rig.state == .away { rig.give(chance(2) ? .carrierStopped : .carrierClosed(.peer)) }
        case 22: if chance(15) { rig.give(.command([.hangUp, .drain].randomElement(using: &random)!)) }
        case 23: if chance(10) { rig.give(.carrierClosed(.stalled)) }
        case 24:
            rig.give(.voice([.sustained, .lapsed, .offset(endedMillisecondsAgo: 100)].randomElement(using: &random)!))
        case 25: rig.give(.carrierMark(PlaybackMark(generation: 1, item: .init(ordinal: 1), samples: 99_999)))
        case 26: rig.give(.error(ModelError(code: chance(8) ? "insufficient_quota" : "session_expired")))
        case 27: selfAnswer()
        case 31: if chance(6) { machine() }
        case 32: lateWords()
        case 28:
            if tools > 0, let active = rig.model.active {
                let call = WireID("call_\(tools)")!
                rig.give(
                    .toolCall(ToolCall(response: active, item: "item_t", call: call, name: "look_up", arguments: "{}")))
            }
        default: break
        }
    }

    private func machine() { rig.give(.answeredBy(AnsweringParty.allCases.randomElement(using: &random)!)) }

    /// A short utterance whose transcript takes its time.
    private func lateWords() {
        let heard = item()
        rig.speak(heard, milliseconds: chance(2) ? 300 : 600)
        rig.run(for: Int64.random(in: 0...60, using: &random) * 20)
        if chance(3) { cough() }
        let text = ["mhmm", "ok", "mhmm but", "no", ""].randomElement(using: &random)!
        if chance(3) { rig.give(.inputTranscript(item: heard, .partial(text))) }
        rig.give(.inputTranscript(item: heard, chance(8) ? .failed(code: "x", message: "") : .final(text)))
    }

    private func cough() {
        rig.give(.voice(.onset(startedMillisecondsAgo: 60)))
        let heard = chance(2) ? item() : nil
        rig.run(for: 60)
        if let heard { rig.give(.speechStarted(item: heard, audioStartMilliseconds: 0)) }
        rig.run(for: 60)
        if chance(3) { something() }
        if chance(10) { return rig.give(chance(2) ? .carrierStopped : .command(.drain)) }
        rig.give(.voice(.lapsed))
        rig.run(for: 300)
        if let heard {
            rig.give(.speechStopped(item: heard, audioEndMilliseconds: 0))
            rig.give(.committed(item: heard, previous: nil))
        }
    }

    private func echo() {
        let heard = item()
        rig.give(.speechStarted(item: heard, audioStartMilliseconds: 0))
        rig.run(for: Int64.random(in: 5...60, using: &random) * 20)
        rig.give(.speechStopped(item: heard, audioEndMilliseconds: 0))
        rig.give(.committed(item: heard, previous: nil))
    }

    private func dropModel() {
        guard rig.model.isOpen else { return }
        rig.model.close()
        rig.model.refusesToOpen = [0, 1, 2, 9].randomElement(using: &random)!
        rig.model.refusesConfigure = chance(3) ? 1 : 0
        rig.give(.modelClosed(.closed(code: 1_006)))
    }

    private func selfAnswer() {
        rig.model.answerUnasked(at: rig.now)
    }
}
