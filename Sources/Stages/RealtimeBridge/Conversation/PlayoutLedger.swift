/// What the caller heard: for each stretch of agent audio, what came, what was sent, what a mark proved, what a clear
/// threw away.
///
/// The carrier is taken to play in order and without pause: a frame sent at `t` plays at `t` or when the one before it
/// ends, whichever is later. A mark corrects that clock. All counts are samples at the carrier's rate.
/// Shard thread only. `admit`, `queued`, `sent` and `dueMark` allocate nothing.
public struct PlayoutLedger: ~Copyable {
    /// Items remembered; older ones are retired. A power of two.
    public static let capacity = 16

    /// One stretch of agent audio.
    public struct Item: Sendable {
        public let item: PlayoutItem
        /// Nil for the fallback voice.
        public let response: WireID?
        public let wireItem: WireID?
        public internal(set) var received = 0
        public internal(set) var sent = 0
        /// Received and then thrown away unsent.
        public internal(set) var discarded = 0
        /// Sent, and lost in the carrier's buffer by a clear or a new stream.
        public internal(set) var lost = 0
        /// Proved played by a mark.
        public internal(set) var acknowledged = 0
        /// No more audio will come.
        public internal(set) var isComplete = false
        /// Cut by a clear: what was heard is settled.
        public internal(set) var isCut = false
        /// When its first audio came from the model.
        public internal(set) var admittedAt = CallInstant.start
        /// When its first frame went out, and when the clock of sending says that it played.
        public internal(set) var firstSentAt = CallInstant.start
        var firstPlayAt = CallInstant.start
        /// What its first mark said: how much later than that it played, in nanoseconds.
        var lag: Int64 = 0
        /// Position of its first sample in all that was ever sent.
        var start: Int64 = 0
        var marked = 0

        public var queued: Int { received - sent - discarded }
    }

    private var slots: [Item?]
    /// The newest item, or 0.
    private var newestOrdinal: UInt32 = 0
    private var lastSentOrdinal: UInt32 = 0
    private let samplesPerSecond: Int64
    private let echoesMarks: Bool

    /// Raised before each clear (S37).
    public private(set) var generation: UInt32 = 1
    // All that was ever sent, padding of last frames included; how much of it is proved; when it will have been played.
    private var sentPosition: Int64 = 0
    private var provenPosition: Int64 = 0
    private var markedPosition: Int64 = 0
    private var playEnd = CallInstant.start
    /// The same without what marks say: when everything would be played, were it played as it is sent.
    private var pacedEnd = CallInstant.start
    private var lag = CarrierLag()
    /// The least that play-out was ever found behind sending, in nanoseconds: the way to the carrier and back. What goes
    /// into an empty buffer plays no sooner. Nil until a mark has come back.
    private(set) var leastLag: Int64?
    /// Everything before it was played when the buffer last ran empty, unless a mark has said otherwise since.
    private var dryPosition: Int64 = 0
    /// A hole in the carrier's play-out that the newest mark proved, in milliseconds.
    private var provenHole: (item: PlayoutItem, milliseconds: Int)?
    /// When the last frame went out.
    public private(set) var lastSentAt = CallInstant.start
    /// Whether a mark of the present generation ever came back: says what estimates rest on.
    public private(set) var restsOnMarks = false
    /// For the test of the simulator only.
    var defects: ConversationDefects = []

    /// Totals over all items, retired ones too: `received == sent + discarded + queued`, always (R1).
    public private(set) var received = 0
    public private(set) var sent = 0
    public private(set) var discarded = 0
    public private(set) var queued = 0

    public init(samplesPerSecond: Int, echoesMarks: Bool) {
        (self.samplesPerSecond, self.echoesMarks) = (Int64(samplesPerSecond), echoesMarks)
        slots = Array(repeating: nil, count: Self.capacity)
    }

    // MARK: Items

    public subscript(item: PlayoutItem) -> Item? {
        guard let slot = slots[Self.slot(item.ordinal)], slot.item == item else { return nil }
        return slot
    }

    public var newest: Item? { newestOrdinal == 0 ? nil : slots[Self.slot(newestOrdinal)] }

    /// Ordinals that may still be remembered, oldest first.
    var remembered: ClosedRange<UInt32>? {
        guard newestOrdinal > 0 else { return nil }
        let capacity = UInt32(Self.capacity)
        return (newestOrdinal > capacity ? newestOrdinal - capacity + 1 : 1)...newestOrdinal
    }

    private static func slot(_ ordinal: UInt32) -> Int { Int(ordinal) & (capacity - 1) }

    /// The item that audio of `wireItem` belongs to: the newest one, or a new one.
    public mutating func item(response: WireID?, wireItem: WireID?, at now: CallInstant) -> PlayoutItem {
        if newestOrdinal > 0, let newest = slots[Self.slot(newestOrdinal)] {
            if newest.response == response, newest.wireItem == wireItem, !newest.isCut, wireItem != nil {
                return newest.item
            }
            // A full house of unheard items cannot happen with a real model; its audio then joins the newest, unlost.
            if let oldest = slots[Self.slot(newestOrdinal &+ 1)], !isSettled(oldest, at: now) { return newest.item }
            slots[Self.slot(newestOrdinal)]?.isComplete = true
        }
        newestOrdinal += 1
        let item = PlayoutItem(ordinal: newestOrdinal)
        slots[Self.slot(newestOrdinal)] = Item(
            item: item, response: response, wireItem: wireItem, admittedAt: now, firstSentAt: now, firstPlayAt: now)
        return item
    }

    private func isSettled(_ item: Item, at now: CallInstant) -> Bool {
        item.isCut || (item.queued == 0 && item.start + Int64(item.sent) <= heardPosition(at: now))
    }

    /// No more audio will come for these items of `response`; nil for `wireItem` means all of them.
    mutating func complete(response: WireID?, wireItem: WireID? = nil) {
        for index in slots.indices where slots[index] != nil && slots[index]!.response == response {
            if wireItem == nil || slots[index]!.wireItem == wireItem { slots[index]!.isComplete = true }
        }
    }

    // MARK: Frames

    /// `samples` of `item` were queued in playout.
    public mutating func queued(_ item: PlayoutItem, samples: Int) {
        let index = Self.slot(item.ordinal)
        guard samples > 0, slots[index]?.item == item else { return }
        slots[index]!.received += samples
        received += samples
        queued += samples
    }

    /// `samples` of `item` went to the carrier. More than were queued are the padding of a last frame: they take time
    /// and are no one's audio.
    public mutating func sent(_ item: PlayoutItem, samples: Int, at now: CallInstant) {
        let index = Self.slot(item.ordinal)
        guard samples > 0, slots[index]?.item == item else { return }
        let playsAt = max(pacedEnd, now)
        if slots[index]!.sent == 0 {
            slots[index]!.start = sentPosition
            (slots[index]!.firstSentAt, slots[index]!.firstPlayAt) = (now, playsAt)
        }
        if playEnd < now {
            dryPosition = sentPosition
            playEnd = now.advanced(by: leastLag ?? 0)
        }
        let own = min(samples, slots[index]!.queued)
        slots[index]!.sent += own
        sent += own
        queued -= own
        sentPosition += Int64(samples)
        playEnd = playEnd.advanced(by: nanoseconds(Int64(samples)))
        pacedEnd = playsAt.advanced(by: nanoseconds(Int64(samples)))
        lastSentAt = now
        lastSentOrdinal = item.ordinal
    }

    /// The mark to send now: each 200 ms of sent audio, and at an item's end.
    public mutating func dueMark(itemEnded: Bool) -> PlaybackMark? {
        guard echoesMarks, lastSentOrdinal > 0 else { return nil }
        let index = Self.slot(lastSentOrdinal)
        guard let item = slots[index], item.item.ordinal == lastSentOrdinal, item.sent > item.marked else { return nil }
        guard itemEnded || sentPosition - markedPosition >= samplesPerSecond / 5 else { return nil }
        slots[index]!.marked = item.sent
        markedPosition = sentPosition
        lag.sent(position: item.start + Int64(item.sent), due: pacedEnd)
        return PlaybackMark(generation: generation, item: item.item, samples: UInt32(clamping: item.sent))
    }

    // MARK: Proof

    /// - Returns: false for a mark of an older generation, or one that says more than was sent: it proves nothing.
    public mutating func acknowledge(_ mark: PlaybackMark, at now: CallInstant) -> Bool {
        let index = Self.slot(mark.item.ordinal)
        let believes = defects.contains(.believesClearedMarks)
        guard mark.generation == generation || believes, let item = slots[index], item.item == mark.item else {
            return false
        }
        let samples = Int(mark.samples)
        guard samples <= item.sent, !item.isCut || believes else { return false }
        slots[index]!.acknowledged = max(item.acknowledged, samples)
        let position = item.start + Int64(samples)
        if let late = lag.returned(position: position, item: mark.item, at: now) {
            leastLag = min(leastLag ?? .max, late.lag)
            if item.acknowledged == 0 { slots[index]!.lag = late.lag }
            if late.hole > 0 { provenHole = (mark.item, late.hole) }
        }
        if position > provenPosition {
            provenPosition = position
            dryPosition = min(dryPosition, position)
            playEnd = now.advanced(by: nanoseconds(sentPosition - position))
            restsOnMarks = true
        }
        return true
    }

    /// The carrier's buffer is emptied and what is queued is thrown away. Raises the generation.
    public mutating func clear(at now: CallInstant) {
        let leaks = defects.contains(.ledgerLeaks)
        forget(at: now) { item, heard in
            item.lost = item.sent - heard
            if !leaks { item.discarded += item.queued }
            item.isCut = true
            item.isComplete = true
        }
        if !leaks { discarded += queued }
        queued = 0
    }

    /// Another stream took over: what the old one had not played is lost, what is queued goes to the new one.
    public mutating func streamReplaced(at now: CallInstant) {
        forget(at: now) { item, heard in item.lost = item.sent - heard }
    }

    private mutating func forget(at now: CallInstant, _ settle: (inout Item, Int) -> Void) {
        for index in slots.indices {
            guard let item = slots[index], !isSettled(item, at: now) else { continue }
            let heard = heardSamples(of: item, at: now)
            settle(&slots[index]!, heard)
        }
        generation += 1
        (provenPosition, markedPosition, playEnd, restsOnMarks) = (sentPosition, sentPosition, now, false)
        (pacedEnd, dryPosition) = (now, sentPosition)
    }

    /// The hole that the newest mark proved, once.
    mutating func takeProvenHole() -> (item: PlayoutItem, milliseconds: Int)? {
        defer { provenHole = nil }
        return provenHole
    }

    // MARK: What was heard

    private func nanoseconds(_ samples: Int64) -> Int64 { samples * 1_000_000_000 / samplesPerSecond }

    private func heardPosition(at now: CallInstant) -> Int64 {
        let left = max(0, playEnd.nanoseconds - now.nanoseconds)
        // Rounded up: never more than was heard.
        return max(provenPosition, dryPosition, sentPosition - (left * samplesPerSecond + 999_999_999) / 1_000_000_000)
    }

    private func heardSamples(of item: Item, at now: CallInstant) -> Int {
        if item.isCut {
            let heard = item.sent - item.lost
            return defects.contains(.believesClearedMarks) ? max(heard, item.acknowledged) : heard
        }
        guard item.sent > 0 else { return 0 }
        return max(0, Int(max(0, min(heardPosition(at: now) - item.start, Int64(item.sent)))) - item.lost)
    }

    /// Samples of `item` that the caller has heard, as far as can be known; never more than were sent.
    public func heard(_ item: PlayoutItem, at now: CallInstant) -> Int {
        guard let item = self[item] else { return 0 }
        return heardSamples(of: item, at: now)
    }

    public func heardMilliseconds(_ item: PlayoutItem, at now: CallInstant) -> Int64 {
        Int64(heard(item, at: now)) * 1_000 / samplesPerSecond
    }

    /// Samples that the caller is still to hear: queued, or in the carrier's buffer.
    public func unheard(at now: CallInstant) -> Int { queued + Int(max(0, sentPosition - heardPosition(at: now))) }

    public func unheardMilliseconds(at now: CallInstant) -> Int64 {
        Int64(unheard(at: now)) * 1_000 / samplesPerSecond
    }

    /// When the caller heard the first sample of an item of which something was sent: by its first mark, else by the
    /// clock of sending.
    func firstHeardAt(_ item: Item) -> CallInstant { item.firstPlayAt.advanced(by: item.lag) }

    /// How much later than sent the carrier plays now, in samples, as its marks tell; 0 until one does.
    public var carrierDelaySamples: Int64 { lag.delay * samplesPerSecond / 1_000_000_000 }

    /// When everything sent so far will have been played.
    public var computedEnd: CallInstant { playEnd }

    /// Nothing is queued, the newest item is complete: what is in the carrier's buffer is the end.
    public var isFullySent: Bool {
        guard let newest else { return false }
        return queued == 0 && newest.isComplete
    }

    /// All of it was heard: proved by a mark, or by the clock once `grace` has passed.
    public func isAllHeard(at now: CallInstant, graceMilliseconds: Int64) -> Bool {
        isFullySent && (isProven || now >= playEnd.advanced(byMilliseconds: graceMilliseconds))
    }

    /// The last sample sent is proved played.
    public var isProven: Bool {
        guard lastSentOrdinal > 0, let last = slots[Self.slot(lastSentOrdinal)] else { return true }
        guard echoesMarks else { return false }
        return last.isCut || provenPosition >= last.start + Int64(last.sent)
    }

    /// `item` was heard to its end, as far as marks prove.
    func isProven(_ item: PlayoutItem) -> Bool {
        guard let item = self[item] else { return true }
        return item.isCut
            || (echoesMarks && item.isComplete && item.queued == 0
                && provenPosition >= item.start + Int64(item.sent))
    }
}
