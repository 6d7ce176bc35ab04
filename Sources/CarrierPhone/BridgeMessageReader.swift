import Foundation

/// Reads what a bridge sends on a media stream: media, mark, clear. Loop thread.
struct BridgeMessageReader {
    enum Message: Equatable {
        /// The bytes are in `audio` until the next message.
        case media
        case mark(String)
        case clear
        /// What a carrier would complain about.
        case refused(String)
    }

    /// Audio of the last media message, mu-law.
    private(set) var audio: [UInt8] = []
    private let streamSid: String
    /// A media message in its usual spelling, up to the payload.
    private let mediaPrefix: [UInt8]
    private static let mediaSuffix = Array("\"}}".utf8)

    init(streamSid: String) {
        self.streamSid = streamSid
        mediaPrefix = Array("{\"event\":\"media\",\"streamSid\":\"\(streamSid)\",\"media\":{\"payload\":\"".utf8)
        audio.reserveCapacity(16 * 1024)
    }

    mutating func read(_ message: Span<UInt8>, isText: Bool) -> Message {
        guard isText else { return .refused("a binary message, text was expected") }
        if let end = usualMedia(message) {
            audio.removeAll(keepingCapacity: true)
            guard Base64.decode(message.extracting(mediaPrefix.count..<end), into: &audio) else {
                return .refused("media.payload is not base64")
            }
            return .media
        }
        return readAnySpelling(message)
    }

    /// Where the payload ends, when this is a media message in its usual spelling.
    private func usualMedia(_ message: Span<UInt8>) -> Int? {
        let end = message.count - Self.mediaSuffix.count
        guard end >= mediaPrefix.count else { return nil }
        for index in mediaPrefix.indices where message[index] != mediaPrefix[index] { return nil }
        for index in Self.mediaSuffix.indices where message[end + index] != Self.mediaSuffix[index] { return nil }
        return end
    }

    private mutating func readAnySpelling(_ message: Span<UInt8>) -> Message {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(message.count)
        for index in message.indices { bytes.append(message[index]) }
        guard let object = try? JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any] else {
            return .refused("not a JSON object")
        }
        guard let event = object["event"] as? String else { return .refused("no event") }
        guard let sid = object["streamSid"] as? String else { return .refused("\(event) without streamSid") }
        guard sid == streamSid else { return .refused("\(event) with the streamSid of another stream") }
        switch event {
        case "media":
            guard let media = object["media"] as? [String: Any], let payload = media["payload"] as? String else {
                return .refused("media without media.payload")
            }
            audio.removeAll(keepingCapacity: true)
            let text = Array(payload.utf8)
            guard Base64.decode(text.span, into: &audio) else { return .refused("media.payload is not base64") }
            return .media
        case "mark":
            guard let mark = object["mark"] as? [String: Any], let name = mark["name"] as? String else {
                return .refused("mark without mark.name")
            }
            return .mark(name)
        case "clear":
            return .clear
        default:
            return .refused("event \(event), media, mark or clear was expected")
        }
    }
}
