/// The quietest it has been lately, in dB: what is always there, because speech pauses and noise does not.
///
/// A running minimum over about two seconds of a level smoothed over three frames. It follows downwards at once and
/// upwards within those two seconds: a line that turns noisy is heard as noise, not as a caller who never stops.
struct NoiseFloor {
    /// Frames per block and blocks per window: 10 x 10 frames of 20 ms.
    private static let blockFrames = 10
    private var minima = InlineArray<10, Float>(repeating: .infinity)
    private var block = 0
    private var framesInBlock = 0
    private var smoothed: Float?
    private(set) var decibels: Float
    private let lowest: Float

    /// - Parameter lowest: it never goes below this; digital silence would make a hiss look like speech.
    init(lowest: Float) {
        self.lowest = lowest
        decibels = lowest
    }

    mutating func update(_ level: Float) {
        let level = max(level, lowest)
        let value = smoothed.map { $0 + (level - $0) / 3 } ?? level
        smoothed = value
        minima[block] = min(minima[block], value)
        framesInBlock += 1
        if framesInBlock == Self.blockFrames {
            framesInBlock = 0
            block = (block + 1) % minima.count
            minima[block] = .infinity
        }
        var lowestSeen = Float.infinity
        for index in minima.indices { lowestSeen = min(lowestSeen, minima[index]) }
        decibels = max(lowest, min(lowestSeen, value))
    }
}
