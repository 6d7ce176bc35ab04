import Benchmark
import Conversation
import RealtimeBridge

func carrierBenchmarks() {
    let audio = (0..<160).map { UInt8(truncatingIfNeeded: $0 &* 37) }

    Benchmark("TwilioWriter.sendMedia 160 bytes") { benchmark in
        var writer = TwilioWriter(stream: "MZ00000000000000000000000000000000")
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations {
            blackHole(
                writer.sendMedia(audio.span) { message in
                    blackHole(message.count)
                    return true
                })
        }
        benchmark.stopMeasurement()
    }
    Benchmark("TwilioParser.parse media of 160 bytes") { benchmark in
        // What Twilio sends and what our writer sends differ in the members around the audio.
        var sent: [UInt8] = []
        var writer = TwilioWriter(stream: "MZ00000000000000000000000000000000")
        _ = writer.sendMedia(audio.span) { message in
            for i in message.indices { sent.append(message[i]) }
            return true
        }
        let text = String(decoding: sent, as: UTF8.self)
        let payload = text.split(separator: "\"payload\":\"")[1].prefix { $0 != "\"" }
        let message =
            Array(
                #"{"event":"media","sequenceNumber":"1234","media":{"track":"inbound","chunk":"1233","timestamp":"24660","#
                    .utf8)
            + Array(#""payload":"\#(payload)"},"streamSid":"MZ00000000000000000000000000000000"}"#.utf8)
        var parser = TwilioParser()
        guard case .media = parser.parse(message.span) else { fatalError("the sample is not media") }
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations { blackHole(parser.parse(message.span)) }
        benchmark.stopMeasurement()
    }
}
