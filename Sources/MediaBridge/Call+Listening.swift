import AudioPipeline
import CallControl
import PlugIns
import Telemetry
import Transport
import TurnStore

/// The tenant's recogniser in a call: the caller's sound goes to it, its words go to the store, from its own thread.
extension Call {
    func beginListening() {
        guard let recognizer = tenant.recognizer else { return }
        let (service, id, name) = (self.service, grant.call, recognizer.name)
        listener = recognizer.seat { heard in service.recognized(heard, in: id, by: name) }
    }

    /// What was said last becomes final after the call.
    func endListening() {
        guard let listener else { return }
        listener.leave()
        tenant.recognizer?.counters.addLost(frames: listener.lostFrames)
        if listener.lostFrames > 0 { shard.diagnose(.tapSkipped, self, at: EventLoop.now, value: listener.lostFrames) }
        self.listener = nil
    }
}
