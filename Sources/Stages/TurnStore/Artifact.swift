/// A file that belongs to a call: where it lies and how it can be checked.
public struct Artifact: Sendable, Equatable, Codable {
    /// The `kind`s of the table's check, in its words.
    public enum Kind: String, Sendable, Codable, CaseIterable {
        /// Our own, from the media stream.
        case recording
        /// The carrier's, fetched.
        case carrierRecording = "carrier-recording"
        /// The offline pass's, as a file.
        case transcript
    }

    public var call: String
    public var kind: Kind
    public var path: String
    /// Nil when nobody measured it.
    public var bytes: Int64?
    /// Lower-case hexadecimal.
    public var sha256: String?
    public var madeAtUnixMilliseconds: Int64?
    /// A JSON object: source, channels, duration... Kept as it came; the store refuses what is not JSON.
    public var details: String?

    public init(
        call: String, kind: Kind, path: String, bytes: Int64? = nil, sha256: String? = nil,
        madeAtUnixMilliseconds: Int64? = nil, details: String? = nil
    ) {
        (self.call, self.kind, self.path, self.bytes, self.sha256) = (call, kind, path, bytes, sha256)
        (self.madeAtUnixMilliseconds, self.details) = (madeAtUnixMilliseconds, details)
    }
}
