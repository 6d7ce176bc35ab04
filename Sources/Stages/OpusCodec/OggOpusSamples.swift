import COpusFile

/// A whole Ogg Opus recording, decoded: for tools, not for calls.
public struct OggOpusSamples: Sendable {
    /// As Opus decodes.
    public static let sampleRateHz = 48_000
    /// 1 or 2.
    public let channels: Int
    /// Interleaved.
    public private(set) var samples: [Int16] = []

    /// An hour and a half in stereo is a gigabyte; longer files are refused.
    private static let most = 48_000 * 60 * 90 * 2

    /// - Throws: a file that cannot be read, is no Ogg Opus, has more than two channels, or is damaged.
    public init(path: String) throws(OpusError) {
        var status: Int32 = 0
        guard let file = unsafe op_open_file(path, &status) else {
            throw OpusError(.file, "\(path): no Ogg Opus file that can be read", libraryStatus: status)
        }
        defer { unsafe op_free(file) }
        channels = Int(unsafe op_channel_count(file, -1))
        guard (1...2).contains(channels) else {
            throw OpusError(.unsupportedFormat, "\(path): \(channels) channels, 1 or 2 was expected")
        }
        var block = [Int16](repeating: 0, count: 5_760 * 2)
        while true {
            // Of each channel.
            let count = unsafe op_read(file, &block, Int32(block.count), nil)
            if count == 0 { break }
            guard count > 0 else {
                throw OpusError(
                    .file, "\(path): damaged after \(samples.count / channels / 48) ms", libraryStatus: count)
            }
            samples += block[..<(Int(count) * channels)]
            guard samples.count <= Self.most else {
                throw OpusError(.unsupportedFormat, "\(path): longer than an hour and a half")
            }
        }
    }
}
