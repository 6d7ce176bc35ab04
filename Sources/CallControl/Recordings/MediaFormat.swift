/// What a sound file says it is, in its own bytes. A header's word for it (`Content-Type`) is not asked.
enum MediaFormat: String, Sendable, CaseIterable {
    case wav
    case opus

    /// Bytes that tell.
    static let headBytes = 12

    /// - Parameter head: at least `headBytes`.
    init?(head: [UInt8]) {
        guard head.count >= Self.headBytes else { return nil }
        if head.starts(with: Array("RIFF".utf8)), head[8..<12].elementsEqual("WAVE".utf8) {
            self = .wav
        } else if head.starts(with: Array("OggS".utf8)), head[4] == 0 {
            self = .opus
        } else {
            return nil
        }
    }

    /// Whether a file of `bytes` can be whole: a RIFF header states its length (RIFF MCI, 1991: without its first eight
    /// bytes, and a pad byte may follow); a length not known when the header was written is 0 or all ones. An Ogg stream
    /// ends with a page whose flag says so, which is not looked for: encoders forget it.
    func isWhole(head: [UInt8], bytes: Int64) -> Bool {
        guard self == .wav else { return bytes > Int64(Self.headBytes) }
        let stated = head[4..<8].reversed().reduce(0) { $0 << 8 | Int64($1) }
        if stated == 0 || stated == 0xFFFF_FFFF { return bytes >= 44 }
        return bytes == stated + 8 || bytes == stated + 9
    }
}
