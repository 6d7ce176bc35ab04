import MulawCodec
import Testing

@testable import CarrierPhone

@Suite struct `Agent ear` {
    // One character is one 20 ms frame; hangover of three frames.
    @Test(arguments: [
        ("....SSSS....", ["started 1 at 4", "stopped 1 at 8"]),
        ("..S..SS.S.SS.....", ["started 1 at 5", "stopped 1 at 12"]),
        ("SS...SS...", ["started 1 at 0", "stopped 1 at 2", "started 2 at 5", "stopped 2 at 7"]),
        ("SSSS", ["started 1 at 0"]),
        ("............", []),
    ])
    func `tells turns from pauses and clicks`(frames: String, expected: [String]) {
        var ear = AgentEar(hangoverMilliseconds: 60)
        var edges: [String] = []
        for (index, frame) in frames.enumerated() {
            let audio = (0..<160).map { MulawEncoder.encode(frame == "S" ? ($0 % 16 < 8 ? 3_000 : -3_000) : 4) }
            switch ear.hear(audio.span, frame: index) {
            case .started(let turn, let at): edges.append("started \(turn) at \(at)")
            case .stopped(let turn, let at): edges.append("stopped \(turn) at \(at)")
            case nil: break
            }
        }
        #expect(edges == expected)
    }
}
