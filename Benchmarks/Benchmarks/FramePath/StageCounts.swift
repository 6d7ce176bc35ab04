import AllocationProbe
import AudioPipeline
import CallgrindMarks
import Conversation
import Glibc
import MulawCodec
import RealtimeBridge
import Resample
import TelephoneVAD
import VAD

/// Every stage by itself, and whole ticks, as `scripts/count-instructions` counts them: run under callgrind, each leaves a
/// profile of its own for `iterations` calls in a steady state.
struct StageCounts {
    let iterations: Int

    func run() throws {
        let frames = (0..<50).map { SteadyCall.frames[$0].map { MulawDecoder.decode($0) } }
        let echoes = frames.map { $0.map { $0 / 8 } }
        let codes = SteadyCall.frames
        try codecs(frames, codes)
        var detector = EnergyDetector()
        measure("energy-detector") { tick in
            let frame = frames[tick % 50]
            consume(detector.analyze(frame.span).isSpeech ? 1 : 0)
        }
        var telephone = TelephoneDetector()
        measure("telephone-detector") { tick in
            let frame = frames[tick % 50]
            consume(telephone.analyze(frame.span).isSpeech ? 1 : 0)
        }
        var reference = EchoReference()
        measure("echo-reference") { tick in
            let frame = frames[tick % 50], echo = echoes[(tick + 35) % 50]
            reference.sent(frame.span)
            consume(reference.judge(echo.span).isEcho ? 1 : 0)
        }
        var segmenter = SpeechSegmenter()
        measure("speech-segmenter") { consume(segmenter.advance(isSpeech: $0 % 40 < 20) == nil ? 0 : 1) }
        let histogram = LatencyHistogram()
        measure("histogram") { histogram.record(nanoseconds: UInt64(1_000 + $0 &* 7_919 % 20_000)) }
        messages(codes)
        for (name, format) in [("tick-passthrough", ModelAudioFormat.pcmu), ("tick-transcode", .pcm24)] {
            guard var call = try SteadyCall.begin(format) else { continue }
            measure(name) { call.tick($0) }
            call.end()
        }
        // What must be caught, each in the middle of a tick.
        for intruder in Intruder.Kind.allCases {
            guard var call = try SteadyCall.begin(.pcmu) else { continue }
            call.intruder = Intruder(intruder)
            measure("control-\(intruder)") { call.tick($0) }
            call.end()
        }
    }

    private func codecs(_ frames: [[Int16]], _ codes: [[UInt8]]) throws {
        var decoder = MulawDecoder(), encoder = MulawEncoder()
        var alawDecoder = AlawDecoder(), alawEncoder = AlawEncoder()
        var linear = [Int16](repeating: 0, count: 960), coded = [UInt8](repeating: 0, count: 160)
        measure("mulaw-decode") { tick in
            let frame = codes[tick % 50]
            var output = linear.mutableSpan
            _ = decoder.process(frame.span, into: &output)
        }
        measure("mulaw-encode") { tick in
            let frame = frames[tick % 50]
            var output = coded.mutableSpan
            _ = encoder.process(frame.span, into: &output)
        }
        measure("alaw-decode") { tick in
            let frame = codes[tick % 50]
            var output = linear.mutableSpan
            _ = alawDecoder.process(frame.span, into: &output)
        }
        measure("alaw-encode") { tick in
            let frame = frames[tick % 50]
            var output = coded.mutableSpan
            _ = alawEncoder.process(frame.span, into: &output)
        }
        for (from, to) in [(8_000, 24_000), (24_000, 8_000), (8_000, 16_000), (16_000, 8_000)] {
            var resampler = try PolyphaseResampler(inputRateHz: from, outputRateHz: to)
            let input = (0..<from / 50).map { Int16($0 * 7_919 % 20_000 - 10_000) }
            measure("resample-\(from / 1_000)-\(to / 1_000)") { _ in
                var output = linear.mutableSpan
                _ = resampler.process(input.span, into: &output)
            }
        }
    }

    private func messages(_ codes: [[UInt8]]) {
        let heard = codes.map { SteadyCall.carrierMessage($0) }
        var carrier = TwilioParser()
        measure("carrier-in") { tick in
            let message = heard[tick % 50]
            if case .media = carrier.parse(message.span, isText: true) { carrier.withAudio { consume($0.count) } }
        }
        var toCarrier = TwilioWriter(stream: "MZ00000000000000000000000000000001")
        measure("carrier-out") { tick in
            let frame = codes[tick % 50]
            _ = toCarrier.sendMedia(frame.span) {
                consume($0.count)
                return true
            }
        }
        for (name, bytes) in [("model-in", 160), ("model-in-large", 9_600)] {
            let audio = (0..<bytes).map { UInt8(truncatingIfNeeded: $0 &* 37) }
            let message = SteadyCall.modelMessage(audio)
            var model = OpenAIRealtimeParser()
            measure(name) { _ in
                if case .audio = model.parse(message.span, isText: true) { model.withAudio { consume($0.count) } }
            }
        }
        var toModel = OpenAIRealtimeWriter(maximumAudioBytes: 1_600)
        measure("model-out") { tick in
            let frame = codes[tick % 50]
            _ = toModel.sendAudio(frame.span) {
                consume($0.count)
                return true
            }
        }
    }

    private func measure(_ name: String, _ work: (Int) -> Void) {
        for tick in 0..<200 { work(tick) }
        callgrind_zero()
        for tick in 200..<200 + iterations { work(tick) }
        unsafe name.withCString { unsafe callgrind_dump($0) }
    }

    /// A call for `ticks` ticks, natively: what it took of the allocator and of the kernel.
    static func resources(ticks: Int, format: ModelAudioFormat) throws {
        guard var call = try SteadyCall.begin(format) else { return }
        for tick in 0..<2_000 { call.tick(tick) }
        var before = rusage(), after = rusage()
        _ = unsafe getrusage(RUSAGE_SELF.rawValue, &before)
        allocation_probe_start()
        for tick in 2_000..<2_000 + ticks { call.tick(tick) }
        let allocations = allocation_probe_stop()
        _ = unsafe getrusage(RUSAGE_SELF.rawValue, &after)
        call.end()
        // The probe itself, so that zero means something.
        allocation_probe_start()
        var kept = [Int](repeating: ticks, count: 100)
        kept[3] += 1
        consume(kept[7])
        let control = allocation_probe_stop()
        print(
            "ticks=\(ticks) allocations=\(allocations) control=\(control)",
            "page-faults=\(after.ru_minflt - before.ru_minflt) waits=\(after.ru_nvcsw - before.ru_nvcsw)")
    }
}
