import Conversation
import Foundation
import Testing

@testable import RealtimeBridge

@Suite struct `Twilio writer` {
    private func json(_ bytes: [UInt8]) throws -> NSDictionary {
        try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? NSDictionary)
    }

    private func copy(_ span: Span<UInt8>) -> [UInt8] { (0..<span.count).map { span[$0] } }

    @Test(arguments: [1, 2, 3, 159, 160, 161, 320, 800, 1_600])
    func `writes audio of any length`(length: Int) throws {
        let audio = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        var writer = TwilioWriter(stream: #"MZ"\quoted"#)
        for _ in 0..<2 {
            var sent: [UInt8] = []
            let answer = writer.sendMedia(audio.span) {
                sent = copy($0)
                return false
            }
            #expect(!answer)
            let expected: NSDictionary = [
                "event": "media", "streamSid": #"MZ"\quoted"#,
                "media": ["payload": Data(audio).base64EncodedString()],
            ]
            #expect(try json(sent) == expected)
        }
    }

    @Test func `writes marks that its own reader knows, and clear`() throws {
        var writer = TwilioWriter(stream: "MZ1")
        var parser = TwilioParser()
        for value: UInt32 in [0, 1, 9, 10, 99, 1_600, 4_294_967_295] {
            let mark = PlaybackMark(generation: value, item: PlayoutItem(ordinal: value), samples: value)
            var sent: [UInt8] = []
            _ = writer.sendMark(mark) {
                sent = copy($0)
                return true
            }
            let expected: NSDictionary = [
                "event": "mark", "streamSid": "MZ1", "mark": ["name": "g\(value).\(value).\(value)"],
            ]
            #expect(try json(sent) == expected)
            #expect(parser.parse(sent.span) == .mark(mark, sequence: nil))
        }
        var sent: [UInt8] = []
        _ = writer.sendClear {
            sent = copy($0)
            return true
        }
        #expect(String(decoding: sent, as: UTF8.self) == #"{"event":"clear","streamSid":"MZ1"}"#)
    }

    @Test func `writing allocates nothing`() {
        var writer = TwilioWriter(stream: "MZ18ad3ab5a668481ce02b83e7395059f0")
        let audio = [UInt8](repeating: 0xFF, count: 160)
        var total = 0
        let count = allocations {
            for round in 0..<500 {
                _ = writer.sendMedia(audio.span) {
                    total += $0.count
                    return true
                }
                let mark = PlaybackMark(generation: 1, item: PlayoutItem(ordinal: 1), samples: UInt32(round))
                _ = writer.sendMark(mark) {
                    total += $0.count
                    return true
                }
                _ = writer.sendClear {
                    total += $0.count
                    return true
                }
            }
        }
        #expect(total > 0)
        #expect(count ?? 0 == 0)
    }
}
