import Foundation

/// The same work as a program does that takes what Foundation has.
enum FoundationPeer {
    private struct Carrier: Codable {
        var event: String
        var sequenceNumber: String?
        var streamSid: String
        var media: Media
    }

    private struct Media: Codable {
        var track: String?
        var chunk: String?
        var timestamp: String?
        var payload: String
    }

    private struct Delta: Decodable {
        var type: String, response_id: String, item_id: String, content_index: Int, delta: String
    }

    static func serialized(_ message: Data, _ isCarrier: Bool) -> Int {
        guard let object = try? JSONSerialization.jsonObject(with: message) as? [String: Any] else { return -1 }
        let text = isCarrier ? (object["media"] as? [String: Any])?["payload"] : object["delta"]
        guard let text = text as? String, let audio = Data(base64Encoded: text) else { return -1 }
        return audio.count
    }

    static func decoded(_ message: Data, _ isCarrier: Bool) -> Int {
        let decoder = JSONDecoder()
        let text =
            isCarrier
            ? (try? decoder.decode(Carrier.self, from: message))?.media.payload
            : (try? decoder.decode(Delta.self, from: message))?.delta
        guard let text, let audio = Data(base64Encoded: text) else { return -1 }
        return audio.count
    }

    static func encoded(_ audio: Data) -> Int {
        let message = Carrier(
            event: "media", sequenceNumber: nil, streamSid: "MZ00000000000000000000000000000001",
            media: Media(track: nil, chunk: nil, timestamp: nil, payload: audio.base64EncodedString()))
        return (try? JSONEncoder().encode(message))?.count ?? -1
    }
}
