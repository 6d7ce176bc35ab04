import Glibc
public import Logging

/// Writes log lines: constant message, metadata sorted by key, everything redacted.
public struct LineLogHandler: LogHandler {
    public var logLevel: Logger.Level
    public var metadata: Logger.Metadata = [:]
    public var metadataProvider: Logger.MetadataProvider?
    private let style: LogStyle
    private let clock: @Sendable () -> Int64
    private let write: @Sendable (String) -> Void

    /// - Parameters:
    ///   - write: takes one line with its newline; standard error when nil, in one system call so that lines of
    ///     several threads do not mix.
    public init(level: Logger.Level = .info, style: LogStyle = .text, write: (@Sendable (String) -> Void)? = nil) {
        self.init(level: level, style: style, clock: Self.wallClock, write: write ?? Self.writeToStandardError)
    }

    init(
        level: Logger.Level, style: LogStyle, clock: @escaping @Sendable () -> Int64,
        write: @escaping @Sendable (String) -> Void
    ) {
        (logLevel, self.style, self.clock, self.write) = (level, style, clock, write)
    }

    /// Makes this the process's log. Once, first thing in `main`.
    public static func bootstrap(level: Logger.Level = .info, style: LogStyle = .text) {
        LoggingSystem.bootstrap { _ in LineLogHandler(level: level, style: style) }
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        var fields = metadata
        if let provided = metadataProvider?.get() { fields.merge(provided) { $1 } }
        if let own = event.metadata { fields.merge(own) { $1 } }
        if let error = event.error, fields["error"] == nil { fields["error"] = "\(error)" }
        let pairs = fields.sorted { $0.key < $1.key }.map { key, value in
            (key: key, value: Redaction.redact(value.description, forKey: key))
        }
        let message = Redaction.redact(event.message.description)
        let time = Self.format(clock())
        var line = ""
        switch style {
        case .text:
            line = "\(time) \(event.level.rawValue) \(Self.oneLine(message))"
            for pair in pairs { line += " \(pair.key)=\(Self.quoted(pair.value))" }
        case .json:
            line = "{\"time\":\"\(time)\",\"level\":\"\(event.level.rawValue)\",\"message\":\(Self.json(message))"
            for pair in pairs {
                // What the line itself says is not overwritten by metadata of the same name.
                let key = ["time", "level", "message"].contains(pair.key) ? pair.key + "_" : pair.key
                line += ",\(Self.json(key)):\(Self.json(pair.value))"
            }
            line += "}"
        }
        write(line + "\n")
    }

    // MARK: Text

    static func oneLine(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else { return text }
        return text.unicodeScalars.reduce(into: "") { line, scalar in
            switch scalar {
            case "\n": line += "\\n"
            case "\r": line += "\\r"
            case "\t": line += "\\t"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F: line += "\\u{\(String(scalar.value, radix: 16))}"
            default: line.unicodeScalars.append(scalar)
            }
        }
    }

    static func quoted(_ text: String) -> String {
        let isPlain = !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x22 && $0 != 0x3D && $0 != 0x7F }
        if isPlain { return text }
        let escaped = text.reduce(into: "") { $0 += $1 == "\"" ? "\\\"" : $1 == "\\" ? "\\\\" : String($1) }
        return "\"\(oneLine(escaped))\""
    }

    static func json(_ text: String) -> String {
        var output = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": output += "\\\""
            case "\\": output += "\\\\"
            case "\n": output += "\\n"
            case "\r": output += "\\r"
            case "\t": output += "\\t"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                output += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: output.unicodeScalars.append(scalar)
            }
        }
        return output + "\""
    }

    // MARK: Time and output

    /// Nanoseconds since 1970.
    static let wallClock: @Sendable () -> Int64 = {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// UTC with milliseconds, ISO 8601.
    static func format(_ nanoseconds: Int64) -> String {
        func padded(_ value: Int64, _ width: Int) -> String {
            let digits = String(value)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        let milliseconds = nanoseconds / 1_000_000
        let seconds = milliseconds / 1_000
        // Days of the Gregorian calendar, counted in eras of 400 years from the first of March of the year 0.
        let days = seconds / 86_400 + 719_468
        let era = days / 146_097
        let dayOfEra = days % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * month + 2) / 5 + 1
        let year = yearOfEra + era * 400 + (month >= 10 ? 1 : 0)
        let date = "\(padded(year, 4))-\(padded(month < 10 ? month + 3 : month - 9, 2))-\(padded(day, 2))"
        let clock =
            "\(padded(seconds / 3_600 % 24, 2)):\(padded(seconds / 60 % 60, 2)):\(padded(seconds % 60, 2))"
        return "\(date)T\(clock).\(padded(milliseconds % 1_000, 3))Z"
    }

    static let writeToStandardError: @Sendable (String) -> Void = { line in
        let bytes = Array(line.utf8)
        var start = 0
        while start < bytes.count {
            let written = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Glibc.write(STDERR_FILENO, buffer.baseAddress! + start, buffer.count - start)
            }
            if written > 0 {
                start += written
            } else if errno != EINTR {
                return  // Nobody reads our log: not a reason to stop a call.
            }
        }
    }
}
