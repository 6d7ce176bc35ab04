public import Recording
public import TurnStore

/// The outline of a recording, small enough to draw: for each column, how far the sound went up and down.
public struct Waveform: Sendable, Equatable {
    /// One voice.
    public struct Channel: Sendable, Equatable {
        /// Lowest and highest sample of each column, -1 to 1.
        public var lows: [Float]
        public var highs: [Float]
    }

    /// Left is the caller, right the agent, as the service records them.
    public var channels: [Channel]
    /// Of the whole recording.
    public var milliseconds: Int64

    /// - Parameter columns: at least 1; a recording shorter than this has one column for each sample.
    public init(_ file: WAVFile, columns: Int) {
        let channelCount = max(1, file.format.channels)
        let frames = file.samples.count / channelCount
        let count = max(1, min(columns, max(1, frames)))
        channels = (0..<channelCount).map { channel in
            var outline = Channel(lows: [], highs: [])
            outline.lows.reserveCapacity(count)
            outline.highs.reserveCapacity(count)
            for column in 0..<count {
                // Whole frames, shared out without a remainder: the last column ends where the file does.
                let first = column * frames / count, last = (column + 1) * frames / count
                var low: Int16 = 0, high: Int16 = 0
                for frame in first..<max(first, last) {
                    let sample = file.samples[frame * channelCount + channel]
                    low = min(low, sample)
                    high = max(high, sample)
                }
                outline.lows.append(Float(low) / 32_768)
                outline.highs.append(Float(high) / 32_768)
            }
            return outline
        }
        milliseconds = Int64(frames) * 1_000 / Int64(max(1, file.format.sampleRateHz))
    }

    /// As fine as a page about `call` can show it.
    public init(_ file: WAVFile, for call: StoredCall) {
        let length = call.endedAtUnixMilliseconds.map { $0 - call.startedAtUnixMilliseconds } ?? 0
        self.init(file, columns: Timeline.columns(milliseconds: length))
    }
}
