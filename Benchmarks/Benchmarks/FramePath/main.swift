import AudioPipeline
import Conversation
import Foundation
import RealtimeBridge
import Telemetry

// How many instructions a call's tick takes, and what telling about it adds. `Benchmarks/diagnostics-share` runs it under
// callgrind. One iteration is 20 ms of one call, both ways, in a steady state: the carrier's message parsed, decoded, heard
// and forwarded; the model's message parsed and queued; one frame taken out, paced and written. The two paths are the
// service's own files. Sockets and the kernel are left out, which makes the share larger than it is.

enum Telling: String, CaseIterable {
    /// The tick alone.
    case none
    /// And a diagnostic record every 10 s: as often as anything is told that goes on and on.
    case diagnostics
    /// And the counters of a steady tick: frames in, to the model and out, and samples from the model.
    case counters
    /// Every 20 ms something is wrong: no steady state, but what one record costs.
    case storm
}

enum Counted: UInt8, CounterName { case framesIn, framesToModel, framesOut, samplesFromModel }

/// Stands for a file or a socket: keeps the compiler from leaving out what nobody looks at.
@inline(never) func consume(_ bytes: Int) { if bytes < 0 { print(bytes) } }

func run(ticks: Int, _ telling: Telling) throws {
    var inbound = try InboundPath(modelFormat: .pcmu)
    let pool = PlayoutPool(chunkCount: 200)
    guard var outbound = try OutboundPath(modelFormat: .pcmu, pacer: Pacer(), pool: pool) else { return }
    let prompt = try PromptBuilder().build(
        from: PromptSource(inbound: .init(instructions: "Be brief.", greeting: "Hello.")), direction: .inbound)
    var conversation = Conversation(policy: ConversationPolicy(), prompt: prompt)
    var carrier = TwilioParser()
    var model = OpenAIRealtimeParser()
    var toCarrier = TwilioWriter(stream: "MZ00000000000000000000000000000001")
    var toModel = OpenAIRealtimeWriter(maximumAudioBytes: 1_600)
    var scratch = [UInt8](repeating: 0, count: 1_600)
    var sequence = CarrierSequence()
    let item = PlayoutItem(ordinal: 1)
    let counters = CounterBlock<Counted>()
    var ring = DiagnosticRing(capacity: 1_024)
    var diagnostics = ring.writer
    var reader = ring.reader
    ring = DiagnosticRing(capacity: 1)
    // A second of a voice-like sound, so that detector and echo reference work as they do in a call.
    let frames = (0..<50).map { frame in
        (0..<160).map { UInt8(truncatingIfNeeded: ($0 &* (frame % 7 + 3)) ^ 0x55 | 0x80) }
    }
    let heard = frames.map { frame in
        Array(
            """
            {"event":"media","sequenceNumber":"2","streamSid":"MZ00000000000000000000000000000001",\
            "media":{"track":"inbound","chunk":"1","timestamp":"20","payload":"\(Data(frame).base64EncodedString())"}}
            """.utf8)
    }
    let spoken = frames.map { frame in
        Array(
            """
            {"type":"response.output_audio.delta","event_id":"event_1","response_id":"resp_1","item_id":"item_1",\
            "output_index":0,"content_index":0,"delta":"\(Data(frame).base64EncodedString())"}
            """.utf8)
    }
    for tick in 0..<ticks {
        let now = CallInstant(milliseconds: Int64(tick) * 20)
        let (fromCarrier, fromModel) = (heard[tick % 50], spoken[tick % 50])
        if case .media(let media) = carrier.parse(fromCarrier.span, isText: true) {
            _ = sequence.accept(media, bytesPerMillisecond: 8)
            carrier.withAudio { inbound.arrived($0) }
        }
        while inbound.hear() != nil { if telling == .counters { counters.add(.framesIn) } }
        let forwarded = inbound.forward(using: &scratch) { audio in
            toModel.sendAudio(audio) {
                consume($0.count)
                return true
            }
        }
        if telling == .counters { counters.add(.framesToModel, UInt64(forwarded)) }
        if case .audio(let audio) = model.parse(fromModel.span, isText: true) {
            model.withAudio {
                let queued = outbound.append($0, of: audio, to: item)
                if telling == .counters { counters.add(.samplesFromModel, UInt64(queued.samples)) }
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
            if telling == .counters { counters.add(.framesOut) }
            due -= 1
        }
        if telling == .storm || (telling == .diagnostics && tick % 500 == 0) {
            diagnostics.push(DiagnosticRecord(.lateTick, call: 1, at: UInt64(tick) * 20_000_000, value: 5))
        }
        // Telemetry's side, once a second, belongs to another thread: emptied here without a look at it.
        if telling == .storm, tick % 50 == 49 { while reader.pop() != nil {} }
    }
    consume(outbound.clear())
}

let arguments = CommandLine.arguments
guard arguments.count == 3, let ticks = Int(arguments[1]), let telling = Telling(rawValue: arguments[2]) else {
    print("usage: FramePath TICKS \(Telling.allCases.map(\.rawValue).joined(separator: "|"))")
    exit(64)
}
try run(ticks: ticks, telling)
