import AudioPipeline
import PlugIns
import Telemetry
import Transport
import VAD

/// What the call's frames cost, and what is done about those that cost too much. Shard thread.
extension Call {
    /// One part of a frame's way is over.
    func spent(_ part: FrameBudget.Part, since began: UInt64, at now: UInt64) {
        let nanoseconds = now &- began
        shard.budget.record(part, nanoseconds: nanoseconds)
        if isBooking {
            budget.record(part, nanoseconds: nanoseconds)
        } else if nanoseconds > CallBudget.slowNanoseconds {
            budget.note(part, nanoseconds: nanoseconds)
        }
        if nanoseconds > FrameBudget.overNanoseconds { overran(part, since: began, at: now) }
    }

    /// A call's own books take one period in sixteen, and every slow part: they lie in memory that nothing else warms.
    private var isBooking: Bool { bookPage % 16 == 1 }

    /// A record that names the part and the call. A tick that holds a part already named has nothing to add.
    private func overran(_ part: FrameBudget.Part, since began: UInt64, at now: UInt64) {
        let kind: DiagnosticKind
        switch part {
        case .hear:
            hearingWatch.suspect()
            kind = .slowHear
        case .forward: kind = .slowForward
        case .queue: kind = .slowQueue
        case .send: kind = .slowSend
        case .inbound where lastOverrun < began: kind = .slowInbound
        case .outbound where lastOverrun < began: kind = .slowOutbound
        case .inbound, .outbound, .tick, .lateness: return
        }
        lastOverrun = now
        budget.overran()
        shard.counters.add(.framesOverBudget)
        shard.diagnose(kind, self, at: now, value: Int(clamping: now &- began))
    }

    /// The ears were over budget by the wall clock lately: by the thread's own clock too? Then the dearest of them goes,
    /// for the rest of this call.
    func watchHearing(since used: UInt64, at now: UInt64) {
        // 0: the frame that made a suspect of them; nobody looked at the clock before it.
        guard used > 0, hearingWatch.spent(nanoseconds: ShardLoad.processorNanoseconds &- used) else { return }
        let hearing = inbound.hearing
        guard inbound.demoteHearing() else { return }
        shard.counters.add(.stagesDemoted)
        // A detector that is plugged in is named when the next frame finds it gone.
        if inbound.hearing != hearing { shard.diagnose(.stageDemoted, self, at: now) }
    }

    /// The tenant's own detector is believed from now on, or is not any more, and the energy detector decides (S10).
    func detectorTurned(_ fault: DetectorFault?) {
        let before = detectorFault
        detectorFault = fault
        guard let detector = tenant.detector, fault != .starting else { return }
        if let fault {
            shard.counters.add(.detectorFallbacks)
            detector.counters.add(fault)
        } else if before != .starting {
            shard.counters.add(.detectorReturns)
        } else {
            return
        }
        // One that comes and goes is counted, and does not fill the log.
        guard detectorTurnsTold < 6 else { return }
        detectorTurnsTold += 1
        service.detectorTurned(self, detector.name, fault)
    }
}
