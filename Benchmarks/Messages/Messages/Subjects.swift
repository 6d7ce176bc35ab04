import Foundation
import MessagePeers
import RealtimeBridge

/// What is measured: each takes one of fifty messages and answers how many bytes came out. A class, since parsers are not
/// copyable and the closures share them.
final class Subjects {
    private(set) var all: [(name: String, work: (Int) -> Int)] = []
    private var carrier = TwilioParser()
    private var model = OpenAIRealtimeParser()
    private var writer = TwilioWriter(stream: "MZ00000000000000000000000000000001")
    private let room = 64 * 1024
    private let bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: 64 * 1024)
    private let characters = UnsafeMutablePointer<CChar>.allocate(capacity: 1_024)

    init() {
        let padding = peer_padding()
        readers("carrier-in", .carrier(padding: padding), isCarrier: true) {
            if case .media(let media) = self.carrier.parse($0, isText: true) { media.byteCount } else { -1 }
        }
        for (name, bytes) in [("model-in", 160), ("model-in-960", 960), ("model-in-large", 9_600)] {
            readers(name, .model(padding: padding, audioBytes: bytes), isCarrier: false) {
                if case .audio(let audio) = self.model.parse($0, isText: true) { audio.byteCount } else { -1 }
            }
        }
        writers()
    }

    private func readers(
        _ name: String, _ workload: Workload, isCarrier: Bool, ours: @escaping (Span<UInt8>) -> Int
    ) {
        let data = zip(workload.messages, workload.counts).map { Data($0.prefix($1)) }
        all.append(
            (
                "\(name) ours",
                { index in
                    let message = workload.messages[index]
                    return ours(message.span.extracting(0..<workload.counts[index]))
                }
            ))
        let read = isCarrier ? peer_carrier_in : peer_model_in
        all.append(
            (
                "\(name) simdjson",
                { index in
                    workload.messages[index].withUnsafeBytes { message in
                        let text = message.baseAddress?.assumingMemoryBound(to: CChar.self)
                        return read(text, workload.counts[index], self.bytes, self.room)
                    }
                }
            ))
        all.append(("\(name) JSONSerialization", { FoundationPeer.serialized(data[$0], isCarrier) }))
        all.append(("\(name) JSONDecoder", { FoundationPeer.decoded(data[$0], isCarrier) }))
        for subject in all.suffix(4) {
            for index in 0..<50 where subject.work(index) != workload.audioBytes {
                fatalError("\(subject.name) misread")
            }
        }
    }

    private func writers() {
        let frames = (0..<50).map { index in (0..<160).map { UInt8(truncatingIfNeeded: ($0 &+ index) &* 37) } }
        let data = frames.map { Data($0) }
        all.append(
            (
                "carrier-out ours",
                { index in
                    var count = 0
                    let frame = frames[index]
                    _ = self.writer.sendMedia(frame.span) {
                        count = $0.count
                        return true
                    }
                    return count
                }
            ))
        all.append(
            (
                "carrier-out simdjson",
                { index in
                    frames[index].withUnsafeBufferPointer { peer_carrier_out($0.baseAddress, 160, self.characters) }
                }
            ))
        all.append(("carrier-out JSONEncoder", { FoundationPeer.encoded(data[$0]) }))
    }
}
