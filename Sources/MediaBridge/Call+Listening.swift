import AudioPipeline
import CallControl
import CallJournal
import Configuration
import Conversation
import PlugIns
import SpeechToText
import Telemetry
import Transport
import TurnStore

/// The tenant's recogniser in a call: the caller's sound goes to it, its words go to the store, from its own thread. With
/// `mode: transcribe` it stands in the model's place: its words are the call's turns as well.
extension Call {
    var isListenedTo: Bool { tenant.tenant.mode == .transcribe }

    func beginListening() { listener = seat(for: .caller) }

    /// The stream is at its end, and the last words are on their way.
    func listenToTheEnd(at now: UInt64) {
        guard isListenedTo else { return }
        endListening()
        if unfinished == 0 { happen(.recognizer(.finished), at: now) }
    }

    /// What was said last becomes final after the call.
    func endListening() {
        end(listener)
        end(other?.seat)
        (listener, other) = (nil, nil)
    }

    private func end(_ seat: RecognizerSeat?) {
        guard let seat else { return }
        seat.leave()
        tenant.recognizer?.counters.addLost(frames: seat.lostFrames)
        if seat.lostFrames > 0 { shard.diagnose(.tapSkipped, self, at: EventLoop.now, value: seat.lostFrames) }
    }

    /// The other party's sound, where the carrier sends it too: an agent of flesh and blood, whom the caller talks to.
    func heardOther(_ audio: Span<UInt8>, at now: UInt64) {
        guard isListenedTo, conversation.state == .listening else { return }
        if other == nil { other = seat(for: .agent).map(ListenedTrack.init) }
        other?.hear(audio, at: position(now))
    }

    private func seat(for party: RecognizedWords.Channel) -> RecognizerSeat? {
        guard let recognizer = tenant.recognizer else { return nil }
        let (service, id, name) = (self.service, grant.call, recognizer.name)
        guard isListenedTo else {
            return recognizer.seat { heard in service.recognized(heard, of: party, in: id, by: name) }
        }
        let tell = comingBack()
        unfinished += 1
        let seat = recognizer.seat { heard in
            service.recognized(heard, of: party, in: id, by: name)
            guard heard.isFinal else { return }
            let words = RecognizedTurn(
                speaker: party == .caller ? .caller : .agent, text: heard.transcript.text,
                startedAt: .init(milliseconds: Int64(heard.startMilliseconds)),
                endedAt: .init(milliseconds: Int64(heard.endMilliseconds)))
            tell { $0.happen(.recognizer(.said(words)), at: EventLoop.now) }
        } finished: {
            tell { call in
                call.unfinished -= 1
                guard call.unfinished == 0, call.conversation.state == .closing else { return }
                call.happen(.recognizer(.finished), at: EventLoop.now)
            }
        }
        if seat == nil { unfinished -= 1 }
        return seat
    }

    /// From a recogniser's thread to this call, which may be waiting for its last words. One that is over hears nothing (R9).
    private func comingBack() -> @Sendable (@escaping @Sendable (Call) -> Void) -> Void {
        let (shard, id, number) = (shard, grant.call, number)
        return { happen in
            shard.loop.submit {
                guard let call = shard.call(named: id), call.number == number else { return }
                happen(call)
            }
        }
    }
}
