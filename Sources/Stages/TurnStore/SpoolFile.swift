import Conversation
import Foundation
import Glibc

/// Records on disk while the database cannot be written. Writer thread only.
///
/// Append-only: a head (eight letters, eight bytes that name this filling) and records of length, CRC-32 and bytes. Mode
/// 0600, held by `flock` so that one process uses it. Room for `reservedBytes` is asked of the file system beforehand,
/// so that a disk that fills up still takes them. One `fdatasync` per append: what was appended survives a kill and a power
/// cut. How far it was taken into the database is a row of the database, written with what was taken: exactly once.
@safe final class SpoolFile {
    /// A record, or bytes that no version of this program understands.
    struct Batch {
        var records = [StoreRecord]()
        var unknown = 0
        /// Bytes of the file up to the end of the last of them.
        var end = 0
        var count: Int { records.count + unknown }
    }

    let path: String
    let maximumBytes: Int
    private let reservedBytes: Int
    private var descriptor: Int32
    /// Names this filling of the file.
    private(set) var identity: Int64 = 0
    /// Whole records end here.
    private(set) var end = 0
    /// Records up to here are in the database.
    private(set) var taken = 0
    /// Records between the two.
    private(set) var count = 0
    /// Bytes behind the last whole record that were found when it was opened: a kill in mid-append.
    private(set) var tornBytes = 0

    private static let head = Array("MBSPOOL1".utf8)
    private static let headBytes = 16
    private static let recordHeadBytes = 8
    /// No record is as long: a webhook's body is bounded, a transcript too.
    private static let maximumRecordBytes = 16 << 20

    /// - Returns: nil when the file cannot be made, is not ours, or another process holds it.
    init?(path: String, maximumBytes: Int, reservedBytes: Int) {
        (self.path, self.maximumBytes, self.reservedBytes) = (path, maximumBytes, reservedBytes)
        descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { return nil }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0, scan() else { return nil }
        if isEmpty { reserve() }
    }

    deinit { release() }

    /// Lets another store have the file, with what is in it.
    func release() {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
    }

    var isEmpty: Bool { count == 0 }
    /// Bytes that wait.
    var waitingBytes: Int { end - taken }

    /// What the database says of this filling.
    func resume(from progress: (Int64) -> Int?) {
        guard end > 0, let bytes = progress(identity), bytes > taken else { return }
        while taken < min(bytes, end), let next = record(at: taken) {
            taken = next.end
            count -= 1
        }
        if isEmpty { clear() }
    }

    /// All of them or none.
    /// - Returns: false when there is no room, on the disk or within `maximumBytes`.
    func append(_ records: some Collection<StoreRecord>) -> Bool {
        var bytes = [UInt8]()
        if end == 0 {
            identity = Int64.random(in: 1...Int64.max)
            bytes = Self.head + Self.bigEndian(UInt64(identity), 8)
        }
        for record in records {
            var encoder = JournalEncoder(shortensNames: false, capacity: 256)
            encoder.put(record)
            guard encoder.bytes.count <= Self.maximumRecordBytes else { return false }
            bytes += Self.bigEndian(UInt64(encoder.bytes.count), 4)
            bytes += Self.bigEndian(UInt64(CRC32.of(encoder.bytes)), 4)
            bytes += encoder.bytes
        }
        guard end + bytes.count <= maximumBytes, write(bytes), fdatasync(descriptor) == 0 else {
            ftruncate(descriptor, off_t(end))
            return false
        }
        if end == 0 { taken = Self.headBytes }
        end += bytes.count
        count += records.count
        return true
    }

    /// The oldest that are not in the database yet.
    func next(_ limit: Int) -> Batch {
        var batch = Batch(end: taken)
        while batch.count < min(limit, count), let next = record(at: batch.end) {
            var decoder = JournalDecoder(next.bytes)
            if let record = try? decoder.value(StoreRecord.self), decoder.isAtEnd {
                batch.records.append(record)
            } else {
                batch.unknown += 1
            }
            batch.end = next.end
        }
        // What was whole when it was counted and cannot be read now: the disk. Nothing more can be had from it.
        if batch.count == 0 { clear() }
        return batch
    }

    /// They are in the database.
    func take(_ batch: Batch) {
        taken = batch.end
        count -= batch.count
        if isEmpty { clear() }
    }

    private func clear() {
        ftruncate(descriptor, 0)
        (end, taken, count) = (0, 0, 0)
        reserve()
    }

    /// Best effort: some file systems cannot. The room reads as zeros, and no record begins with one.
    private func reserve() {
        guard reservedBytes > 0 else { return }
        _ = posix_fallocate(descriptor, 0, off_t(min(reservedBytes, maximumBytes)))
    }

    private func write(_ bytes: [UInt8]) -> Bool {
        var offset = 0
        while offset < bytes.count {
            let written = unsafe bytes.withUnsafeBytes { buffer in
                unsafe pwrite(
                    descriptor, buffer.baseAddress! + offset, buffer.count - offset, off_t(end + offset))
            }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { return false }
            offset += written
        }
        return true
    }

    /// Finds where whole records end, and cuts off what is behind.
    private func scan() -> Bool {
        let size = Int(lseek(descriptor, 0, SEEK_END))
        guard size > 0 else { return size == 0 }
        let head = read(min(size, Self.headBytes), at: 0) ?? []
        if head.count < Self.headBytes || head[0] == 0 {
            // Room that nothing was written to, or a kill while the head was; anything else is somebody's file.
            guard Self.head.starts(with: head.prefix(8)) || head.allSatisfy({ $0 == 0 }) else { return false }
            tornBytes = head[0] == 0 ? 0 : head.count
            return ftruncate(descriptor, 0) == 0
        }
        guard head.starts(with: Self.head) else { return false }
        identity = Int64(truncatingIfNeeded: Self.number(head[8...]))
        (taken, end) = (Self.headBytes, Self.headBytes)
        while let next = record(at: end) {
            end = next.end
            count += 1
        }
        tornBytes = written(upTo: size)
        return ftruncate(descriptor, off_t(end)) == 0
    }

    /// Bytes behind the last whole record, room that was only asked for left out.
    private func written(upTo size: Int) -> Int {
        var last = end
        for offset in stride(from: end, to: size, by: 1 << 16) {
            guard let bytes = read(min(1 << 16, size - offset), at: offset) else { break }
            if let index = bytes.lastIndex(where: { $0 != 0 }) { last = offset + index + 1 }
        }
        return last - end
    }

    private func record(at offset: Int) -> (bytes: [UInt8], end: Int)? {
        guard let head = read(Self.recordHeadBytes, at: offset) else { return nil }
        let length = Int(Self.number(head[..<4]))
        guard length > 0, length <= Self.maximumRecordBytes,
            let bytes = read(length, at: offset + Self.recordHeadBytes),
            UInt64(CRC32.of(bytes)) == Self.number(head[4...])
        else { return nil }
        return (bytes, offset + Self.recordHeadBytes + length)
    }

    /// Exactly as many, or nil.
    private func read(_ count: Int, at offset: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        let got = unsafe bytes.withUnsafeMutableBytes {
            unsafe pread(descriptor, $0.baseAddress, count, off_t(offset))
        }
        return got == count ? bytes : nil
    }

    private static func bigEndian(_ value: UInt64, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * (count - 1 - $0))) }
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
}

/// CRC-32 as in IEEE 802.3 and zlib.
enum CRC32 {
    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
    }

    static func of(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(~0) { sum, byte in table[Int(UInt8(truncatingIfNeeded: sum) ^ byte)] ^ sum >> 8 }
    }
}
