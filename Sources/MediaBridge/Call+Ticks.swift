import AudioPipeline
import CallJournal
import Conversation
import PlugIns
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
        if inbound.ledger.received == 0 { tickCameFirst = shard.alignInbound(self, to: now) }
        inbound.arrived(audio)
        guard tickCameFirst else { return }
        // A frame that is late by less than a period does not wait for the next tick.
        tickCameFirst = false
        let heardAt = hearArrived(from: EventLoop.now)
        if isUplinkOpen, let heardAt { _ = forward(from: heardAt) }
    }

    /// The carrier's clock says that audio is missing: silence keeps the recording aligned (S12).
    func lost(milliseconds: Int, at now: UInt64) {
        shard.counters.add(.lostByCarrier, UInt64(milliseconds / AudioFormat.frameMilliseconds))
        shard.diagnose(.carrierGap, self, at: now, value: milliseconds)
        // What arrived before the gap is recorded before it.
        _ = hearArrived(from: EventLoop.now)
        inbound.lost(frames: milliseconds / AudioFormat.frameMilliseconds)
        conversation.missed(frames: milliseconds / AudioFormat.frameMilliseconds, at: instant(now))
        tap?.callerGap(samples: milliseconds * 8)
        listener?.missed(samples: milliseconds * 8)
    }

    /// - Parameter began: monotonic nanoseconds; the clock is read where a part ends, and one part's end is the next one's
    ///   beginning.
    /// - Returns: when it ended.
    func inboundTick(at began: UInt64) -> UInt64 {
        bookPage &+= 1
        let heardAt = hearArrived(from: began)
        tickCameFirst = heardAt == nil
        let forwardedAt = isUplinkOpen ? forward(from: heardAt ?? began) : nil
        if inbound.mayForget {
            inbound.forgetForwarded(olderThan: conversation.core.repeatableMilliseconds(at: instant(began)))
        }
        let isWatched = watch(began)
        let ended = isWatched ? EventLoop.now : forwardedAt ?? heardAt ?? EventLoop.now
        spent(.inbound, since: began, at: ended)
        return ended
    }

    /// All whole frames that have arrived go through the local ears.
    /// - Returns: when the last of them had; nil when there was none.
    private func hearArrived(from began: UInt64) -> UInt64? {
        var mark = began
        var last: UInt64?
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
            if let listener {
                listener.hear(inbound.wire.span, at: position(heardAt))
                if let edge = frame.edge { listener.edge(edge) }
            }
            conversation.heard(inbound.wire.span, at: instant(heardAt))
            if let edge = frame.edge {
                happen(.voice(VoiceEdge(edge)), at: heardAt)
                // What follows from an edge is no cost of the ears.
                mark = EventLoop.now
            }
            if hearingWatch.isWatching { used = ShardLoad.processorNanoseconds }
            last = mark
        }
        return last
    }

    /// The conversation is told every 100 ms: what the model hears then may be the agent himself (S31).
    private func countEcho(at now: UInt64) {
        shard.counters.add(.framesOfEcho)
        echoFrames &+= 1
        if echoFrames % 5 == 0 { happen(.voice(.echo), at: now) }
    }

    /// All that waits goes to the model in as few messages as its bound allows; what its socket has no room for stays.
    /// - Returns: when it had gone; nil when nothing was to go.
    private func forward(from began: UInt64) -> UInt64? {
        guard !isListenedTo else { return passToListener(from: began) }
        guard let model, inbound.waitingFrames >= tenant.uplinkBatchFrames else { return nil }
        while inbound.waitingFrames > 0, model.hasRoom(for: Shard.uplinkBytes) {
            let frames = inbound.forward(using: &shard.uplink) { message in model.append(message) }
            shard.counters.add(.framesToModel, UInt64(frames))
        }
        let ended = EventLoop.now
        spent(.forward, since: began, at: ended)
        return ended
    }

    /// The recogniser has what the model would get already: it is booked as forwarded.
    private func passToListener(from began: UInt64) -> UInt64? {
        guard inbound.waitingFrames > 0 else { return nil }
        while inbound.waitingFrames > 0 { _ = inbound.forward(using: &shard.uplink) { _ in true } }
        let ended = EventLoop.now
        spent(.forward, since: began, at: ended)
        return ended
    }

    /// Deadlines of the conversation, and of a carrier that says nothing.
    /// - Returns: whether there was anything to do.
    private func watch(_ now: UInt64) -> Bool {
        var isDue = earliestDeadline <= instant(now).nanoseconds
        if isDue { fireDeadlines(now) }
        // In `away` no message is expected, and a timer watches.
        if conversation.state != .closing, conversation.state != .away, let carrier, carrier.lastMessage < now,
            now &- carrier.lastMessage > Self.halfOpenNanoseconds
        {
            shard.diagnose(.carrierStalled, self, at: now, value: Int((now &- carrier.lastMessage) / 1_000_000))
            carrier.close()
            happen(.carrierClosed(.halfOpen), at: now)
            isDue = true
        }
        return isDue
    }

    // MARK: Outbound

    /// The model's audio, in its own format, into playout in the carrier's.
    func play(_ audio: Span<UInt8>, of source: ModelAudio, as item: PlayoutItem, at now: UInt64) {
        let queued = outbound.append(audio, of: source, to: item)
        account(queued, as: item, at: now)
        let queuedAt = EventLoop.now
        spent(.queue, since: now, at: queuedAt)
        if outbound.isIdle {
            beginSpurt(at: queuedAt)
        } else if isDry {
            // The tick came first and found nothing: a model that speaks in real time is not held back for the next one.
            _ = sendDue(at: queuedAt)
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
        _ = sendDue(at: now)
    }

    /// - Returns: when it ended.
    func outboundTick(at began: UInt64) -> UInt64 {
        ticksWithoutFrame &+= 1
        let sentAt = sendDue(at: began)
        if outbound.isIdle, outbound.queuedBytes == 0 { shard.stopOutbound(self) }
        if model?.isPaused == true, !outbound.isFull { model?.resumeReading() }
        let ended = sentAt ?? EventLoop.now
        spent(.outbound, since: began, at: ended)
        return ended
    }

    /// What the grid allows now: one frame in the steady state, the lead at a start. Frames of one batch share a message.
    /// - Returns: when the last of them was written; nil when there was none.
    private func sendDue(at now: UInt64) -> UInt64? {
        let tick = shard.gridTick(now)
        var due = outbound.framesDue(at: tick)
        var sentAt: UInt64?
        if due > 0, carrier?.hasRoom != true {
            outbound.blocked(at: tick)
            if carrier != nil { shard.diagnose(.carrierBackpressure, self, at: now) }
        }
        while due > 0, let carrier, carrier.hasRoom {
            let (pop, hole) = outbound.next(at: tick)
            switch pop {
            case .frame(let frame):
                if let hole {
                    flush(to: carrier)
                    gapEnded(hole, in: frame.item, at: now)
                }
                sentAt = sendFrame(frame, to: carrier, since: sentAt ?? now)
                due -= 1
            case .ended: sendMark(itemEnded: true, to: carrier)
            case .waiting:
                runDry(itemComplete: false, carrier, at: now)
                return sentAt
            case .empty:
                runDry(itemComplete: true, carrier, at: now)
                return sentAt
            }
        }
        if let carrier { flush(to: carrier) }
        return sentAt
    }

    /// Nothing is left to send. That an item goes on later is news only when a whole tick has brought nothing: a model that
    /// speaks in real time leaves playout empty after every frame.
    private func runDry(itemComplete: Bool, _ carrier: CarrierLink, at now: UInt64) {
        flush(to: carrier)
        isDry = true
        guard !isEmptyTold, itemComplete || ticksWithoutFrame > 1 else { return }
        isEmptyTold = true
        happen(.playoutEmpty(itemComplete: itemComplete), at: now)
    }

    /// - Returns: when it had been written.
    private func sendFrame(_ frame: PlayoutFrame, to carrier: CarrierLink, since began: UInt64) -> UInt64 {
        (isDry, isEmptyTold, ticksWithoutFrame) = (false, false, 0)
        put(outbound.frame.span, to: carrier)
        inbound.sent(outbound.frame.span)
        conversation.spoke(outbound.frame.span, at: instant(began))
        tap?.agent(outbound.frame.span, at: position(began))
        conversation.sent(frame.item, samples: outbound.frame.count, at: instant(began))
        sendMark(itemEnded: frame.isLast, to: carrier)
        shard.counters.add(.framesOut)
        let ended = EventLoop.now
        spent(.send, since: began, at: ended)
        guard frame.isFirst else { return ended }
        flush(to: carrier)
        happen(.playoutStarted(frame.item), at: began)
        return ended
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
