import AudioPipeline
import COpenSSL
public import Configuration
import Foundation

/// What a conformance check found of one library, as a file: without it nothing foreign runs inside the service. It holds
/// for the file with this digest alone, with these options, on this kind of processor: what was cheap and did not crash on
/// one may be dear, or an instruction that there is not, on another.
public struct StageRecord: Codable, Sendable, Equatable {
    /// Of this file's format.
    public static let version = 2

    public var version: Int
    public var name: String
    /// Of the shared object, lower-case hexadecimal.
    public var sha256: String
    public var options: [String: String]
    /// As the kernel names it.
    public var processor: String
    public var passed: Bool
    /// ISO 8601; for people.
    public var checkedAt: String

    public init(
        name: String, sha256: String, options: [String: String] = [:],
        processor: String = HostIdentity.current().processor, passed: Bool, checkedAt: String
    ) {
        (version, self.name, self.sha256, self.passed, self.checkedAt) = (
            Self.version, name, sha256, passed, checkedAt
        )
        (self.options, self.processor) = (options, processor)
    }

    /// - Parameter digest: the library's.
    /// - Throws: a file that is no record; one of another library, of other options, of another processor, or of a check that
    ///   failed.
    static func check(
        _ path: String, of library: String, digest: String, options: [String: String]
    ) throws(StageFault) {
        struct Version: Decodable { var version: Int }
        let check = "media-bridge check-stage \(library) --record \(path)"
        let again = "check it again: \(check)"
        guard let data = FileManager.default.contents(atPath: path) else {
            throw StageFault("record \(path): cannot be read; make one: \(check)")
        }
        guard let format = try? JSONDecoder().decode(Version.self, from: data) else {
            throw StageFault("record \(path): no record of `media-bridge check-stage`")
        }
        guard format.version == version else {
            throw StageFault("record \(path): version \(format.version); \(version) was expected; \(again)")
        }
        guard let record = try? JSONDecoder().decode(StageRecord.self, from: data) else {
            throw StageFault("record \(path): no record of `media-bridge check-stage`")
        }
        guard record.passed else { throw StageFault("record \(path): the check of `\(record.name)` was not passed") }
        guard record.sha256 == digest else {
            throw StageFault("record \(path): is of another file than \(library) is now; \(again)")
        }
        guard record.options == options else {
            throw StageFault("record \(path): is of \(text(record.options)), not of \(text(options)); \(again)")
        }
        let processor = HostIdentity.current().processor
        guard record.processor == processor else {
            throw StageFault("record \(path): is of another processor, \(record.processor), not \(processor); \(again)")
        }
    }

    private static func text(_ options: [String: String]) -> String {
        guard !options.isEmpty else { return "no options" }
        return "options " + options.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
    }

    /// SHA-256 of a file in lower-case hexadecimal; nil when it cannot be read.
    public static func digest(of path: String) -> String? {
        FileManager.default.contents(atPath: path).flatMap { digest(of: $0) }
    }

    static func digest(of data: Data) -> String? {
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
