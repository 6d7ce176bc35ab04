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
        case .openModel: openModel(at: now)
        case .openStandby, .sendStandby, .switchToStandby, .closeStandby, .routeFailed, .repeatUplink: break
        case .closeModel:
            model?.close()
            model = nil
            isUplinkOpen = false
        case .send(let command):
            if model?.send(command, prompt: prompt, options: tenant.sessionOptions) == false {
                shard.counters.add(.modelRefusedSend)
            }
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
        case .runTool(let tool):
            // No tool but end_call, which the conversation keeps to itself, can be declared yet.
            happen(.toolFinished(call: tool.call, output: #"{"error":"no such tool"}"#), at: now)
        case .errand: happen(.errandFinished(.refused), at: now)
        case .persist(let fact): persist(fact, at: now)
        case .hangUp: hangUp()
        case .note(let note): take(note, at: now)
        }
    }

    private func openModel(at now: UInt64) {
        model?.close()
        let link = ModelLink(self, shard: shard)
        model = link
        do {
            try link.connect(to: tenant.endpoint, options: service.modelSocketOptions)
        } catch {
            model = nil
            shard.diagnose(.modelLost, self, at: now)
            happen(.modelClosed(.unreachable), at: now)
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
            store(.turn(call: grant.call, turn))
            count(turn)
            service.observer?.turn(grant.call, turn)
        case .hole(let hole): persist(hole, at: now)
        case .ended(let reason, _):
            let books = closeBooks(at: now)
            store(
                .callEnded(
                    CallEnd(
                        call: grant.call, reason: reason.rawValue,
                        endedAtUnixMilliseconds: service.unixMilliseconds(), frameCounts: books.counts)))
            shard.hangUps.add(HangUpCount(reason))
            closeRecording(at: now)
            service.callEnded(self, reason, books)
        case .used: break
        }
    }

    func store(_ record: consuming StoreRecord) { shard.store(record) }

    /// The stream's end is the call's end: no TwiML follows it. What is queued goes out first.
    private func hangUp() {
        shard.stopOutbound(self)
        carrier?.close()
    }

    private func take(_ note: ConversationNote, at now: UInt64) {
        shard.notes.add(NoteCount(note))
        service.observer?.note(grant.call, note, at: instant(now))
    }
}
