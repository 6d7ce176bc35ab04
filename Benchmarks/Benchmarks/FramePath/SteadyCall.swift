import AudioPipeline
import Conversation
import Foundation
import MulawCodec
import RealtimeBridge
import Resample

/// One call in a steady state. A tick is 20 ms of it, both ways: the carrier's message parsed, decoded, heard and forwarded;
/// the model's message parsed and queued; one frame taken out, paced and written. The two paths are the service's own files.
struct SteadyCall: ~Copyable {
    private var inbound: InboundPath
    private var outbound: OutboundPath
    private var conversation: Conversation
    private var carrier = TwilioParser()
    private var model = OpenAIRealtimeParser()
    private var toCarrier = TwilioWriter(stream: "MZ00000000000000000000000000000001")
    private var toModel = OpenAIRealtimeWriter(maximumAudioBytes: 1_600)
    private var scratch = [UInt8](repeating: 0, count: 1_600)
    private var sequence = CarrierSequence()
    private let item = PlayoutItem(ordinal: 1)
    /// Never given back: an array of arrays would be retained and released by whoever looks at one, which is not the call's.
    private let heard: [UnsafeBufferPointer<UInt8>], spoken: [UnsafeBufferPointer<UInt8>]
    let counters = CounterBlock<Counted>()
    /// Does in every tick what no tick may do: the control of who looks for it.
    var intruder: Intruder?

    private init(
        inbound: consuming InboundPath, outbound: consuming OutboundPath, prompt: SessionPrompt, heard: [[UInt8]],
        spoken: [[UInt8]]
    ) {
        self.inbound = inbound
        self.outbound = outbound
        conversation = Conversation(policy: ConversationPolicy(), prompt: prompt)
        self.heard = heard.map { Self.kept($0) }
        self.spoken = spoken.map { Self.kept($0) }
    }

    /// - Returns: nil when the pool cannot keep the call's reserve.
    static func begin(_ modelFormat: ModelAudioFormat) throws -> SteadyCall? {
        let prompt = try PromptBuilder().build(
            from: PromptSource(inbound: .init(instructions: "Be brief.", greeting: "Hello.")), direction: .inbound)
        let heard = frames.map { carrierMessage($0) }
        let spoken = frames.map { modelMessage(modelFormat == .pcm24 ? wide($0) : $0) }
        guard
            let outbound = try OutboundPath(
                modelFormat: modelFormat, pacer: Pacer(), pool: PlayoutPool(chunkCount: 200))
        else { return nil }
        let inbound = try InboundPath(modelFormat: modelFormat, pool: UplinkHistory.pool(calls: 1))
        return SteadyCall(inbound: inbound, outbound: outbound, prompt: prompt, heard: heard, spoken: spoken)
    }

    mutating func tick(_ tick: Int, countingEvents: Bool = false) {
        let now = CallInstant(milliseconds: Int64(tick) * 20)
        let fromCarrier = heard[tick % 50].span, fromModel = spoken[tick % 50].span
        if case .media(let media) = carrier.parse(fromCarrier, isText: true) {
            _ = sequence.accept(media, bytesPerMillisecond: 8)
            carrier.withAudio { inbound.arrived($0) }
        }
        while inbound.hear() != nil { if countingEvents { counters.add(.framesIn) } }
        let forwarded = inbound.forward(using: &scratch) { audio in
            toModel.sendAudio(audio) {
                consume($0.count)
                return true
            }
        }
        if inbound.mayForget { inbound.forgetForwarded(olderThan: conversation.repeatableMilliseconds(at: now)) }
        if countingEvents { counters.add(.framesToModel, UInt64(forwarded)) }
        intruder?.strike(tick)
        if case .audio(let audio) = model.parse(fromModel, isText: true) {
            model.withAudio {
                let queued = outbound.append($0, of: audio, to: item)
                if countingEvents { counters.add(.samplesFromModel, UInt64(queued.samples)) }
            }
        }
        var due = outbound.framesDue(at: Int64(tick))
        while due > 0, case .frame(let frame) = outbound.next(at: Int64(tick)).pop {
            conversation.sent(frame.item, samples: frame.audioBytes, at: now)
            if let mark = conversation.dueMark(itemEnded: false) {
                _ = toCarrier.sendMark(mark) {
                    consume($0.count)
                    return true
                }
            }
            _ = toCarrier.sendMedia(outbound.frame.span) {
                consume($0.count)
                return true
            }
            inbound.sent(outbound.frame.span)
            if countingEvents { counters.add(.framesOut) }
            due -= 1
        }
    }

    mutating func end() { consume(outbound.clear()) }

    // MARK: What is said

    private static func kept(_ bytes: [UInt8]) -> UnsafeBufferPointer<UInt8> {
        let copy = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: bytes.count)
        _ = copy.initialize(from: bytes)
        return UnsafeBufferPointer(copy)
    }

    /// A second of a voice-like sound, so that detector and echo reference work as they do in a call.
    static let frames = (0..<50).map { frame in
        (0..<160).map { UInt8(truncatingIfNeeded: ($0 &* (frame % 7 + 3)) ^ 0x55 | 0x80) }
    }

    static func carrierMessage(_ audio: [UInt8]) -> [UInt8] {
        Array(
            """
            {"event":"media","sequenceNumber":"2","streamSid":"MZ00000000000000000000000000000001",\
            "media":{"track":"inbound","chunk":"1","timestamp":"20","payload":"\(Data(audio).base64EncodedString())"}}
            """.utf8)
    }

    static func modelMessage(_ audio: [UInt8]) -> [UInt8] {
        Array(
            """
            {"type":"response.output_audio.delta","event_id":"event_1","response_id":"resp_1","item_id":"item_1",\
            "output_index":0,"content_index":0,"delta":"\(Data(audio).base64EncodedString())"}
            """.utf8)
    }

    /// The same frame as linear PCM at 24 kHz, each sample three times.
    private static func wide(_ frame: [UInt8]) -> [UInt8] {
        frame.flatMap { code in
            let sample = UInt16(bitPattern: MulawDecoder.decode(code))
            return [[UInt8]](repeating: [UInt8(truncatingIfNeeded: sample), UInt8(sample >> 8)], count: 3).joined()
        }
    }
}
