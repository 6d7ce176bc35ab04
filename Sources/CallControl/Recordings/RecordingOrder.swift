import Foundation

/// Which recording of a call the carrier has, as its webhook said: a job's payload. Holds no credential and no number.
public struct RecordingOrder: Sendable, Equatable, Codable {
    public var call: String
    /// The carrier's id of the recording; the job's key.
    public var recording: String
    public var account: String
    /// As the carrier named it, without an extension.
    public var url: String
    public var channels: Int
    public var madeAtUnixMilliseconds: Int64

    public init(
        call: String, recording: String, account: String, url: String, channels: Int, madeAtUnixMilliseconds: Int64
    ) {
        (self.call, self.recording, self.account) = (call, recording, account)
        (self.url, self.channels, self.madeAtUnixMilliseconds) = (url, channels, madeAtUnixMilliseconds)
    }

    public init?(payload: String) {
        guard let order = try? JSONDecoder().decode(Self.self, from: Data(payload.utf8)),
            CarrierREST.isID(order.call), CarrierREST.isID(order.recording)
        else { return nil }
        self = order
    }

    public var payload: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Texts and numbers: nothing that could not be encoded.
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }

    /// Where its sound is: both channels apart when there are two.
    /// Source: twilio.com/docs/voice/api/recording, "Fetch a Recording's media file" (2026).
    var media: MediaAddress? {
        MediaAddress("\(url).wav" + (channels == 2 ? "?RequestedChannels=2" : ""))
    }

    /// Without extension, in the directory of recordings. Both parts are checked ids: nothing that could change a path.
    var fileName: String { "\(call).\(recording)" }
}
