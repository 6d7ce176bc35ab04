import Benchmark
import RealtimeBridge

/// The model's messages, in and out: 20 ms of mu-law, and 200 ms of linear audio in one delta.
func modelBenchmarks() {
    let audio = (0..<160).map { UInt8(truncatingIfNeeded: $0 &* 37) }

    for (name, bytes) in [("160 bytes", 160), ("9,600 bytes", 9_600)] {
        Benchmark("OpenAIRealtimeParser.parse delta of \(name)") { benchmark in
            let message = delta(of: bytes)
            var parser = OpenAIRealtimeParser()
            guard case .audio = parser.parse(message.span) else { fatalError("the sample is no audio") }
            benchmark.startMeasurement()
            for _ in benchmark.scaledIterations { blackHole(parser.parse(message.span)) }
            benchmark.stopMeasurement()
        }
    }
    Benchmark("OpenAIRealtimeWriter.sendAudio 160 bytes") { benchmark in
        var writer = OpenAIRealtimeWriter(maximumAudioBytes: 1_600)
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations {
            blackHole(
                writer.sendAudio(audio.span) { message in
                    blackHole(message.count)
                    return true
                })
        }
        benchmark.stopMeasurement()
    }
}

private func delta(of bytes: Int) -> [UInt8] {
    let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    // Groups of three bytes as four digits; what is left over is padded as base64 has it.
    var text = (0..<bytes / 3 * 4).map { digits[$0 &* 37 % 64] }
    switch bytes % 3 {
    case 1: text += Array("QQ==".utf8)
    case 2: text += Array("QUE=".utf8)
    default: break
    }
    return Array(
        """
        {"type":"response.output_audio.delta","event_id":"event_1","response_id":"resp_1","item_id":"item_1",\
        "output_index":0,"content_index":0,"delta":"
        """.utf8) + text + Array(#""}"#.utf8)
}
