import AudioPipeline
import Transport
import VAD

/// Where seats come to a worker. A seat is made on a shard, with its call; the worker looks in whenever it is awake.
final class LaneInbox: Sendable {
    private struct Waiting {
        var lanes: [LaneWork] = []
        var last: UInt32 = 0
        var isStopping = false
    }
    private let waiting = Guarded(Waiting())

    /// Shard thread, once per call, before its first tick.
    func seat(timeoutMilliseconds: Int) -> DetectorSeat {
        let ring = PCMFrameRing(capacityFrames: LaneSeat.ringFrames, frameLength: FrameWindows.frameSamples)
        let reader = ring.reader, writer = ring.writer
        let number = waiting.withLock { waiting in
            waiting.last &+= 1
            return waiting.last
        }
        let lane = DetectorLane(number: number)
        let work = LaneWork(lane, reader: reader)
        waiting.withLock { $0.lanes.append(work) }
        return LaneSeat(lane, frames: writer, timeoutMilliseconds: timeoutMilliseconds)
    }

    /// The worker: what came since the last time.
    func take() -> [LaneWork] {
        waiting.withLock { waiting in
            guard !waiting.lanes.isEmpty else { return [] }
            defer { waiting.lanes = [] }
            return waiting.lanes
        }
    }

    var isStopping: Bool { waiting.withLock { $0.isStopping } }
    func stop() { waiting.withLock { $0.isStopping = true } }
}
