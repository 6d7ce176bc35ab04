import AudioPipeline
import Conversation
import RealtimeBridge

/// The service's own queue and pacer between model and carrier. The audio carries its item and its position, so that
/// each frame that comes out tells whether it is the right one.
struct SimulatedPlayout: ~Copyable {
    private var queue: PlayoutQueue
    private var pacer: Pacer
    private var frame = InlineArray<160, UInt8>(repeating: 0xFF)
    /// What a stretch from any position looks like.
    private let pattern: [UInt8]
    private var newest: PlayoutItem?
    /// Bytes of the newest item that were queued.
    private var position = 0

    static let pattern = (0..<8_192).map { UInt8(truncatingIfNeeded: $0 % 251) }
    static let period = 251

    /// - Parameter quotaMilliseconds: of queued audio, before the model is read more slowly.
    init?(pool: PlayoutPool, quotaMilliseconds: Int) {
        guard let queue = PlayoutQueue(pool: pool, format: .mulaw8k, quotaMilliseconds: quotaMilliseconds) else {
            return nil
        }
        self.queue = queue
        pacer = Pacer()
        pattern = Self.pattern
    }

    var isFull: Bool { queue.isFull }
    var queuedBytes: Int { queue.queuedBytes }
    var counts: PlayoutCounts { queue.counts }
    var isPaused: Bool { pacer.isPaused }
    private(set) var isIdle = true

    /// - Returns: samples taken.
    mutating func append(_ item: PlayoutItem, samples: Int) -> Int {
        if newest != item {
            newest = item
            position = Int(item.ordinal) &* 37
        }
        let pattern = self.pattern
        var taken = 0
        while taken < samples {
            let start = position % Self.period
            let count = min(samples - taken, 8_192 - Self.period)
            let accepted = queue.append(item, pattern.span.extracting(start..<start + count)).acceptedBytes
            position += accepted
            taken += accepted
            if accepted < count { break }
        }
        return taken
    }

    mutating func endItem(_ item: PlayoutItem) { queue.endItem(item) }
    mutating func framesDue(at tick: Int64) -> Int { pacer.framesDue(at: tick) }

    mutating func next(at tick: Int64) -> (pop: PlayoutPop, hole: PlayoutHole?) {
        var output = frame.mutableSpan
        let pop = queue.popFrame(into: &output)
        if case .empty = pop { isIdle = true } else { isIdle = false }
        return (pop, pacer.note(pop, at: tick))
    }

    /// The last frame holds `item` from `position` on, and silence behind its audio.
    func isRight(_ item: PlayoutItem, from position: Int, audioBytes: Int) -> Bool {
        let start = Int(item.ordinal) &* 37 + position
        guard audioBytes > 0, frame[0] == UInt8(start % Self.period),
            frame[audioBytes - 1] == UInt8((start + audioBytes - 1) % Self.period)
        else { return false }
        return audioBytes == 160 || frame[159] == 0xFF
    }

    mutating func pause() { pacer.pause() }
    mutating func resume() { pacer.resume() }
    mutating func clear() {
        pacer.clear()
        queue.clear()
        isIdle = true
        newest = nil
    }
}
