import COpus
import COpusEnc
import Glibc

/// Writes an Ogg Opus recording as the samples come. Off the frame path; one thread.
///
/// - Input: 8 to 48 kHz linear PCM, mono or stereo interleaved. The library brings it to Opus' own 48 kHz.
/// - A writer that is killed leaves a file that plays up to its last second.
/// - Source: RFC 7845, libopusenc 0.2.
@safe public final class OggOpusFile {
    public let path: String
    public let channels: Int, sampleRateHz: Int

    private let comments: OpaquePointer
    private var encoder: OpaquePointer?
    /// The open file, where the library's callbacks find it.
    private let file: UnsafeMutablePointer<CInt>

    /// Creates the file, or empties it.
    /// - Parameters:
    ///   - comments: `KEY=value` fields of the file's header.
    ///   - bitsPerSecond: nil chooses 24,000 per channel.
    public init(
        path: String, channels: Int, sampleRateHz: Int, comments fields: [(key: String, value: String)] = [],
        bitsPerSecond: Int? = nil
    ) throws(OpusError) {
        guard channels == 1 || channels == 2 else {
            throw OpusError(.unsupportedFormat, "\(path): \(channels) channels, 1 or 2 was expected")
        }
        guard (8_000...48_000).contains(sampleRateHz) else {
            throw OpusError(
                .unsupportedFormat, "\(path): sample rate \(sampleRateHz) Hz, 8000 to 48000 was expected")
        }
        guard let comments = unsafe ope_comments_create() else {
            throw OpusError(.library, "libopusenc made no comments")
        }
        for field in fields { unsafe _ = ope_comments_add(comments, field.key, field.value) }
        let number = unsafe Glibc.open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard number >= 0 else {
            let reason = unsafe String(cString: strerror(errno))
            unsafe ope_comments_destroy(comments)
            throw OpusError(.file, "cannot write \(path): \(reason)")
        }
        let file = UnsafeMutablePointer<CInt>.allocate(capacity: 1)
        unsafe file.initialize(to: number)
        // Our own callbacks, because the library's go through a stdio buffer: a killed process would lose its pages.
        var callbacks = unsafe OpusEncCallbacks(write: Self.write, close: { _ in 0 })
        var status: CInt = 0
        guard
            let encoder = unsafe ope_encoder_create_callbacks(
                &callbacks, file, comments, opus_int32(sampleRateHz), CInt(channels), 0, &status)
        else {
            _ = Glibc.close(number)
            unsafe file.deallocate()
            unsafe ope_comments_destroy(comments)
            throw Self.failure("cannot create", path, status)
        }
        let bits = opus_int32(clamping: bitsPerSecond ?? 24_000 * channels)
        for (request, value) in [
            (OPUS_SET_BITRATE_REQUEST, bits), (OPUS_SET_COMPLEXITY_REQUEST, 5),
            (OPUS_SET_SIGNAL_REQUEST, OPUS_SIGNAL_VOICE),
            // In 48 kHz samples: hold back 100 ms instead of two seconds, and write a page each second.
            (OPE_SET_DECISION_DELAY_REQUEST, 4_800), (OPE_SET_MUXING_DELAY_REQUEST, 48_000),
        ] {
            status = unsafe media_bridge_opusenc_set(encoder, request, value)
            if status != OPE_OK { break }
        }
        if status != OPE_OK {
            unsafe ope_encoder_destroy(encoder)
            unsafe ope_comments_destroy(comments)
            _ = Glibc.close(number)
            unsafe file.deallocate()
            throw OpusError(
                .setting, "\(path): bitsPerSecond \(bits) was refused, 6000 to 510000 was expected",
                libraryStatus: status)
        }
        unsafe self.encoder = unsafe encoder
        unsafe self.comments = unsafe comments
        unsafe self.file = unsafe file
        self.path = path
        self.channels = channels
        self.sampleRateHz = sampleRateHz
    }

    deinit {
        try? finish()
        unsafe ope_comments_destroy(comments)
        unsafe file.deallocate()
    }

    /// - Parameter samples: channels in turn, whole ones.
    public func write(interleaved samples: Span<Int16>) throws(OpusError) {
        precondition(samples.count.isMultiple(of: channels), "samples.count: \(samples.count)")
        guard let encoder = unsafe encoder, !samples.isEmpty else { return }
        let count = CInt(samples.count / channels)
        let status = unsafe samples.withUnsafeBufferPointer {
            unsafe ope_encoder_write(encoder, $0.baseAddress, count)
        }
        if status != OPE_OK { throw Self.failure("cannot write", path, status) }
    }

    /// Writes what the encoder still holds and closes the file; once.
    public func finish() throws(OpusError) {
        guard let encoder = unsafe encoder else { return }
        unsafe self.encoder = nil
        let status = unsafe ope_encoder_drain(encoder)
        unsafe ope_encoder_destroy(encoder)
        let closed = unsafe Glibc.close(file.pointee)
        if status == OPE_OK, closed != 0 { throw Self.failure("cannot finish", path, CInt(OPE_CLOSE_FAIL)) }
        if status != OPE_OK { throw Self.failure("cannot finish", path, status) }
    }

    /// One page of the file; 1 tells the library that it could not be written.
    private static let write: @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<UInt8>?, opus_int32) -> CInt = {
        file, bytes, count in
        guard let file = unsafe file, let bytes = unsafe bytes else { return 1 }
        let number = unsafe file.load(as: CInt.self)
        var done = 0
        while done < Int(count) {
            let written = unsafe Glibc.write(number, bytes + done, Int(count) - done)
            if written < 0 {
                if errno == EINTR { continue }
                return 1
            }
            done += written
        }
        return 0
    }

    private static func failure(_ what: String, _ path: String, _ status: CInt) -> OpusError {
        let reason = unsafe String(cString: ope_strerror(status))
        return OpusError(
            status == OPE_CANNOT_OPEN || status == OPE_WRITE_FAIL || status == OPE_CLOSE_FAIL ? .file : .library,
            "\(what) \(path): \(reason)", libraryStatus: status)
    }
}
