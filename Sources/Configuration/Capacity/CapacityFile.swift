public import Foundation

/// What a host carries, as `media-bridge bench --find-capacity` found it: `capacity.json`. The service takes it as its
/// limit of calls.
public struct CapacityFile: Codable, Sendable, Equatable {
    /// One run of the search.
    public struct Run: Codable, Sendable, Equatable {
        public var calls: Int
        /// `held`, `broke` or `void`, and why.
        public var verdict: String
        public var reasons: [String]
        /// Processor time of the service, in cores.
        public var cores: Double?
        public var gapP999Milliseconds: Double?
        public var microsecondsPerCallFrame: Double?

        public init(
            calls: Int, verdict: String, reasons: [String], cores: Double?, gapP999Milliseconds: Double?,
            microsecondsPerCallFrame: Double?
        ) {
            (self.calls, self.verdict, self.reasons, self.cores) = (calls, verdict, reasons, cores)
            self.gapP999Milliseconds = gapP999Milliseconds
            self.microsecondsPerCallFrame = microsecondsPerCallFrame
        }
    }

    public static let fileName = "capacity.json"
    public static let currentFormat = 1
    /// What a limit of calls may be.
    public static let callRange = 1...10_000
    /// Kernels, microcode and neighbours change: after this long it is measured again.
    public static let staleAfterDays = 30

    public var format = Self.currentFormat
    /// The most calls that held.
    public var calls: Int
    public var profile: CapacityProfile
    /// The voice detector, by its name in `media-bridge stages`.
    public var detector: String
    /// TLS to the carrier and to the model.
    public var tls: Bool
    public var host: HostIdentity
    public var version: String
    public var date: Date
    /// What broke at more calls, or what kept the search from going on.
    public var limitedBy: String
    /// The gap between two messages with audio that 99.9 % may not exceed, and the share of the service's cores.
    public var gapLimitMilliseconds: Double
    public var coreLimit: Double
    public var runs: [Run]

    public init(
        calls: Int, profile: CapacityProfile, detector: String, tls: Bool, host: HostIdentity, version: String,
        date: Date, limitedBy: String, gapLimitMilliseconds: Double, coreLimit: Double, runs: [Run]
    ) {
        (self.calls, self.profile, self.detector, self.tls) = (calls, profile, detector, tls)
        (self.host, self.version, self.date, self.limitedBy) = (host, version, date, limitedBy)
        (self.gapLimitMilliseconds, self.coreLimit, self.runs) = (gapLimitMilliseconds, coreLimit, runs)
    }

    // MARK: The file

    /// - Throws: `CapacityFileError`, naming the field, its value and what was expected.
    public init(contentsOf path: String) throws {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw CapacityFileError("no such file, or not readable: \(path)")
        }
        do { self = try Self.decode(data) } catch { throw CapacityFileError("\(path): \(error)") }
    }

    static func decode(_ data: Data) throws(CapacityFileError) -> CapacityFile {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        let file: CapacityFile
        do { file = try decoder.decode(CapacityFile.self, from: data) } catch {
            throw CapacityFileError(describing: error)
        }
        guard file.format == currentFormat else {
            throw CapacityFileError("format: \(file.format), expected \(currentFormat): measure again")
        }
        guard callRange.contains(file.calls) else {
            throw CapacityFileError(
                "calls: \(file.calls), expected \(callRange.lowerBound) ... \(callRange.upperBound)")
        }
        return file
    }

    /// Whole or not at all: a service may read it at the same time.
    public func write(to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        do {
            try (encoder.encode(self) + Data("\n".utf8)).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch { throw CapacityFileError("cannot write \(path): \((error as NSError).localizedDescription)") }
    }

    // MARK: Whether it still holds

    /// Why this figure may not be true of a service that runs here and now; empty when nothing speaks against it.
    public func doubts(
        host: HostIdentity, version: String, profile: CapacityProfile, tls: Bool, at now: Date
    ) -> [String] {
        var doubts = self.host.differences(from: host).map { "measured on another host: \($0)" }
        if self.version != version { doubts.append("measured with version \(self.version), this is \(version)") }
        let days = Int((now.timeIntervalSince(date) / 86_400).rounded(.down))
        if days > Self.staleAfterDays { doubts.append("\(days) days old") }
        if days < 0 { doubts.append("measured in the future") }
        // What was measured with the dearer work holds for the cheaper too.
        if Self.cost(profile) > Self.cost(self.profile) {
            doubts.append("measured as \(self.profile.rawValue), calls here are \(profile.rawValue)")
        }
        if tls, !self.tls { doubts.append("measured without TLS, calls here have it") }
        return doubts
    }

    private static func cost(_ profile: CapacityProfile) -> Int {
        switch profile {
        case .batched: 0
        case .passthrough: 1
        case .transcode: 2
        }
    }
}

/// Why a capacity file cannot be used, in a sentence.
public struct CapacityFileError: Error, Equatable, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }

    init(describing error: any Error) {
        func path(_ context: DecodingError.Context, _ last: String? = nil) -> String {
            let names = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue } + [last]
            let name = names.compactMap(\.self).joined(separator: ".")
            return name.isEmpty ? "the file" : name
        }
        switch error as? DecodingError {
        case .keyNotFound(let key, let context)?: self.init("\(path(context, key.stringValue)): is missing")
        case .typeMismatch(let type, let context)?: self.init("\(path(context)): expected \(Self.name(type))")
        case .valueNotFound(let type, let context)?: self.init("\(path(context)): is null, expected \(Self.name(type))")
        case .dataCorrupted(let context)? where !context.codingPath.isEmpty:
            self.init("\(path(context)): \(context.debugDescription)")
        default: self.init("is no JSON of `media-bridge bench --find-capacity`")
        }
    }

    private static func name(_ type: any Any.Type) -> String {
        switch type {
        case is Int.Type: "a whole number"
        case is Double.Type: "a number"
        case is String.Type, is Date.Type: "text"
        case is Bool.Type: "true or false"
        default: "fields"
        }
    }
}
