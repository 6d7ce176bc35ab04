import Glibc
import Recording
import Testing

@Suite struct `WAV file` {
    @Test(arguments: [(1, 8_000), (2, 8_000), (1, 24_000)])
    func `reads back what was written`(channels: Int, rate: Int) throws {
        let file = TemporaryFile()
        let samples = (0..<rate * channels).map { Int16(truncatingIfNeeded: $0 &* 7_919) }
        let wave = WAVFile(format: WAVFormat(channels: channels, sampleRateHz: rate), samples: samples)
        try wave.write(path: file.path)
        let read = try WAVFile(path: file.path)
        #expect(read == wave)
        try read.require(channels: channels, sampleRateHz: rate, name: "it")
    }

    @Test func `a killed writer leaves a file that states all but its last second`() throws {
        let file = TemporaryFile()
        let writer = try WAVFileWriter(path: file.path, channels: 1, sampleRateHz: 8_000)
        let block = [Int16](repeating: 1_000, count: 160)
        for _ in 0..<130 { try writer.write(interleaved: block.span) }
        // Read before `finish`, as after a kill.
        let bytes = try Self.bytes(file.path)
        let stated = Int(bytes[40]) | Int(bytes[41]) << 8 | Int(bytes[42]) << 16
        #expect(stated == 2 * 16_000)
        let read = try WAVFile(path: file.path)
        #expect(read.samples.count == 16_000)
        try writer.finish()
        #expect(try WAVFile(path: file.path).samples.count == 130 * 160)
    }

    @Test func `reads a file whose data size was never filled in, or goes beyond the end`() throws {
        for size: [UInt8] in [[0, 0, 0, 0], [255, 255, 255, 255]] {
            let bytes = Self.header(tag: 1, bits: 16, data: size) + [1, 0, 2, 0, 3]
            #expect(try WAVFile(bytes: bytes, name: "it").samples == [1, 2])
        }
    }

    @Test(
        arguments: [
            (UInt8(7), [0x00, 0x80, 0xFF, 0x7F, 0xF2], [-32_124, 32_124, 0, 0, 104]),
            (6, [0x2A, 0xAA, 0xD5, 0x55, 0xFA], [-32_256, 32_256, 8, -8, 1_008]),
        ] as [(UInt8, [UInt8], [Int16])])
    func `reads mu-law and A-law`(tag: UInt8, codes: [UInt8], expected: [Int16]) throws {
        let bytes = Self.header(tag: tag, bits: 8, data: [5, 0, 0, 0]) + codes
        #expect(try WAVFile(bytes: bytes, name: "it").samples == expected)
    }

    @Test func `skips chunks it does not know`() throws {
        let plain = Self.header(tag: 1, bits: 16, data: [2, 0, 0, 0]) + [7, 0]
        let bytes = plain[..<12] + Array("LIST".utf8) + [3, 0, 0, 0, 1, 2, 3, 0] + plain[12...]
        #expect(try WAVFile(bytes: Array(bytes), name: "it").samples == [7])
    }

    @Test func `says what is wrong with a file, naming field, value and what was expected`() throws {
        func message(_ bytes: [UInt8]) -> String {
            do throws(RecordingError) {
                _ = try WAVFile(bytes: bytes, name: "a.wav").require(channels: 1, sampleRateHz: 8_000, name: "a.wav")
            } catch { return error.message }
            return ""
        }
        #expect(message([]) == "a.wav is not a WAVE file: it does not begin with RIFF ... WAVE")
        #expect(message(Array("RIFF    WAVE".utf8)) == "a.wav has no fmt chunk")
        #expect(
            message(Self.header(tag: 3, bits: 32))
                == "a.wav: its encoding is 3, 1 (16-bit PCM), 6 (A-law) or 7 (mu-law) was expected")
        #expect(message(Self.header(tag: 1, bits: 24)) == "a.wav: it has 24 bits a sample, 16 was expected")
        #expect(
            message(Self.header(tag: 1, bits: 16, rate: 16_000))
                == "a.wav: its sample rate is 16000 Hz, 8000 Hz was expected")
        #expect(message(Self.header(tag: 1, bits: 16, channels: 2)) == "a.wav: it has 2 channels, 1 was expected")
        #expect(message(Self.header(tag: 1, bits: 16, channels: 0)) == "a.wav: it has 0 channels, 1 to 8 was expected")
        do throws(RecordingError) {
            _ = try WAVFile(path: "/no/such/file.wav")
            Issue.record("read a file that does not exist")
        } catch {
            #expect(error.message == "cannot read /no/such/file.wav: No such file or directory")
        }
        do throws(RecordingError) {
            _ = try WAVFileWriter(path: "/no/such/file.wav", channels: 1, sampleRateHz: 8_000)
            Issue.record("wrote into a directory that does not exist")
        } catch {
            #expect(error.message == "cannot write /no/such/file.wav: No such file or directory")
        }
    }

    @Test func `no damaged header traps`() {
        let whole = Self.header(tag: 1, bits: 16, data: [4, 0, 0, 0]) + [1, 0, 2, 0]
        for length in 0...whole.count { _ = try? WAVFile(bytes: Array(whole[..<length]), name: "it") }
        for place in whole.indices {
            for value: UInt8 in [0, 1, 127, 255] {
                var damaged = whole
                damaged[place] = value
                _ = try? WAVFile(bytes: damaged, name: "it")
            }
        }
    }

    private static func header(
        tag: UInt8, bits: UInt8, rate: Int = 8_000, channels: UInt8 = 1, data: [UInt8] = [0, 0, 0, 0]
    ) -> [UInt8] {
        Array("RIFF".utf8) + [0, 0, 0, 0] + Array("WAVEfmt ".utf8) + [16, 0, 0, 0, tag, 0, channels, 0]
            + [UInt8(rate & 255), UInt8(rate >> 8 & 255), 0, 0, 0, 0, 0, 0, 0, 0, bits, 0]
            + Array("data".utf8) + data
    }

    private static func bytes(_ path: String) throws -> [UInt8] {
        guard let file = unsafe fopen(path, "r") else { return [] }
        defer { unsafe _ = fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 100_000)
        let count = unsafe fread(&bytes, 1, 100_000, file)
        return Array(bytes[..<count])
    }
}
