import AudioPipeline
import CallJournal
import Conversation
import RealtimeBridge
import Telemetry
import Transport
import TurnStore
import VAD

/// What happens every 20 ms, and what the sockets bring in between. Nothing here allocates, locks or logs while a call
/// is in its steady state (R15).
extension Call {
    /// No message of the carrier for this long: its socket is half open (S50).
    static let halfOpenNanoseconds: UInt64 = 5_000_000_000

    // MARK: Inbound

    /// One carrier message's audio.
    func heard(_ audio: Span<UInt8>, at now: UInt64) {
        if inbound.ledger.received == 0 { shard.alignInbound(self, to: now) }
        inbound.arrived(audio)
        guard tickCameFirst else { return }
        // A frame that is late by less than a period does not wait for the next tick.
        tickCameFirst = false
        hearArrived()
        if isUplinkOpen { forward() }
    }

    /// The carrier's clock says that audio is missing: silence keeps the recording aligned (S12).
    func lost(milliseconds: Int, at now: UInt64) {
        shard.counters.add(.lostByCarrier, UInt64(milliseconds / AudioFormat.frameMilliseconds))
        shard.diagnose(.carrierGap, self, at: now, value: milliseconds)
        // What arrived before the gap is recorded before it.
        hearArrived()
        inbound.lost(frames: milliseconds / AudioFormat.frameMilliseconds)
        conversation.missed(frames: milliseconds / AudioFormat.frameMilliseconds, at: instant(now))
        tap?.callerGap(samples: milliseconds * 8)
    }

    func inboundTick(_ visit: ClockVisit) {
        let began = EventLoop.now
        tickCameFirst = !hearArrived()
        if isUplinkOpen { forward() }
        watch(began)
        spent(.inbound, since: began, at: EventLoop.now)
    }

    /// All whole frames that have arrived go through the local ears.
    /// - Returns: whether there was any.
    @discardableResult private func hearArrived() -> Bool {
        var hasHeard = false
        var mark = EventLoop.now
        var used = hearingWatch.isWatching ? ShardLoad.processorNanoseconds : 0
        while let frame = inbound.hear() {
            let heardAt = EventLoop.now
            spent(.hear, since: mark, at: heardAt)
            if hearingWatch.isWatching { watchHearing(since: used, at: heardAt) }
            mark = heardAt
            shard.counters.add(.framesIn)
            if frame.isEcho { countEcho(at: heardAt) }
            if let seat = inbound.seat, seat.fault != detectorFault { detectorTurned(seat.fault) }
            tap?.caller(inbound.wire.span, at: position(heardAt))
            conversation.heard(inbound.wire.span, at: instant(heardAt))
            if let edge = frame.edge {
                happen(.voice(VoiceEdge(edge)), at: heardAt)
                // What follows from an edge is no cost of the ears.
                mark = EventLoop.now
            }
            if hearingWatch.isWatching { used = ShardLoad.processorNanoseconds }
            hasHeard = true
        }
        return hasHeard
    }

    /// The conversation is told every 100 ms: what the model hears then may be the agent himself (S31).
    private func countEcho(at now: UInt64) {
        shard.counters.add(.framesOfEcho)
        echoFrames &+= 1
        if echoFrames % 5 == 0 { happen(.voice(.echo), at: now) }
    }

    /// All that waits goes to the model in as few messages as its bound allows; what its socket has no room for stays.
    private func forward() {
        guard let model, inbound.waitingFrames >= tenant.uplinkBatchFrames else { return }
        let began = EventLoop.now
        while inbound.waitingFrames > 0, model.hasRoom(for: Shard.uplinkBytes) {
            let frames = inbound.forward(using: &shard.uplink) { message in model.append(message) }
            shard.counters.add(.framesToModel, UInt64(frames))
        }
        spent(.forward, since: began, at: EventLoop.now)
    }

    /// Deadlines of the conversation, and of a carrier that says nothing.
    private func watch(_ now: UInt64) {
        if earliestDeadline <= instant(now).nanoseconds { fireDeadlines(now) }
        // In `away` no message is expected, and a timer watches.
        if conversation.state != .closing, conversation.state != .away, let carrier, carrier.lastMessage < now,
            now &- carrier.lastMessage > Self.halfOpenNanoseconds
        {
            shard.diagnose(.carrierStalled, self, at: now, value: Int((now &- carrier.lastMessage) / 1_000_000))
            carrier.close()
            happen(.carrierClosed(.halfOpen), at: now)
        }
    }

    // MARK: Outbound

    /// The model's audio, in its own format, into playout in the carrier's.
    func play(_ audio: Span<UInt8>, of source: ModelAudio, as item: PlayoutItem, at now: UInt64) {
        let queued = outbound.append(audio, of: source, to: item)
        account(queued, as: item, at: now)
        spent(.queue, since: now, at: EventLoop.now)
        if outbound.isIdle {
            beginSpurt(at: now)
        } else if isDry {
            // The tick came first and found nothing: a model that speaks in real time is not held back for the next one.
            sendDue(at: now)
        }
    }

    func account(_ queued: QueuedAudio, as item: PlayoutItem, at now: UInt64) {
        guard queued.samples > 0 else { return }
        conversation.queued(item, samples: queued.samples, at: instant(now))
        shard.counters.add(.samplesFromModel, UInt64(queued.samples))
        if queued.isFull { model?.pauseReading() }
    }

    /// The model has nothing more to say in this item.
    func endItem(at now: UInt64) {
        guard let item = outbound.current?.item else { return }
        account(outbound.endCurrent(), as: item, at: now)
        beginSpurt(at: now)
    }

    /// The grid of a talk spurt begins with its first sample; its lead goes out at once.
    func beginSpurt(at now: UInt64) {
        guard outbound.isIdle else { return }
        shard.startOutbound(self, at: now)
        sendDue(at: now)
    }

    func outboundTick(_ visit: ClockVisit) {
        let began = EventLoop.now
        sendDue(at: began)
        if outbound.isIdle, outbound.queuedBytes == 0 { shard.stopOutbound(self) }
        if model?.isPaused == true, !outbound.isFull { model?.resumeReading() }
        spent(.outbound, since: began, at: EventLoop.now)
    }

    /// What the grid allows now: one frame in the steady state, the lead at a start. Frames of one batch share a message.
    private func sendDue(at now: UInt64) {
        let tick = shard.gridTick(now)
        var due = outbound.framesDue(at: tick)
        if due > 0, carrier?.hasRoom != true {
            outbound.blocked(at: tick)
            if carrier != nil { shard.diagnose(.carrierBackpressure, self, at: now) }
        }
        while due > 0, let carrier, carrier.hasRoom {
            let began = EventLoop.now
            let (pop, hole) = outbound.next(at: tick)
            switch pop {
            case .frame(let frame):
                if let hole {
                    flush(to: carrier)
                    gapEnded(hole, in: frame.item, at: now)
                }
                sendFrame(frame, to: carrier, at: began)
                due -= 1
            case .ended: sendMark(itemEnded: true, to: carrier)
            case .waiting: return runDry(itemComplete: false, carrier, at: now)
            case .empty: return runDry(itemComplete: true, carrier, at: now)
            }
        }
        if let carrier { flush(to: carrier) }
    }

    private func runDry(itemComplete: Bool, _ carrier: CarrierLink, at now: UInt64) {
        flush(to: carrier)
        guard !isDry else { return }
        isDry = true
        happen(.playoutEmpty(itemComplete: itemComplete), at: now)
    }

    private func sendFrame(_ frame: PlayoutFrame, to carrier: CarrierLink, at now: UInt64) {
        isDry = false
        put(outbound.frame.span, to: carrier)
        inbound.sent(outbound.frame.span)
        conversation.spoke(outbound.frame.span, at: instant(now))
        tap?.agent(outbound.frame.span, at: position(now))
        conversation.sent(frame.item, samples: outbound.frame.count, at: instant(now))
        sendMark(itemEnded: frame.isLast, to: carrier)
        shard.counters.add(.framesOut)
        spent(.send, since: now, at: EventLoop.now)
        guard frame.isFirst else { return }
        flush(to: carrier)
        happen(.playoutStarted(frame.item), at: now)
    }

    /// A frame of a batch waits for the others of its message. Whatever else the carrier is told, and whatever else may
    /// happen to the call, comes after it.
    private func put(_ frame: Span<UInt8>, to carrier: CarrierLink) {
        guard outbound.batchFrames > 1 else {
            if !carrier.send(frame) { shard.counters.add(.carrierRefusedSend) }
            return
        }
        if !shard.downlink.add(frame) {
            flush(to: carrier)
            _ = shard.downlink.add(frame)
        }
        if shard.downlink.count >= outbound.batchFrames * frame.count { flush(to: carrier) }
    }

    private func flush(to carrier: CarrierLink) {
        if !shard.downlink.empty({ carrier.send($0) }) { shard.counters.add(.carrierRefusedSend) }
    }

    private func sendMark(itemEnded: Bool, to carrier: CarrierLink) {
        let mark = conversation.dueMark(itemEnded: itemEnded)
        // No message holds audio of two items.
        if itemEnded || mark != nil { flush(to: carrier) }
        guard let mark else { return }
        if !carrier.send(mark) { shard.counters.add(.carrierRefusedSend) }
    }

    // MARK: The model's events

    func modelSaid(_ event: ModelEvent, at now: UInt64) {
        switch event {
        case .outputAudioDone(_, let item) where outbound.current?.source?.item == item: endItem(at: now)
        case .responseDone(let outcome) where outbound.current?.source?.response == outcome.response: endItem(at: now)
        default: break
        }
        happen(.model(event), at: now)
    }
}

extension VoiceEdge {
    init(_ edge: SpeechEdge) {
        self =
            switch edge {
            case .onset(let milliseconds): .onset(startedMillisecondsAgo: milliseconds)
            case .sustained: .sustained
            case .lapsed: .lapsed
            case .offset(let milliseconds): .offset(endedMillisecondsAgo: milliseconds)
            }
    }
}
