import AudioPipeline
import Conversation
import Foundation
import Testing

@testable import RealtimeBridge

@Suite struct `Twilio parser` {
    private func parse(_ text: String) -> CarrierMessage {
        var parser = TwilioParser()
        let text = bytes(text)
        return parser.parse(text.span)
    }

    private func audio(_ parser: borrowing TwilioParser) -> [UInt8] {
        var result: [UInt8] = []
        parser.withAudio { for index in 0..<$0.count { result.append($0[index]) } }
        return result
    }

    private static let mulaw = (0..<160).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ 5) }
    private static let payload = Data(mulaw).base64EncodedString()

    private static func media(_ generator: inout SeededGenerator, quoted: Bool) -> String {
        func number(_ value: Int) -> String { quoted ? "\"\(value)\"" : "\(value)" }
        let media = object(
            [
                ("track", #""inbound""#), ("chunk", number(41)), ("timestamp", number(820)),
                ("payload", "\"\(payload)\""),
                ("extra", #"{"a":[1,2,{"payload":"no"}]}"#),
            ], &generator)
        return object(
            [
                ("event", #""media""#), ("sequenceNumber", number(43)), ("streamSid", #""MZ1""#), ("media", media),
                ("later", #"["\"",null,{"event":"stop"}]"#),
            ], &generator)
    }

    @Test func `reads media in any key order, numbers as strings or as numbers, white space anywhere`() {
        var generator = SeededGenerator(seed: 3)
        var parser = TwilioParser()
        for round in 0..<500 {
            let text = bytes(Self.media(&generator, quoted: round % 2 == 0))
            let message = parser.parse(text.span)
            #expect(
                message
                    == .media(
                        CarrierMedia(sequence: 43, chunk: 41, timestampMilliseconds: 820, byteCount: 160)))
            #expect(audio(parser) == Self.mulaw)
        }
    }

    @Test func `reads the messages of the documentation`() {
        #expect(parse(#"{"event":"connected","protocol":"Call","version":"1.0.0"}"#) == .connected)
        let start = #"""
            {"event":"start","sequenceNumber":"1","streamSid":"MZ18","start":{"streamSid":"MZ18","accountSid":"AC19",
            "callSid":"CA17","tracks":["inbound"],"customParameters":{"tenant":"t1","name":"דנה \"d\""},
            "mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1}}}
            """#
        let expected = CarrierStart(
            stream: "MZ18", call: "CA17", account: "AC19", tracks: [.inbound],
            customParameters: ["tenant": "t1", "name": "דנה \"d\""], format: .mulaw8k, sequence: 1)
        #expect(parse(start) == .start(expected))
        #expect(
            parse(
                #"{"event":"dtmf","sequenceNumber":"9","streamSid":"MZ","dtmf":{"track":"inbound_track","digit":"5"}}"#)
                == .dtmf(digit: UInt8(ascii: "5"), sequence: 9))
        #expect(
            parse(#"{"event":"stop","sequenceNumber":"90","streamSid":"MZ","stop":{"accountSid":"AC","callSid":"CA"}}"#)
                == .stop(sequence: 90))
    }

    @Test(arguments: ["0", "9", "*", "#", "A", "D"])
    func `takes every key of a telephone`(digit: String) {
        #expect(
            parse(#"{"event":"dtmf","dtmf":{"digit":"\#(digit)"}}"#)
                == .dtmf(digit: digit.utf8.first!, sequence: nil))
    }

    @Test(arguments: ["", "E", "55", "a", "é", " "])
    func `refuses what is no key`(digit: String) {
        #expect(
            parse(#"{"event":"dtmf","dtmf":{"digit":"\#(digit)"}}"#)
                == .malformed(.invalid(field: "dtmf.digit", expected: "one of 0-9 * # A-D")))
    }

    @Test(arguments: [
        ("g3.7.1600", PlaybackMark(generation: 3, item: PlayoutItem(ordinal: 7), samples: 1_600)),
        ("g0.0.0", PlaybackMark(generation: 0, item: PlayoutItem(ordinal: 0), samples: 0)),
        (
            "g4294967295.4294967295.4294967295",
            PlaybackMark(generation: .max, item: PlayoutItem(ordinal: .max), samples: .max)
        ),
    ])
    func `knows its own marks`(name: String, mark: PlaybackMark) {
        #expect(parse(#"{"event":"mark","mark":{"name":"\#(name)"},"sequenceNumber":4}"#) == .mark(mark, sequence: 4))
    }

    @Test(arguments: [
        "", "g", "g1", "g1.2", "g1.2.", "g1..3", "g1.2.3.4", "x1.2.3", "g-1.2.3", "g4294967296.1.1", "g1.2.3x",
        "turn-3/1600",
        "g99999999999.1.1", #"\u0067 1.2.3"#,
    ])
    func `a mark of somebody else is nobody's`(name: String) {
        #expect(parse(#"{"event":"mark","mark":{"name":"\#(name)"}}"#) == .mark(nil, sequence: nil))
    }

    @Test func `S17 an unknown kind is named, and counted once per kind`() {
        var tally = KindTally()
        var counted = 0
        for round in 0..<10 {
            for kind in 0..<10 {
                guard
                    case .unknown(let name, let sequence) = parse(
                        #"{"event":"kind\#(kind)","sequenceNumber":"\#(round)"}"#)
                else {
                    Issue.record("kind \(kind)")
                    continue
                }
                #expect(sequence == Int64(round))
                if tally.isNew(name) { counted += 1 }
            }
        }
        #expect(counted == 10)
        for kind in 0..<1_000 { _ = tally.isNew("made up \(kind)") }
        #expect(tally.kinds.count == KindTally.capacity)
    }

    @Test(arguments: [
        (#"{"event":"media"}"#, MessageFault.missing(field: "media")),
        (#"{"event":"media","media":{}}"#, .missing(field: "media.payload")),
        (#"{"event":"media","media":"x"}"#, .missing(field: "media")),
        (#"{"event":"media","media":{"payload":5}}"#, .invalid(field: "media.payload", expected: "a string")),
        (#"{"event":"media","media":{"payload":"A"}}"#, .badBase64(field: "media.payload")),
        (#"{"event":"media","media":{"payload":"AAAA\n"}}"#, .badBase64(field: "media.payload")),
        (
            #"{"event":"media","media":{"payload":"AAAA","track":"sideways"}}"#,
            .invalid(field: "media.track", expected: "inbound or outbound")
        ),
        (#"{"event":"mark"}"#, .missing(field: "mark.name")), (#"{"event":"dtmf"}"#, .missing(field: "dtmf.digit")),
        (#"{"event":"start"}"#, .missing(field: "start")), (#"{"media":{}}"#, .missing(field: "event")),
        ("{}", .missing(field: "event")),
        (#"{"event":5}"#, .missing(field: "event")), ("[]", .json(.expectedObject, offset: 0)),
        ("", .json(.unexpectedEnd, offset: 0)),
        (#"{"event":"stop"} x"#, .json(.trailingBytes, offset: 17)),
    ])
    func `says what is wrong with a message`(text: String, fault: MessageFault) {
        #expect(parse(text) == .malformed(fault))
    }

    @Test(arguments: [
        (#""encoding":"audio/x-alaw","sampleRate":8000"#, "start.mediaFormat.encoding"),
        (#""encoding":"audio/x-mulaw","sampleRate":16000"#, "start.mediaFormat.sampleRate"),
        (#""encoding":"audio/x-mulaw""#, "start.mediaFormat.sampleRate"),
        (#""encoding":"audio/x-mulaw","sampleRate":"8000","channels":2"#, "start.mediaFormat.channels"),
    ])
    func `refuses a format it cannot decode, by name`(format: String, field: String) {
        let message = parse(
            #"{"event":"start","start":{"streamSid":"MZ","callSid":"CA","mediaFormat":{\#(format)}}}"#)
        guard case .malformed(.invalid(let named, _)) = message else {
            Issue.record("\(message)")
            return
        }
        #expect(named == field)
    }

    @Test func `an identifier of more than 63 bytes is refused, not cut`() {
        let long = String(repeating: "M", count: 64)
        let message = parse(
            #"{"event":"start","start":{"streamSid":"\#(long)","callSid":"CA","mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000}}}"#
        )
        #expect(message == .malformed(.invalid(field: "start.streamSid", expected: "1 to 63 bytes")))
    }

    @Test func `a payload with escaped slashes is decoded all the same`() {
        let data = [UInt8](repeating: 0xFF, count: 160)
        let payload = Data(data).base64EncodedString().replacingOccurrences(of: "/", with: #"\/"#)
        var parser = TwilioParser()
        let text = bytes(#"{"event":"media","media":{"payload":"\#(payload)"}}"#)
        #expect(parser.parse(text.span) == .media(CarrierMedia(byteCount: 160)))
        #expect(audio(parser) == data)
    }

    @Test(arguments: [1, 2, 3, 159, 160, 161, 800, 1_600, 16_000, 65_536])
    func `takes any payload length up to its bound`(length: Int) {
        let data = (0..<length).map { UInt8(truncatingIfNeeded: $0) }
        var parser = TwilioParser()
        let text = bytes(#"{"event":"media","media":{"payload":"\#(Data(data).base64EncodedString())"}}"#)
        #expect(parser.parse(text.span) == .media(CarrierMedia(byteCount: length)))
        #expect(audio(parser) == data)
    }

    @Test func `one byte more than the bound is refused, and no audio is left behind`() {
        var parser = TwilioParser(maximumAudioBytes: 160)
        let text = bytes(#"{"event":"media","media":{"payload":"\#(Data(count: 161).base64EncodedString())"}}"#)
        #expect(parser.parse(text.span) == .malformed(.tooLong(limitBytes: 160)))
        #expect(audio(parser).isEmpty)
    }

    @Test func `audio of the message before is gone with the next one`() {
        var parser = TwilioParser()
        let media = bytes(#"{"event":"media","media":{"payload":"AAAA"}}"#)
        _ = parser.parse(media.span)
        #expect(audio(parser).count == 3)
        let mark = bytes(#"{"event":"mark","mark":{"name":"x"},"media":{"payload":"AAAA"}}"#)
        _ = parser.parse(mark.span)
        #expect(audio(parser).isEmpty)
    }

    @Test func `every beginning of every message is malformed and never a crash`() {
        var generator = SeededGenerator(seed: 11)
        var parser = TwilioParser()
        for _ in 0..<20 {
            let text = bytes(Self.media(&generator, quoted: true))
            for length in 0..<text.count {
                let message = parser.parse(text.span.extracting(0..<length))
                guard case .malformed(.json) = message else {
                    Issue.record("\(length) bytes: \(message)")
                    return
                }
            }
        }
    }

    @Test func `any damage gives a message or a fault, never a crash`() {
        var generator = SeededGenerator(seed: 12)
        var parser = TwilioParser()
        for _ in 0..<5_000 {
            var text = bytes(Self.media(&generator, quoted: Bool.random(using: &generator)))
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                text[Int.random(in: 0..<text.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            if case .media(let media) = parser.parse(text.span) { #expect(audio(parser).count == media.byteCount) }
        }
    }

    /// One layout of a media message, to be filled in.
    private static func layout(_ generator: inout SeededGenerator) -> String {
        let quote = Bool.random(using: &generator) ? "\"" : ""
        var media = [("payload", "\"<p>\"")]
        if Bool.random(using: &generator) { media.append(("track", "\"<k>\"")) }
        if Bool.random(using: &generator) { media.append(("chunk", "\(quote)<c>\(quote)")) }
        if Bool.random(using: &generator) { media.append(("timestamp", "\(quote)<t>\(quote)")) }
        var members = [("event", "\"media\""), ("media", object(media, &generator))]
        if Bool.random(using: &generator) { members.append(("sequenceNumber", "\(quote)<q>\(quote)")) }
        if Bool.random(using: &generator) { members.append(("streamSid", "\"<s>\"")) }
        if Int.random(in: 0..<4, using: &generator) == 0 { members.append(("x", "[1,{\"media\":null}]")) }
        if Int.random(in: 0..<8, using: &generator) == 0 { members.append(("sequenceNumber", "7")) }
        if Int.random(in: 0..<8, using: &generator) == 0 { members.append(("media", "{}")) }
        return object(members, &generator)
    }

    private static func filled(_ layout: String, _ generator: inout SeededGenerator) -> String {
        let payload = Data((0..<Int.random(in: 0...200, using: &generator)).map { UInt8($0) }).base64EncodedString()
        var text = layout.replacingOccurrences(of: "<p>", with: payload)
        for hole in ["<c>", "<t>", "<q>"] {
            text = text.replacingOccurrences(of: hole, with: "\(Int.random(in: 0...99_999, using: &generator))")
        }
        let track = Bool.random(using: &generator) ? "inbound" : "outbound"
        return text.replacingOccurrences(of: "<k>", with: track)
            .replacingOccurrences(of: "<s>", with: "MZ\(Int.random(in: 0...9_999, using: &generator))")
    }

    @Test func `a parser that has seen messages alike reads the next one as a fresh parser does, damaged or not`() {
        var generator = SeededGenerator(seed: 77)
        let odd = bytes(#"{}[]",:\/0129-+.eE tn="#) + [0, 9, 31, 128, 255]
        var media = 0, other = 0, hits = 0
        for _ in 0..<150 {
            var parser = TwilioParser(maximumAudioBytes: 190)
            let layout = Self.layout(&generator)
            for round in 0..<30 {
                var text = bytes(Self.filled(layout, &generator))
                if round % 3 == 2 {
                    for _ in 0..<Int.random(in: 1...2, using: &generator) {
                        let position = Int.random(in: 0..<text.count, using: &generator)
                        switch Int.random(in: 0..<3, using: &generator) {
                        case 0: text[position] = odd.randomElement(using: &generator)!
                        case 1: text.remove(at: position)
                        default: text.insert(odd.randomElement(using: &generator)!, at: position)
                        }
                    }
                }
                var fresh = TwilioParser(maximumAudioBytes: 190)
                let expected = fresh.parse(text.span)
                #expect(parser.parse(text.span) == expected, "\(String(decoding: text, as: UTF8.self))")
                #expect(audio(parser) == audio(fresh))
                if case .media = expected { media += 1 } else { other += 1 }
            }
            hits += parser.shape.hits
        }
        #expect(media > 2_000)
        #expect(other > 500)
        #expect(hits > 1_000)
    }

    @Test func `the second message of a stream is not walked`() {
        var parser = TwilioParser()
        for (index, numbers) in [("9", "20"), ("10", "140"), ("11", "160")].enumerated() {
            let text = bytes(
                """
                {"event":"media","sequenceNumber":"\(numbers.0)","streamSid":"MZ1","media":{"track":"inbound",\
                "chunk":"\(index)","timestamp":"\(numbers.1)","payload":"\(Self.payload)"}}
                """)
            let message = parser.parse(text.span)
            #expect(
                message
                    == .media(
                        CarrierMedia(
                            sequence: Int64(numbers.0), chunk: Int64(index), timestampMilliseconds: Int64(numbers.1),
                            byteCount: 160)))
            #expect(parser.shape.hits == index)
        }
    }

    @Test func `media and marks allocate nothing`() {
        var generator = SeededGenerator(seed: 5)
        var all: [UInt8] = [], ends: [Int] = []
        for index in 0..<20 {
            all += bytes(Self.media(&generator, quoted: index % 2 == 0))
            ends.append(all.count)
        }
        let escaped = bytes(
            #"{"\u0065vent":"m\u0065dia","media":{"payload":"\/\/\/\/","timestamp":"1"},"sequenceNumber":"1"}"#)
        let mark = bytes(#"{"event":"mark","sequenceNumber":"12","streamSid":"MZ","mark":{"name":"g3.7.1600"}}"#)
        var parser = TwilioParser()
        var seen = 0
        let count = allocations {
            for _ in 0..<25 {
                var start = 0
                for index in 0..<20 {
                    if case .media = parser.parse(all.span.extracting(start..<ends[index])) { seen += 1 }
                    start = ends[index]
                }
                if case .mark = parser.parse(mark.span) { seen += 1 }
                if case .media = parser.parse(escaped.span) { seen += 1 }
            }
        }
        #expect(seen == 1_100)
        #expect(count ?? 0 == 0)
        // The probe does see one when there is one.
        let control = allocations { _ = [UInt8](repeating: 1, count: seen) }
        #expect(control == nil || control! > 0)
    }
}
