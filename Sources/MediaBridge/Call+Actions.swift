import AudioPipeline
import CallControl
import Conversation
import RealtimeBridge
import Telemetry
import Transport
import TurnStore

/// Carries out what the conversation decided, one action after the other.
extension Call {
    func perform(_ action: ConversationAction, at now: UInt64) {
        switch action {
        case .openModel(let route): openModel(route, at: now)
        case .openStandby(let route): openStandby(route, at: now)
        case .sendStandby(let command): send(command, on: standby)
        case .switchToStandby: switchToStandby()
        case .closeStandby: closeStandby()
        case .routeFailed(let route, let failure): routeFailed(route, failure, at: now)
        case .repeatUplink(let milliseconds): inbound.repeatForwarded(milliseconds: milliseconds)
        case .closeModel:
            model?.close()
            model = nil
            isUplinkOpen = false
        case .send(let command): send(command, on: model)
        case .openUplink: isUplinkOpen = true
        case .holdUplink: isUplinkOpen = false

        case .pausePlayout: outbound.pause()
        case .resumePlayout:
            outbound.resume()
            if outbound.queuedBytes > 0 { beginSpurt(at: now) }
        case .clearPlayout: clearPlayout(at: now)
        case .playFallback(let item): playFallback(as: item, at: now)

        case .setDeadline(let timer, let deadline): setDeadline(timer, nanoseconds: deadline.nanoseconds)
        case .clearDeadline(let timer): setDeadline(timer, nanoseconds: .max)
        case .runTool(let tool): run(tool, at: now)
        case .errand(let errand): run(errand, at: now)
        case .persist(let fact): persist(fact, at: now)
        case .hangUp: hangUp()
        case .note(let note): take(note, at: now)
        }
    }

    /// R6: our own queue first, then the carrier's; nothing of it can follow.
    private func clearPlayout(at now: UInt64) {
        let cleared = outbound.clear()
        shard.counters.add(.samplesCleared, UInt64(cleared))
        if carrier?.sendClear() != true { shard.counters.add(.carrierRefusedSend) }
        inbound.cleared()
        tap?.cleared(at: position(now))
        shard.stopOutbound(self)
        model?.resumeReading()
    }

    private func playFallback(as item: PlayoutItem, at now: UInt64) {
        let message = tenant.fallback.audio
        account(outbound.appendCoded(message.span, to: item), as: item, at: now)
        endItem(at: now)
        hasSpokenFallback = true
        happen(.fallbackQueued, at: now)
    }

    private func persist(_ fact: CallFact, at now: UInt64) {
        switch fact {
        case .turn(let turn):
            store(events.turn(continued(turn), of: grant.call, at: service.unixMilliseconds()))
            count(turn)
            service.observer?.turn(grant.call, turn)
        case .hole(let hole): persist(hole, at: now)
        case .ended(let reason, _):
            let books = closeBooks(at: now)
            let end = CallEnd(
                call: grant.call, reason: reason.rawValue, endedAtUnixMilliseconds: service.unixMilliseconds(),
                frameCounts: books.counts)
            for record in events.ended(end, durationMilliseconds: instant(now).milliseconds) { store(record) }
            shard.hangUps.add(HangUpCount(reason))
            closeRecording(at: now)
            endListening()
            service.callEnded(self, reason, books)
        case .used(let usage): used(usage)
        }
    }

    func store(_ record: consuming StoreRecord) { shard.store(record) }

    /// The stream's end is the call's end: no TwiML follows it. What is queued goes out first.
    private func hangUp() {
        store(.fact(.hungUp, call: grant.call, atUnixMilliseconds: service.unixMilliseconds()))
        shard.stopOutbound(self)
        carrier?.close()
        listenToTheEnd(at: EventLoop.now)
    }

    private func take(_ note: ConversationNote, at now: UInt64) {
        shard.notes.add(NoteCount(note))
        service.observer?.note(grant.call, note, at: instant(now))
    }
}
