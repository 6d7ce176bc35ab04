import AllocationProbe
import AudioPipeline
import Conversation
import RealtimeBridge
import Testing

@testable import MediaBridge

/// R15: a steady-state tick allocates nothing, C stages included. The whole way of a frame is walked 500 times on the
/// thread that is watched, from the carrier's message to the model's, and from the model's message to the carrier's.
@Suite struct `Frame path allocations` {
    /// -1 under a sanitizer, which has a malloc of its own.
    private static func allocations(in work: () -> Void) -> Int {
        allocation_probe_start()
        work()
        return allocation_probe_stop()
    }

    @Test func `the probe sees one allocation, so that zero means something`() {
        var kept: [Int] = []
        let count = Self.allocations { kept = [Int](repeating: 7, count: 100) }
        #expect(kept.count == 100)
        #expect(count == 1 || count == -1)
    }

    @Test(arguments: ModelAudioFormat.allCases)
    func `R15 the caller's frames reach the model's message without allocation`(format: ModelAudioFormat) throws {
        var path = try InboundPath(modelFormat: format, pool: UplinkHistory.pool(calls: 1))
        var parser = TwilioParser()
        var writer = OpenAIRealtimeWriter(maximumAudioBytes: Shard.uplinkBytes)
        var scratch = [UInt8](repeating: 0, count: Shard.uplinkBytes)
        var sequence = CarrierSequence()
        let said = CarrierSamples.speech
        let message = CarrierSamples.media(frame: said)
        var sent = 0

        func tick() {
            guard case .media(let media) = parser.parse(message.span, isText: true) else { return }
            _ = sequence.accept(media, bytesPerMillisecond: 8)
            parser.withAudio { path.arrived($0) }
            path.sent(said.span)
            while path.hear() != nil {}
            _ = path.forward(using: &scratch) { audio in
                writer.sendAudio(audio) { message in
                    sent += message.count
                    return true
                }
            }
            if path.mayForget { path.forgetForwarded(olderThan: 500) }
        }
        for _ in 0..<50 { tick() }
        sent = 0
        let count = Self.allocations { for _ in 0..<500 { tick() } }
        #expect(sent > 500 * 160)
        #expect(count == 0 || count == -1)
        let imbalance = path.close()
        #expect(imbalance == 0)
    }

    @Test(arguments: ModelAudioFormat.allCases)
    func `R15 the model's audio reaches the carrier's message without allocation`(format: ModelAudioFormat) throws {
        let pool = PlayoutPool(chunkCount: 200)
        guard var path = try OutboundPath(modelFormat: format, pacer: Pacer(), pool: pool) else {
            Issue.record("the pool is too small")
            return
        }
        var parser = OpenAIRealtimeParser()
        var writer = TwilioWriter(stream: "MZ00000000000000000000000000000001")
        var conversation = Conversation(policy: ConversationPolicy(), prompt: try TestPrompt.make())
        let message = ModelSamples.delta(frames: 1, format: format)
        let item = PlayoutItem(ordinal: 1)
        var tick: Int64 = 0
        var sent = 0

        func run() {
            guard case .audio(let audio) = parser.parse(message.span, isText: true) else { return }
            _ = conversation.admit(response: audio.response, item: audio.item, at: CallInstant(milliseconds: tick * 20))
            parser.withAudio { _ = path.append($0, of: audio, to: item) }
            tick += 1
            var due = path.framesDue(at: tick)
            while due > 0, case .frame(let frame) = path.next(at: tick).pop {
                conversation.sent(frame.item, samples: frame.audioBytes, at: CallInstant(milliseconds: tick * 20))
                if let mark = conversation.dueMark(itemEnded: false) {
                    _ = writer.sendMark(mark) {
                        sent += $0.count; return true
                    }
                }
                _ = writer.sendMedia(path.frame.span) {
                    sent += $0.count; return true
                }
                due -= 1
            }
        }
        for _ in 0..<50 { run() }
        sent = 0
        let count = Self.allocations { for _ in 0..<500 { run() } }
        #expect(sent > 500 * 160)
        #expect(count == 0 || count == -1)
        _ = path.clear()
        let counts = path.counts
        #expect(counts.received == counts.played + counts.cleared)
    }
}
