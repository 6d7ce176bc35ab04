/// The quietest it has been lately, in dB: what is always there, because speech pauses and noise does not.
///
/// A running minimum over about two seconds of a level smoothed over three frames. It follows downwards at once and
/// upwards within those two seconds: a line that turns noisy is heard as noise, not as a caller who never stops.
struct NoiseFloor {
    /// Frames per block and blocks per window: 10 x 10 frames of 20 ms.
    private static var blockFrames: Int { 10 }
    private static var blocks: Int { 10 }
    /// Of the finished blocks, and of the one under way.
    private var minima = InlineArray<10, Float>(repeating: .infinity)
    private var current = Float.infinity
    /// Of the nine finished blocks that are still in the window.
    private var earlier = Float.infinity
    private var block = 0
    private var framesInBlock = 0
    private var smoothed = Float.nan
    private(set) var decibels: Float
    private let lowest: Float

    /// - Parameter lowest: it never goes below this; digital silence would make a hiss look like speech.
    init(lowest: Float) {
        self.lowest = lowest
        decibels = lowest
    }

    mutating func update(_ level: Float) {
        let level = level > lowest ? level : lowest
        smoothed = smoothed.isNaN ? level : smoothed + (level - smoothed) / 3
        current = smoothed < current ? smoothed : current
        framesInBlock &+= 1
        if framesInBlock == Self.blockFrames { finishBlock() }
        let lowestSeen = current < earlier ? current : earlier
        let floor = lowestSeen < smoothed ? lowestSeen : smoothed
        decibels = floor > lowest ? floor : lowest
    }

    private mutating func finishBlock() {
        minima[block] = current
        (framesInBlock, current) = (0, .infinity)
        block = (block + 1) % Self.blocks
        // The oldest makes room for the one that begins.
        minima[block] = .infinity
        earlier = .infinity
        for index in minima.indices { earlier = min(earlier, minima[index]) }
    }
}
