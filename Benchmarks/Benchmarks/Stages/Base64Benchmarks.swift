import Benchmark

/// By itself, without the message around it. The file is RealtimeBridge's own, by link.
func base64Benchmarks() {
    for bytes in [160, 960, 9_600] {
        let audio = (0..<bytes).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ $0 >> 5) }

        Benchmark("Base64.encode \(bytes) bytes") { benchmark in
            var text = [UInt8](repeating: 0, count: Base64.encodedCount(bytes) + 32)
            var end = 0
            benchmark.startMeasurement()
            for _ in benchmark.scaledIterations {
                var output = text.mutableSpan
                end = Base64.encode(audio.span, into: &output, at: 0)
                blackHole(end)
            }
            benchmark.stopMeasurement()
            blackHole(text)
            guard end == Base64.encodedCount(bytes) else { return benchmark.error("\(end) characters") }
        }
        Benchmark("Base64.decode to \(bytes) bytes") { benchmark in
            var text = [UInt8](repeating: UInt8(ascii: "\""), count: Base64.encodedCount(bytes) + 1)
            var room = text.mutableSpan
            _ = Base64.encode(audio.span, into: &room, at: 0)
            var decoded = [UInt8](repeating: 0, count: bytes + 32)
            var isWhole = false
            benchmark.startMeasurement()
            for _ in benchmark.scaledIterations {
                var output = decoded.mutableSpan
                let outcome = Base64.decode(text.span, from: 0, into: &output)
                if case .decoded(let run) = outcome { isWhole = run.byteCount == bytes } else { isWhole = false }
                blackHole(isWhole)
            }
            benchmark.stopMeasurement()
            guard isWhole, decoded.starts(with: audio) else { return benchmark.error("misread") }
        }
    }
}
