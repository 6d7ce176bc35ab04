import AudioPipeline

/// The caller's newest 5.1 s on their way to the model: what waits to go, and behind it what has gone, which another
/// session may want to hear once more. One ring of whole frames; allocates in `init`, never after.
///
/// ```
/// oldest kept ◄── gone ──► next ◄── waits ──► newest
/// ```
struct UplinkHistory: ~Copyable {
    /// 5.1 s: a session that is not ready misses nothing of a caller's first words (S14).
    static let capacityFrames = 256
    static let frameSamples = 160

    private var samples = [UInt8](repeating: 0xFF, count: capacityFrames * frameSamples)
    // Frames since the call began: kept, the next to go, and the first that has never gone.
    private var kept = 0
    private var next = 0
    private var fresh = 0

    /// Frames that wait, those that are to go once more included.
    var waiting: Int { kept - next }
    /// Of those, frames that have never gone.
    var waitingFresh: Int { kept - fresh }

    /// Lays one frame by.
    /// - Returns: false when the oldest that waited was let go for it.
    mutating func keep(_ frame: borrowing Span<UInt8>) -> Bool {
        let start = kept % Self.capacityFrames * Self.frameSamples
        unsafe frame.withUnsafeBufferPointer { source in
            unsafe samples.withUnsafeMutableBufferPointer { room in
                if let from = source.baseAddress, let to = room.baseAddress {
                    unsafe (to + start).update(from: from, count: Self.frameSamples)
                }
            }
        }
        kept += 1
        guard kept - next > Self.capacityFrames else { return true }
        next += 1
        guard next > fresh else { return true }
        fresh = next
        return false
    }

    /// The newest that has gone is to go once more, `frames` of it or as many as are kept.
    mutating func rewind(frames: Int) {
        let oldest = max(0, kept - Self.capacityFrames)
        next = max(oldest, fresh - max(0, frames))
    }

    /// Takes the next frame out.
    /// - Returns: whether it goes for the first time; nil when none waits.
    mutating func take(into frame: inout MutableSpan<UInt8>) -> Bool? {
        guard next < kept else { return nil }
        let start = next % Self.capacityFrames * Self.frameSamples
        unsafe frame.withUnsafeMutableBufferPointer { room in
            unsafe samples.withUnsafeBufferPointer { source in
                if let from = source.baseAddress, let to = room.baseAddress {
                    unsafe to.update(from: from + start, count: Self.frameSamples)
                }
            }
        }
        next += 1
        guard next > fresh else { return false }
        fresh = next
        return true
    }

    /// Lets go of all that waits.
    /// - Returns: frames among them that have never gone.
    mutating func discard() -> Int {
        let count = waitingFresh
        (next, fresh) = (kept, kept)
        return count
    }
}
