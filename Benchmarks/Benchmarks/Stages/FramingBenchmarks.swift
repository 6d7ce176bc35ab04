import Benchmark
import Transport

/// A `media` message's size, as Twilio sends it for 20 ms.
private let mediaBytes = 378

func framingBenchmarks() {
    let message = [UInt8](repeating: UInt8(ascii: "a"), count: mediaBytes)

    Benchmark("FrameEncoder.encode text of 378 bytes") { benchmark in
        let target = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 512)
        defer { target.deallocate() }
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations {
            blackHole(FrameEncoder.encode(.text, payload: message.span, into: target))
        }
        benchmark.stopMeasurement()
    }
    Benchmark("FrameDecoder.next text of 378 bytes, masked") { benchmark in
        var decoder = FrameDecoder(role: .server, maximumMessageBytes: 64 * 1_024)
        let size = FrameEncoder.byteCount(payloadBytes: mediaBytes, isMasked: true)
        let frame = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: size)
        let input = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: size)
        defer {
            frame.deallocate()
            input.deallocate()
        }
        FrameEncoder.encode(.text, payload: message.span, maskKey: 0x4D3C_2B1A, into: frame)
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations {
            // Unmasked in place, so each turn needs a fresh copy: some 10 ns of what is measured.
            input.baseAddress!.update(from: frame.baseAddress!, count: size)
            var rest = input
            let event = decoder.next(&rest)
            guard event == .text else { fatalError("\(event)") }
        }
        benchmark.stopMeasurement()
    }
    Benchmark("UTF8Validator.append 378 bytes of ASCII") { benchmark in
        var validator = UTF8Validator()
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations { blackHole(validator.append(message.span)) }
        benchmark.stopMeasurement()
    }
    Benchmark("UTF8Validator.append 378 bytes of Hebrew") { benchmark in
        let text = Array(String(repeating: "ש", count: mediaBytes / 2).utf8)
        var validator = UTF8Validator()
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations { blackHole(validator.append(text.span)) }
        benchmark.stopMeasurement()
    }
}
