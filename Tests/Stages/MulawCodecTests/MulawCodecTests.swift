import AllocationProbe
import AudioPipeline
import MulawCodec
import Testing

@Suite struct `Mulaw codec` {
    @Test(arguments: [(UInt8(0x00), Int16(-32124)), (0x80, 32124), (0xFF, 0), (0x7F, 0), (0xF2, 104), (0x1C, -9852)])
    func `decodes the corner code words of G.711`(code: UInt8, expected: Int16) {
        #expect(MulawDecoder.decode(code) == expected)
    }

    @Test(arguments: [(Int16(0), UInt8(0xFF)), (-1, 0x7F), (4, 0xFE), (-4, 0x7E), (32_767, 0x80), (-32_768, 0x00)])
    func `encodes the corner samples of mu-law`(sample: Int16, expected: UInt8) {
        #expect(MulawEncoder.encode(sample) == expected)
    }

    @Test(arguments: [(Int16(0), UInt8(0xD5)), (-1, 0x55), (1000, 0xFA), (32_767, 0xAA), (-32_768, 0x2A)])
    func `encodes the corner samples of A-law`(sample: Int16, expected: UInt8) {
        #expect(AlawEncoder.encode(sample) == expected)
    }

    @Test(arguments: 1...160)
    func `gives the same however the frame is split`(size: Int) {
        let codes = (0..<160).map { UInt8(truncatingIfNeeded: $0 &* 73 &+ 5) }
        for law in [Law.mulaw, .alaw] {
            let samples = law.decode(codes)
            #expect(law.decode(codes, by: size) == samples)
            #expect(law.encode(samples, by: size) == law.encode(samples))
        }
    }

    @Test func `writes only as much of a longer output as came in`() {
        var decoder = MulawDecoder()
        var samples = [Int16](repeating: 99, count: 4)
        var span = samples.mutableSpan
        let outcome = decoder.process(([0x80, 0x00] as [UInt8]).span, into: &span)
        #expect(outcome == .produced(samples: 2))
        #expect(samples == [32_124, -32_124, 99, 99])
    }

    @Test func `an empty frame is a frame of nothing`() {
        #expect(Law.mulaw.decode([]).isEmpty && Law.alaw.encode([]).isEmpty)
    }

    @Test func `allocates nothing in ten seconds of frames`() {
        var mulawDecoder = MulawDecoder(), mulawEncoder = MulawEncoder()
        var alawDecoder = AlawDecoder(), alawEncoder = AlawEncoder()
        var codes = (0..<160).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        var samples = [Int16](repeating: 0, count: 160)
        var produced = 0
        // The first round is not counted: what the runtime makes of a type when it is first used is not the frame's.
        for round in 0..<501 {
            if round == 1 { allocation_probe_start() }
            var linear = samples.mutableSpan
            if mulawDecoder.process(codes.span, into: &linear) == .produced(samples: 160) { produced += 1 }
            var wire = codes.mutableSpan
            if alawEncoder.process(samples.span, into: &wire) == .produced(samples: 160) { produced += 1 }
            linear = samples.mutableSpan
            if alawDecoder.process(codes.span, into: &linear) == .produced(samples: 160) { produced += 1 }
            wire = codes.mutableSpan
            if mulawEncoder.process(samples.span, into: &wire) == .produced(samples: 160) { produced += 1 }
        }
        let allocations = allocation_probe_stop()
        #expect(allocations <= 0)
        #expect(produced == 2_004)
    }
}
