/// The caller's newest audio that went to the model, kept so that another session can hear it once more. Whole frames;
/// allocates in `init`, never after.
struct RepeatRing: ~Copyable {
    /// 5.1 s, as much as waits for a session that is not ready.
    static let capacityFrames = 256
    static let frameSamples = 160

    private var samples = [UInt8](repeating: 0xFF, count: capacityFrames * frameSamples)
    /// Where the next frame goes, and how many there are.
    private var next = 0
    private(set) var count = 0
    /// Frames that are to go once more, the newest of those kept.
    private(set) var pending = 0

    mutating func keep(_ frame: borrowing InlineArray<160, UInt8>) {
        let start = next * Self.frameSamples
        for index in 0..<Self.frameSamples { samples[start + index] = frame[index] }
        next = (next + 1) % Self.capacityFrames
        count = min(count + 1, Self.capacityFrames)
    }

    /// - Parameter frames: as many as are kept, at most.
    mutating func rewind(frames: Int) { pending = min(max(0, frames), count) }

    /// - Returns: false when nothing is to go once more.
    mutating func next(into frame: inout InlineArray<160, UInt8>) -> Bool {
        guard pending > 0 else { return false }
        let place = (next - pending + Self.capacityFrames) % Self.capacityFrames
        for index in 0..<Self.frameSamples { frame[index] = samples[place * Self.frameSamples + index] }
        pending -= 1
        return true
    }
}
