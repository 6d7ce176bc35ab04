/// Writes a PCM16 WAVE file as the samples come. The sizes in its header are brought up to date with every second of
/// audio, so that a killed writer leaves a file that plays. One thread.
public final class WAVFileWriter: StereoSink {
    public let path: String
    public let channels: Int, sampleRateHz: Int
    /// Samples per channel written so far.
    public private(set) var samplesWritten = 0

    private let file: FileDescriptor
    private var dataBytes = 0, statedBytes = 0
    private var isFinished = false

    /// Largest data chunk that fits the format's 32 bits with its header.
    private static let maximumDataBytes = 0xFFFF_FFFF - 36 - 4_096

    /// Creates the file, or empties it.
    public init(path: String, channels: Int, sampleRateHz: Int) throws(RecordingError) {
        precondition((1...8).contains(channels), "channels: \(channels)")
        precondition((1_000...192_000).contains(sampleRateHz), "sampleRateHz: \(sampleRateHz)")
        self.path = path
        self.channels = channels
        self.sampleRateHz = sampleRateHz
        file = try FileDescriptor(path: path, .create)
        try stateSizes(atEnd: true)
    }

    deinit { try? finish() }

    public func write(interleaved samples: Span<Int16>) throws(RecordingError) {
        precondition(!isFinished && samples.count.isMultiple(of: channels), "samples.count: \(samples.count)")
        guard dataBytes + samples.count * 2 <= Self.maximumDataBytes else {
            throw RecordingError(.tooLong, "\(path): a WAVE file ends at 4 GiB")
        }
        // Samples lie in memory as they do in the file on every machine this runs on: little-endian.
        try Self.bytes(samples, into: file)
        dataBytes += samples.count * 2
        samplesWritten += samples.count / channels
        if dataBytes - statedBytes >= sampleRateHz * channels * 2 { try stateSizes() }
    }

    public func finish() throws(RecordingError) {
        if isFinished { return }
        isFinished = true
        try stateSizes()
    }

    private static func bytes(_ samples: Span<Int16>, into file: borrowing FileDescriptor) throws(RecordingError) {
        var failure: RecordingError?
        unsafe samples.withUnsafeBytes { bytes in
            do throws(RecordingError) { try unsafe file.write(bytes) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    /// Writes the 44 bytes before the samples.
    private func stateSizes(atEnd: Bool = false) throws(RecordingError) {
        var header: [UInt8] = []
        func word(_ value: Int, _ size: Int) {
            for shift in 0..<size { header.append(UInt8(truncatingIfNeeded: value >> (8 * shift))) }
        }
        header += "RIFF".utf8
        word(36 + dataBytes, 4)
        header += "WAVEfmt ".utf8
        word(16, 4)
        word(1, 2)
        word(channels, 2)
        word(sampleRateHz, 4)
        word(sampleRateHz * channels * 2, 4)
        word(channels * 2, 2)
        word(16, 2)
        header += "data".utf8
        word(dataBytes, 4)
        var failure: RecordingError?
        unsafe header.withUnsafeBytes { bytes in
            do throws(RecordingError) { try unsafe file.write(bytes, at: atEnd ? nil : 0) } catch { failure = error }
        }
        if let failure { throw failure }
        statedBytes = dataBytes
    }
}
