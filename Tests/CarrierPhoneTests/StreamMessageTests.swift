import Foundation
import Testing

@testable import CarrierPhone

@Suite struct `Stream messages` {
    @Test func `numbers every message but connected, and spells them as the carrier does`() throws {
        var writer = StreamMessageWriter(streamSid: "MZ1", callSid: "CA1", accountSid: "AC1")
        writer.connected()
        #expect(try Self.object(writer) == ["event": "connected", "protocol": "Call", "version": "1.0.0"])
        writer.start(parameters: [("tenant", "t\"1\"\n"), ("שם", "ערך")])
        #expect(
            try Self.object(writer) == [
                "event": "start", "sequenceNumber": "1", "streamSid": "MZ1",
                "start": [
                    "streamSid": "MZ1", "accountSid": "AC1", "callSid": "CA1", "tracks": ["inbound"],
                    "customParameters": ["tenant": "t\"1\"\n", "שם": "ערך"],
                    "mediaFormat": ["encoding": "audio/x-mulaw", "sampleRate": 8_000, "channels": 1],
                ],
            ])
        let audio = (0..<160).map { UInt8($0) }
        writer.media(audio.span, timestampMilliseconds: 20)
        #expect(
            try Self.object(writer) == [
                "event": "media", "sequenceNumber": "2", "streamSid": "MZ1",
                "media": [
                    "track": "inbound", "chunk": "1", "timestamp": "20", "payload": Data(audio).base64EncodedString(),
                ],
            ])
        writer.skipMedia()
        writer.dtmf("#")
        #expect(
            try Self.object(writer) == [
                "event": "dtmf", "sequenceNumber": "4", "streamSid": "MZ1",
                "dtmf": ["track": "inbound_track", "digit": "#"],
            ])
        writer.mark("turn-3/1600")
        #expect(
            try Self.object(writer) == [
                "event": "mark", "sequenceNumber": "5", "streamSid": "MZ1", "mark": ["name": "turn-3/1600"],
            ])
        writer.stop()
        #expect(
            try Self.object(writer) == [
                "event": "stop", "sequenceNumber": "6", "streamSid": "MZ1",
                "stop": ["accountSid": "AC1", "callSid": "CA1"],
            ])
        writer.media(audio.span, timestampMilliseconds: 12_340)
        let media = try #require(try Self.object(writer)["media"] as? NSDictionary)
        #expect(media["chunk"] as? String == "3" && media["timestamp"] as? String == "12340")
    }

    @Test func `reads media in the usual and in any other spelling`() {
        var reader = BridgeMessageReader(streamSid: "MZ1")
        let audio = (0..<160).map { UInt8($0 ^ 0x55) }
        let payload = Data(audio).base64EncodedString()
        for text in [
            #"{"event":"media","streamSid":"MZ1","media":{"payload":"\#(payload)"}}"#,
            #" { "media" : { "track":"x", "payload" : "\#(payload.replacingOccurrences(of: "/", with: "\\/"))" } , "streamSid":"MZ1","event":"media" } "#,
        ] {
            #expect(Self.read(&reader, text) == .media)
            #expect(reader.audio == audio)
        }
        #expect(Self.read(&reader, #"{"event":"media","streamSid":"MZ1","media":{"payload":""}}"#) == .media)
        #expect(reader.audio.isEmpty)
        #expect(Self.read(&reader, #"{"event":"mark","streamSid":"MZ1","mark":{"name":"a\"b"}}"#) == .mark("a\"b"))
        #expect(Self.read(&reader, #"{"event":"clear","streamSid":"MZ1"}"#) == .clear)
    }

    @Test(arguments: [
        (
            #"{"event":"media","streamSid":"MZ2","media":{"payload":"AAAA"}}"#,
            "media with the streamSid of another stream"
        ),
        (#"{"event":"media","media":{"payload":"AAAA"}}"#, "media without streamSid"),
        (#"{"event":"media","streamSid":"MZ1","media":{"payload":"AAA"}}"#, "media.payload is not base64"),
        (#"{"event":"media","streamSid":"MZ1","media":{"payload":"A===" }}"#, "media.payload is not base64"),
        (#"{"event":"media","streamSid":"MZ1","media":{}}"#, "media without media.payload"),
        (#"{"event":"mark","streamSid":"MZ1"}"#, "mark without mark.name"),
        (#"{"event":"hangup","streamSid":"MZ1"}"#, "event hangup, media, mark or clear was expected"),
        (#"{"streamSid":"MZ1"}"#, "no event"),
        ("[]", "not a JSON object"), ("", "not a JSON object"), ("{", "not a JSON object"),
    ])
    func `refuses what a carrier would complain about`(text: String, why: String) {
        var reader = BridgeMessageReader(streamSid: "MZ1")
        #expect(Self.read(&reader, text) == .refused(why))
    }

    @Test func `refuses binary`() {
        var reader = BridgeMessageReader(streamSid: "MZ1")
        let message = reader.read([1, 2, 3].span, isText: false)
        #expect(message == .refused("a binary message, text was expected"))
    }

    @Test func `base64 agrees with Foundation at every length`() {
        for length in 0..<70 {
            let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 151 &+ length) }
            var text: [UInt8] = []
            Base64.append(bytes.span, to: &text)
            #expect(String(decoding: text, as: UTF8.self) == Data(bytes).base64EncodedString())
            var back: [UInt8] = []
            #expect(Base64.decode(text.span, into: &back))
            #expect(back == bytes)
        }
    }

    private static func read(_ reader: inout BridgeMessageReader, _ text: String) -> BridgeMessageReader.Message {
        let bytes = Array(text.utf8)
        return reader.read(bytes.span, isText: true)
    }

    private static func object(_ writer: StreamMessageWriter) throws -> NSDictionary {
        try #require(try JSONSerialization.jsonObject(with: Data(writer.text)) as? NSDictionary)
    }
}
