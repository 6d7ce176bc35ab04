/// Writes a carrier's side of a media stream: connected, start, media, dtmf, mark, stop. Loop thread. Every message
/// stands in `text` until the next one.
package struct StreamMessageWriter {
    package private(set) var text: [UInt8] = []
    /// Messages numbered so far: `start` is 1.
    private(set) var sequenceNumber = 0
    /// Media messages so far.
    package private(set) var chunk = 0

    private let streamSid: String, callSid: String, accountSid: String

    package init(streamSid: String, callSid: String, accountSid: String) {
        (self.streamSid, self.callSid, self.accountSid) = (streamSid, callSid, accountSid)
        text.reserveCapacity(1_024)
    }

    package mutating func connected() { begin("{\"event\":\"connected\",\"protocol\":\"Call\",\"version\":\"1.0.0\"}") }

    package mutating func start(parameters: [(name: String, value: String)]) {
        number("start")
        add(",\"start\":{\"streamSid\":")
        quote(streamSid)
        add(",\"accountSid\":")
        quote(accountSid)
        add(",\"callSid\":")
        quote(callSid)
        add(",\"tracks\":[\"inbound\"],\"customParameters\":{")
        for (index, parameter) in parameters.enumerated() {
            if index > 0 { add(",") }
            quote(parameter.name)
            add(":")
            quote(parameter.value)
        }
        add("},\"mediaFormat\":{\"encoding\":\"audio/x-mulaw\",\"sampleRate\":8000,\"channels\":1}}}")
    }

    /// - Parameter timestampMilliseconds: since the stream began.
    mutating func media(_ audio: Span<UInt8>, timestampMilliseconds: Int) {
        beginMedia(timestampMilliseconds)
        Base64.append(audio, to: &text)
        add("\"}}")
    }

    /// - Parameter coded: the audio in base64 already.
    package mutating func media(coded: [UInt8], timestampMilliseconds: Int) {
        beginMedia(timestampMilliseconds)
        text += coded
        add("\"}}")
    }

    private mutating func beginMedia(_ timestampMilliseconds: Int) {
        chunk += 1
        number("media")
        add(",\"media\":{\"track\":\"inbound\",\"chunk\":\"")
        add(chunk)
        add("\",\"timestamp\":\"")
        add(timestampMilliseconds)
        add("\",\"payload\":\"")
    }

    mutating func dtmf(_ digit: Character) {
        number("dtmf")
        add(",\"dtmf\":{\"track\":\"inbound_track\",\"digit\":")
        quote(String(digit))
        add("}}")
    }

    package mutating func mark(_ name: String) {
        number("mark")
        add(",\"mark\":{\"name\":")
        quote(name)
        add("}}")
    }

    package mutating func stop() {
        number("stop")
        add(",\"stop\":{\"accountSid\":")
        quote(accountSid)
        add(",\"callSid\":")
        quote(callSid)
        add("}}")
    }

    /// A lost message: its number is spent and nothing is sent.
    mutating func skipMedia() {
        chunk += 1
        sequenceNumber += 1
    }

    private mutating func begin(_ words: StaticString) {
        text.removeAll(keepingCapacity: true)
        add(words)
    }

    private mutating func number(_ event: StaticString) {
        sequenceNumber += 1
        begin("{\"event\":\"")
        add(event)
        add("\",\"sequenceNumber\":\"")
        add(sequenceNumber)
        add("\",\"streamSid\":")
        quote(streamSid)
    }

    private mutating func add(_ words: StaticString) {
        words.withUTF8Buffer { bytes in
            for index in bytes.indices { unsafe text.append(bytes[index]) }
        }
    }

    private mutating func add(_ value: Int) {
        var divisor = 1
        while value / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            text.append(UInt8(ascii: "0") + UInt8(value / divisor % 10))
            divisor /= 10
        }
    }

    private mutating func quote(_ value: String) {
        text.append(UInt8(ascii: "\""))
        for byte in value.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                text.append(UInt8(ascii: "\\"))
                text.append(byte)
            case 0..<0x20:
                add("\\u00")
                text.append(hex(byte >> 4))
                text.append(hex(byte & 15))
            default: text.append(byte)
            }
        }
        text.append(UInt8(ascii: "\""))
    }

    private func hex(_ digit: UInt8) -> UInt8 {
        digit < 10 ? digit + UInt8(ascii: "0") : digit - 10 + UInt8(ascii: "a")
    }
}
