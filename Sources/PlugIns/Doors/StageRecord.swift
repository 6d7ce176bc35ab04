public import AudioPipeline
import COpenSSL
import Foundation

/// What a conformance check found of one library, as a file: without it nothing foreign runs inside the service. It holds
/// for the file with this digest alone.
public struct StageRecord: Codable, Sendable, Equatable {
    /// Of media_bridge_stage.h.
    public var version: Int
    public var name: String
    /// Of the shared object, lower-case hexadecimal.
    public var sha256: String
    public var passed: Bool
    /// ISO 8601; for people.
    public var checkedAt: String

    public init(name: String, sha256: String, passed: Bool, checkedAt: String) {
        (version, self.name, self.sha256, self.passed, self.checkedAt) = (1, name, sha256, passed, checkedAt)
    }

    /// - Throws: a file that is no record, one of another library, or of a check that failed.
    public static func check(_ path: String, of library: String) throws(StageFault) {
        guard let data = FileManager.default.contents(atPath: path),
            let record = try? JSONDecoder().decode(StageRecord.self, from: data)
        else { throw StageFault("record \(path): no record of `media-bridge check-stage`") }
        guard record.passed else { throw StageFault("record \(path): the check of `\(record.name)` was not passed") }
        guard record.version == 1 else { throw StageFault("record \(path): version \(record.version); 1 was expected") }
        guard let digest = digest(of: library) else { throw StageFault("\(library) cannot be read") }
        guard record.sha256 == digest else {
            throw StageFault("record \(path): is of another file than \(library) is now; check it again")
        }
    }

    /// SHA-256 of a file in lower-case hexadecimal; nil when it cannot be read.
    public static func digest(of path: String) -> String? {
        guard let data = FileManager.default.contents(atPath: path) else { return nil }
        var digest = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 0
        let done = unsafe data.withUnsafeBytes { bytes in
            unsafe EVP_Digest(bytes.baseAddress, bytes.count, &digest, &length, EVP_sha256(), nil)
        }
        guard done == 1, length == 32 else { return nil }
        return digest.map { byte in
            let text = String(byte, radix: 16)
            return text.count == 1 ? "0" + text : text
        }.joined()
    }
}
