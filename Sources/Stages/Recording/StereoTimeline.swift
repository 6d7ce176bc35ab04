/// Lays a call's two voices on one clock: caller left as they arrived, agent right as it was heard.
///
/// Positions are samples at 8 kHz since the call's audio began. What lies further back than the window is final and
/// goes to the sink, silence where nothing was said; until then agent audio can still be taken back by a clear. Newer
/// audio for a place replaces older.
///
/// Memory: one ring of window + horizon, fixed at `init`. Recorder thread; nothing here is for the frame path.
public final class StereoTimeline {
    /// What did not fit, in samples.
    public struct Counters: Equatable, Sendable {
        /// Came after its place had become final.
        public var late = 0
        /// At a place no clock can have: before zero, or minutes ahead.
        public var beyondHorizon = 0
        /// Agent audio laid over agent audio not yet heard.
        public var replaced = 0
        /// Agent audio taken back by a clear.
        public var cleared = 0
        /// A clear reached back this far into what was already final.
        public var clearedTooLate = 0
        /// Silence put where the caller's audio had holes.
        public var callerGap = 0
        public init() {}
    }

    public private(set) var counters = Counters()
    /// First error of the sink; what becomes final after it is let go.
    public private(set) var failure: RecordingError?
    /// Everything before this place has gone to the sink.
    public private(set) var finalPosition: Int64 = 0

    private let sink: any StereoSink
    private let window: Int64
    private let horizon: Int64
    /// Left and right in turn; the place of position p is p modulo `places`. Silent where nothing was laid.
    private var ring: [Int16]
    private let places: Int64
    private var now: Int64 = 0
    private var callerEnd: Int64 = 0
    private var agentEnd: Int64 = 0
    private var isFinished = false

    /// A jump further than this is a broken clock, not a gap: ten minutes.
    private static let maximumJump: Int64 = 600 * 8_000

    /// - Parameters:
    ///   - windowSamples: how long audio stays open; longer than the carrier's playout buffer plus its marks' way back.
    ///   - horizonSamples: how far ahead of now agent audio is ever laid; audio beyond it moves the clock on.
    public init(sink: any StereoSink, windowSamples: Int = 2 * 8_000, horizonSamples: Int = 4 * 8_000) {
        precondition(windowSamples >= 0 && horizonSamples > 0, "window \(windowSamples), horizon \(horizonSamples)")
        self.sink = sink
        window = Int64(windowSamples)
        horizon = Int64(horizonSamples)
        places = Int64(windowSamples + horizonSamples)
        ring = [Int16](repeating: 0, count: 2 * Int(places))
    }

    /// The caller's samples, first one heard at `position`. Moves the clock on.
    public func addCaller(at position: Int64, _ samples: Span<Int16>) {
        let end = position.addingReportingOverflow(Int64(samples.count))
        if isFinished || position < 0 || end.overflow || end.partialValue - now > Self.maximumJump {
            counters.beyondHorizon += samples.count
            return
        }
        if position > callerEnd { counters.callerGap += Int(position - callerEnd) }
        callerEnd = max(callerEnd, end.partialValue)
        // In pieces that surely have room, the clock reaching each before it is laid and passing it afterwards.
        var done = 0
        while done < samples.count {
            let next = min(done + Int(horizon), samples.count)
            advance(to: position + Int64(done))
            lay(samples.extracting(done..<next), at: position + Int64(done), side: 0)
            advance(to: position + Int64(next))
            done = next
        }
    }

    /// Agent audio that the carrier will play from `position` on.
    public func scheduleAgent(at position: Int64, _ samples: Span<Int16>) {
        let end = position.addingReportingOverflow(Int64(samples.count))
        if isFinished || position < 0 || end.overflow || end.partialValue - now > Self.maximumJump {
            counters.beyondHorizon += samples.count
            return
        }
        // Nobody lays audio further ahead than this: time has passed while the caller's side was silent.
        if end.partialValue > limit { advance(to: end.partialValue - horizon) }
        let overlap = min(agentEnd, end.partialValue) - max(position, finalPosition)
        if overlap > 0 { counters.replaced += Int(overlap) }
        lay(samples, at: position, side: 1)
        agentEnd = max(agentEnd, min(end.partialValue, limit))
    }

    /// The carrier dropped its queue at `position`: what was laid there and later was never heard.
    public func clearAgent(from position: Int64) {
        if position < finalPosition, agentEnd > position {
            counters.clearedTooLate += Int(min(agentEnd, finalPosition) - max(position, 0))
        }
        let first = max(position, finalPosition)
        if first < agentEnd {
            for place in first..<agentEnd { ring[2 * Int(place % places) + 1] = 0 }
            counters.cleared += Int(agentEnd - first)
        }
        agentEnd = min(agentEnd, max(position, finalPosition))
    }

    /// What was laid of the agent from `position` on is heard `shift` samples later, or earlier when negative. What is
    /// final already stays.
    public func moveAgent(from position: Int64, by shift: Int64) {
        let first = max(position, finalPosition)
        guard first < agentEnd, shift != 0, abs(shift) < places, !isFinished else { return }
        let samples = (first..<agentEnd).map { ring[2 * Int($0 % places) + 1] }
        for place in first..<agentEnd { ring[2 * Int(place % places) + 1] = 0 }
        agentEnd = first
        scheduleAgent(at: max(0, first + shift), samples.span)
    }

    /// Moves the clock to `position`, also while nobody speaks; what falls out of the window becomes final.
    public func advance(to position: Int64) {
        guard position > now, !isFinished else { return }
        now = position
        drain(upTo: now - window)
    }

    /// Ends the recording at `position`, or at the last sample heard of either side up to now when that is later, and
    /// finishes the sink.
    /// - Throws: the first error of the sink, also an earlier one.
    public func finish(at position: Int64 = 0) throws(RecordingError) {
        if !isFinished {
            advance(to: position)
            drain(upTo: now)
            isFinished = true
            do throws(RecordingError) { try sink.finish() } catch { failure = failure ?? error }
        }
        if let failure { throw failure }
    }

    /// First position that has no place in the ring.
    private var limit: Int64 { finalPosition + places }

    private func lay(_ samples: Span<Int16>, at position: Int64, side: Int) {
        let first = max(position, finalPosition)
        let end = min(position + Int64(samples.count), limit)
        counters.late += Int(min(max(finalPosition - position, 0), Int64(samples.count)))
        counters.beyondHorizon += Int(min(max(position + Int64(samples.count) - limit, 0), Int64(samples.count)))
        guard first < end else { return }
        for place in first..<end {
            ring[2 * Int(place % places) + side] = samples[Int(place - position)]
        }
    }

    /// Gives the sink everything before `end` and silences its places for their next use.
    private func drain(upTo end: Int64) {
        while finalPosition < end {
            let place = finalPosition % places
            let count = min(end - finalPosition, places - place)
            let range = 2 * Int(place)..<2 * Int(place + count)
            if failure == nil {
                do throws(RecordingError) {
                    try sink.write(interleaved: ring.span.extracting(range))
                } catch {
                    failure = error
                }
            }
            for index in range { ring[index] = 0 }
            finalPosition += count
        }
    }
}
