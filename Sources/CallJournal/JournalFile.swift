import Conversation
import Foundation

/// A journal that was read: whose call it was, and its records as far as they are sound.
public struct JournalFile: Sendable {
    public let header: JournalHeader
    /// Bytes of records, out of their blocks.
    let records: [UInt8]
    /// Why nothing more of the file could be used; nil when it was used to its end.
    public let damage: String?
    /// Size of the whole file in bytes.
    public let size: Int

    /// - Throws: when it is no journal, or one of another version: a sentence.
    public init(path: String) throws(JournalError) {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw JournalError("no such file, or not readable: \(path)")
        }
        try self.init(bytes: Array(data))
    }

    public init(bytes: [UInt8]) throws(JournalError) {
        guard bytes.starts(with: JournalBlocks.magic) else { throw JournalError("not a journal of a call") }
        var blocks = JournalBlocks(bytes)
        guard let first = blocks.next() else {
            throw JournalError("the journal's first block is \(blocks.damage ?? "missing")")
        }
        var decoder = JournalDecoder(first)
        do throws(JournalDamage) { header = try decoder.value() } catch { throw JournalError(error.what) }
        var records: [UInt8] = []
        while let block = blocks.next() { records += block }
        (self.records, damage, size) = (records, blocks.damage, bytes.count)
    }
}

/// Why a journal cannot be read or written, in a sentence.
public struct JournalError: Error, Equatable, CustomStringConvertible {
    public let description: String
    public init(_ description: String) { self.description = description }
}

/// A journal's outermost shape: the magic number, then blocks of length (4 bytes), CRC-32 (4 bytes), bytes. Numbers have
/// their lowest byte first. A process that is killed leaves whole blocks and perhaps part of one.
struct JournalBlocks {
    /// Not text, and damaged by whatever takes it for text; after PNG's.
    static let magic: [UInt8] = [0x8D] + Array("MBJ\r\n\u{1A}\n".utf8)
    /// What waits is written when it is this much.
    static let usual = 16 * 1024
    static let largest = 1 << 24

    private let bytes: [UInt8]
    private var position = magic.count
    private(set) var damage: String?

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func next() -> [UInt8]? {
        guard damage == nil, position < bytes.count else { return nil }
        guard bytes.count - position >= 8 else { return stop("cut short") }
        let (length, checksum) = (Int(number(at: position)), number(at: position + 4))
        guard length > 0, length <= Self.largest else { return stop("damaged") }
        guard bytes.count - position - 8 >= length else { return stop("cut short") }
        let block = Array(bytes[position + 8..<position + 8 + length])
        guard Self.checksum(block) == checksum else { return stop("damaged") }
        position += 8 + length
        return block
    }

    private mutating func stop(_ what: String) -> [UInt8]? {
        damage = "\(what) at byte \(position) of \(bytes.count)"
        return nil
    }

    private func number(at index: Int) -> UInt32 {
        UInt32(bytes[index]) | UInt32(bytes[index + 1]) << 8 | UInt32(bytes[index + 2]) << 16
            | UInt32(bytes[index + 3]) << 24
    }

    /// One block as it stands in a file.
    static func block(_ payload: [UInt8]) -> [UInt8] {
        func number(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
        return number(UInt32(payload.count)) + number(checksum(payload)) + payload
    }

    /// CRC-32 of ISO 3309 and Ethernet, reflected, by table.
    static func checksum(_ bytes: [UInt8]) -> UInt32 {
        var sum: UInt32 = ~0
        for byte in bytes { sum = table[Int(UInt8(truncatingIfNeeded: sum) ^ byte)] ^ sum >> 8 }
        return ~sum
    }

    private static let table: [UInt32] = (0..<256).map { byte in
        var value = UInt32(byte)
        for _ in 0..<8 { value = value & 1 == 1 ? 0xEDB8_8320 ^ value >> 1 : value >> 1 }
        return value
    }
}
