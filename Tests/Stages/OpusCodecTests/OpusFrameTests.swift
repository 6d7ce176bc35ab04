import AllocationProbe
import AudioPipeline
import OpusCodec
import Testing

@Suite struct `Opus frames` {
    @Test(arguments: [8_000, 16_000, 24_000])
    func `a voice comes through, later by the stated look-ahead`(rate: Int) throws {
        let voice = Voice.samples(rateHz: rate, seconds: 0.6)
        var encoder = try OpusFrameEncoder(sampleRateHz: rate)
        var decoder = try OpusFrameDecoder(sampleRateHz: rate)
        let packets = Self.encoded(voice, &encoder)
        #expect(packets.allSatisfy { (1...OpusFrameEncoder.maximumPacketBytes).contains($0.count) })
        // 16 or 24 kbit/s are 40 or 60 bytes a frame.
        #expect(packets.reduce(0) { $0 + $1.count } / packets.count < 100)
        let heard = Self.decoded(packets, &decoder)
        #expect(heard.count == voice.count)
        let found = Voice.alignment(voice, heard, upTo: rate / 50)
        let latency = encoder.latencySamples
        #expect(abs(found.shift - latency) <= rate / 2_000, "found \(found), stated \(latency)")
        #expect(found.likeness > 0.8)
    }

    @Test func `a lost packet is concealed and the voice goes on`() throws {
        let voice = Voice.samples(rateHz: 8_000, seconds: 0.6)
        var encoder = try OpusFrameEncoder(sampleRateHz: 8_000)
        var decoder = try OpusFrameDecoder(sampleRateHz: 8_000)
        var packets = Self.encoded(voice, &encoder)
        for lost in [7, 15, 23] { packets[lost] = [] }
        let heard = Self.decoded(packets, &decoder)
        #expect(heard.count == voice.count)
        let concealed = decoder.concealedFrames, damaged = decoder.damagedPackets
        #expect(concealed == 3 && damaged == 0)
        // Not silence, and not a click: the made-up frame is as loud as its neighbours, within reason.
        let energy = { (frame: Int) in
            heard[(frame * 160)..<(frame * 160 + 160)].reduce(0.0) { $0 + Double($1) * Double($1) }
        }
        #expect(energy(7) > energy(6) * 0.1 && energy(7) < energy(6) * 4)
        #expect(Voice.alignment(voice, heard, upTo: 100).likeness > 0.8)
    }

    @Test func `in-band FEC brings a lost frame back better than concealment`() throws {
        var settings = OpusVoiceSettings()
        settings.usesInbandFEC = true
        settings.expectedLossPercent = 30
        settings.bitsPerSecond = 32_000
        let voice = Voice.samples(rateHz: 16_000, seconds: 0.8)
        var encoder = try OpusFrameEncoder(sampleRateHz: 16_000, settings: settings)
        let packets = Self.encoded(voice, &encoder)
        func likeness(recovering: Bool) throws -> Double {
            var decoder = try OpusFrameDecoder(sampleRateHz: 16_000)
            let lost: [UInt8] = []
            var heard: [Int16] = []
            var frame = [Int16](repeating: 0, count: 320)
            for (index, packet) in packets.enumerated() {
                var target = frame.mutableSpan
                if index % 3 == 2, index + 1 < packets.count {
                    if recovering {
                        let next = packets[index + 1]
                        _ = decoder.recover(from: next.span, into: &target)
                    } else {
                        _ = decoder.process(lost.span, into: &target)
                    }
                } else {
                    _ = decoder.process(packet.span, into: &target)
                }
                heard += frame
            }
            return Voice.alignment(voice, heard, upTo: 160).likeness
        }
        let with = try likeness(recovering: true), without = try likeness(recovering: false)
        #expect(with > without, "with \(with), without \(without)")
    }

    @Test func `any bytes are taken as a damaged packet, never a trap`() throws {
        var decoder = try OpusFrameDecoder(sampleRateHz: 8_000)
        var frame = [Int16](repeating: 0, count: 160)
        var state: UInt64 = 99
        func next() -> UInt8 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 40)
        }
        for length in [1, 2, 3, 40, 1_275, 4_000] {
            for _ in 0..<50 {
                let bytes = (0..<length).map { _ in next() }
                var target = frame.mutableSpan
                let outcome = decoder.process(bytes.span, into: &target)
                #expect(outcome == .produced(samples: 160))
            }
        }
        // A packet of 60 ms: TOC byte of SILK narrow band, 60 ms.
        var target = frame.mutableSpan
        let before = decoder.damagedPackets
        let long: [UInt8] = [0b0001_1000, 1, 2, 3]
        _ = decoder.process(long.span, into: &target)
        let after = decoder.damagedPackets
        #expect(after == before + 1)
    }

    @Test func `reset forgets the voice`() throws {
        let voice = Voice.samples(rateHz: 8_000, seconds: 0.2)
        var encoder = try OpusFrameEncoder(sampleRateHz: 8_000)
        let first = Self.encoded(voice, &encoder)
        encoder.reset()
        let again = Self.encoded(voice, &encoder)
        #expect(first == again)
        var decoder = try OpusFrameDecoder(sampleRateHz: 8_000)
        let heard = Self.decoded(first, &decoder)
        decoder.reset()
        let second = Self.decoded(first, &decoder)
        #expect(heard == second)
    }

    @Test func `allocates nothing in ten seconds of frames`() throws {
        let voice = Voice.samples(rateHz: 8_000, seconds: 0.02)
        var encoder = try OpusFrameEncoder(sampleRateHz: 8_000)
        var decoder = try OpusFrameDecoder(sampleRateHz: 8_000)
        var packet = [UInt8](repeating: 0, count: OpusFrameEncoder.maximumPacketBytes)
        var frame = [Int16](repeating: 0, count: 160)
        for round in 0...500 {
            if round == 1 { allocation_probe_start() }  // The first round warms up.
            var packetSpan = packet.mutableSpan
            guard case .produced(let count) = encoder.process(voice.span, into: &packetSpan) else { break }
            var frameSpan = frame.mutableSpan
            _ = decoder.process(packet.span.extracting(0..<count), into: &frameSpan)
        }
        let allocations = allocation_probe_stop()
        #expect(allocations <= 0)
    }

    @Test func `refuses rates and settings by name`() {
        do {
            _ = try OpusFrameEncoder(sampleRateHz: 44_100)
            Issue.record("44,100 Hz was accepted")
        } catch {
            #expect(error.code == .unsupportedFormat && error.message.contains("44100"))
        }
        var settings = OpusVoiceSettings()
        settings.complexity = 11
        do {
            _ = try OpusFrameEncoder(sampleRateHz: 8_000, settings: settings)
            Issue.record("complexity 11 was accepted")
        } catch {
            #expect(error.code == .setting && error.message.contains("complexity = 11"))
        }
    }

    private static func encoded(_ samples: [Int16], _ encoder: inout OpusFrameEncoder) -> [[UInt8]] {
        var packets: [[UInt8]] = []
        var room = [UInt8](repeating: 0, count: OpusFrameEncoder.maximumPacketBytes)
        let frame = encoder.samplesPerFrame
        for start in stride(from: 0, through: samples.count - frame, by: frame) {
            var target = room.mutableSpan
            if case .produced(let count) = encoder.process(
                samples.span.extracting(start..<start + frame), into: &target)
            {
                packets.append(Array(room[..<count]))
            }
        }
        return packets
    }

    private static func decoded(_ packets: [[UInt8]], _ decoder: inout OpusFrameDecoder) -> [Int16] {
        var samples: [Int16] = []
        var frame = [Int16](repeating: 0, count: decoder.samplesPerFrame)
        for packet in packets {
            var target = frame.mutableSpan
            if case .produced(let count) = decoder.process(packet.span, into: &target) { samples += frame[..<count] }
        }
        return samples
    }
}
