import AudioPipeline
import MulawCodec
import RealtimeBridge
import Testing
import VAD

@testable import MediaBridge

/// What the inbound path makes of the agent's own voice on the caller's line.
@Suite struct `Hearing the agent's echo` {
    /// What the agent says, and what comes back of it: 18 dB weaker.
    private static let said = CarrierSamples.speech
    private static let returned: [UInt8] = {
        var decoder = MulawDecoder(), encoder = MulawEncoder()
        var linear = [Int16](repeating: 0, count: 160), coded = said
        var samples = linear.mutableSpan
        _ = decoder.process(said.span, into: &samples)
        let weak = linear.map { $0 / 8 }
        var words = coded.mutableSpan
        _ = encoder.process(weak.span, into: &words)
        return coded
    }()
    private static let silence = [UInt8](repeating: 0xFF, count: 160)

    /// Half a second of silence, then a quarter second of the agent, whose echo comes 200 ms after it.
    private static func hear(isEchoAware: Bool, clearing: Bool = false) throws -> (edges: [SpeechEdge], echoes: Int) {
        var path = try InboundPath(modelFormat: .pcmu, isEchoAware: isEchoAware, pool: UplinkHistory.pool(calls: 1))
        var (edges, echoes) = ([SpeechEdge](), 0)
        for frame in 0..<70 {
            if frame == 25 {
                // The lead and more goes out at once; a clear takes all of it back.
                for _ in 0..<12 { path.sent(said.span) }
                if clearing { path.cleared() }
            }
            let heard = (35..<47).contains(frame) ? returned : silence
            path.arrived(heard.span)
            while let frame = path.hear() {
                if let edge = frame.edge { edges.append(edge) }
                if frame.isEcho { echoes += 1 }
            }
        }
        return (edges, echoes)
    }

    @Test func `S31 the echo of what was sent is no speech`() throws {
        let heard = try Self.hear(isEchoAware: true)
        #expect(heard.edges.isEmpty && heard.echoes >= 10, "\(heard)")
    }

    @Test func `a tenant who does not want to know hears it as speech`() throws {
        let heard = try Self.hear(isEchoAware: false)
        #expect(heard.edges.contains(.sustained) && heard.echoes == 0, "\(heard)")
    }

    @Test func `what was cleared cannot come back: the same sound is the caller's`() throws {
        let heard = try Self.hear(isEchoAware: true, clearing: true)
        #expect(heard.edges.contains(.sustained) && heard.echoes == 0, "\(heard)")
    }
}
