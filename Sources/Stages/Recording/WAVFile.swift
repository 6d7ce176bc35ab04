/// A WAVE file in memory: 16-bit linear samples, whatever encoding they had on disk.
///
/// Reads PCM16, mu-law and A-law, also behind an extensible header. A file whose writer was killed, with a data size of
/// zero or beyond the end, is read as far as it goes.
public struct WAVFile: Equatable, Sendable {
    public var format: WAVFormat
    /// Channels in turn.
    public var samples: [Int16]

    public init(format: WAVFormat, samples: [Int16]) { (self.format, self.samples) = (format, samples) }

    public init(path: String) throws(RecordingError) {
        let file = try FileDescriptor(path: path, .read)
        try self.init(bytes: file.readAll(), name: path)
    }

    /// - Parameter name: what errors call these bytes.
    public init(bytes: [UInt8], name: String) throws(RecordingError) {
        func word(_ at: Int, _ size: Int) -> Int {
            (0..<size).reduce(0) { $0 | Int(bytes[at + $1]) << (8 * $1) }
        }
        func tag(_ at: Int) -> [UInt8] { Array(bytes[at..<at + 4]) }
        guard bytes.count >= 12, tag(0) == Array("RIFF".utf8), tag(8) == Array("WAVE".utf8) else {
            throw RecordingError(.notWAV, "\(name) is not a WAVE file: it does not begin with RIFF ... WAVE")
        }
        var format: WAVFormat?
        var place = 12
        while place + 8 <= bytes.count {
            let kind = tag(place), start = place + 8
            var size = word(place + 4, 4)
            if kind == Array("fmt ".utf8) {
                guard size >= 16, start + size <= bytes.count else {
                    throw RecordingError(.notWAV, "\(name): its fmt chunk has \(size) bytes, 16 or more were expected")
                }
                format = try Self.format(
                    tag: size >= 26 && word(start, 2) == 0xFFFE ? word(start + 24, 2) : word(start, 2),
                    channels: word(start + 2, 2), sampleRateHz: word(start + 4, 4), bits: word(start + 14, 2),
                    name: name)
            } else if kind == Array("data".utf8) {
                guard let format else {
                    throw RecordingError(.notWAV, "\(name): its data chunk comes before a fmt chunk")
                }
                if size == 0 || start + size > bytes.count { size = bytes.count - start }
                size -= size % (format.bytesPerSample * format.channels)
                self.format = format
                samples = Self.samples(bytes[start..<start + size], format.encoding)
                return
            }
            place = start + size + size % 2  // Chunks begin at even places.
        }
        throw RecordingError(.notWAV, "\(name) has no \(format == nil ? "fmt" : "data") chunk")
    }

    /// Throws unless the file is what a telephone call takes.
    public func require(channels: Int, sampleRateHz: Int, name: String) throws(RecordingError) {
        guard format.sampleRateHz == sampleRateHz else {
            throw RecordingError(
                .unsupportedFormat,
                "\(name): its sample rate is \(format.sampleRateHz) Hz, \(sampleRateHz) Hz was expected")
        }
        guard format.channels == channels else {
            throw RecordingError(
                .unsupportedFormat, "\(name): it has \(format.channels) channels, \(channels) was expected")
        }
    }

    /// Writes PCM16.
    public func write(path: String) throws(RecordingError) {
        let writer = try WAVFileWriter(path: path, channels: format.channels, sampleRateHz: format.sampleRateHz)
        try writer.write(interleaved: samples.span)
        try writer.finish()
    }

    private static func format(
        tag: Int, channels: Int, sampleRateHz: Int, bits: Int, name: String
    ) throws(RecordingError) -> WAVFormat {
        guard let encoding = UInt16(exactly: tag).flatMap({ WAVFormat.Encoding(rawValue: $0) }) else {
            throw RecordingError(
                .unsupportedFormat,
                "\(name): its encoding is \(tag), 1 (16-bit PCM), 6 (A-law) or 7 (mu-law) was expected")
        }
        let format = WAVFormat(encoding: encoding, channels: channels, sampleRateHz: sampleRateHz)
        guard bits == format.bytesPerSample * 8 else {
            throw RecordingError(
                .unsupportedFormat,
                "\(name): it has \(bits) bits a sample, \(format.bytesPerSample * 8) was expected")
        }
        guard (1...8).contains(channels) else {
            throw RecordingError(.unsupportedFormat, "\(name): it has \(channels) channels, 1 to 8 was expected")
        }
        guard (1_000...192_000).contains(sampleRateHz) else {
            throw RecordingError(
                .unsupportedFormat, "\(name): its sample rate is \(sampleRateHz) Hz, 1,000 to 192,000 was expected")
        }
        return format
    }

    private static func samples(_ bytes: ArraySlice<UInt8>, _ encoding: WAVFormat.Encoding) -> [Int16] {
        switch encoding {
        case .linear16:
            return stride(from: bytes.startIndex, to: bytes.endIndex, by: 2).map {
                Int16(bitPattern: UInt16(bytes[$0]) | UInt16(bytes[$0 + 1]) << 8)
            }
        case .mulaw:
            return bytes.map { byte in
                let code = ~byte
                let value = ((Int(code & 15) << 3) + 132) << (Int(code >> 4) & 7)
                return Int16(code & 0x80 == 0 ? value - 132 : 132 - value)
            }
        case .alaw:
            return bytes.map { byte in
                let code = byte ^ 0x55
                let segment = Int(code >> 4) & 7
                let step = Int(code & 15) << 4
                let value = segment == 0 ? step + 8 : (step + 0x108) << (segment - 1)
                return Int16(code & 0x80 == 0 ? -value : value)
            }
        }
    }
}
