import Logging
import Synchronization
import Testing

@testable import Telemetry

/// Keeps what would have been written.
final class Lines: Sendable {
    private let lines = Mutex<[String]>([])
    var all: [String] { lines.withLock { $0 } }
    func append(_ line: String) { lines.withLock { $0.append(line) } }

    func logger(_ level: Logger.Level = .info, _ style: LogStyle = .text) -> Logger {
        Logger(label: "test") { _ in
            // 2026-11-22 19:10:00.123 UTC
            LineLogHandler(level: level, style: style, clock: { 1_795_374_600_123_456_789 }) { self.append($0) }
        }
    }
}

@Suite struct `Log lines` {
    @Test func `hold time, level, message and metadata in order of keys`() {
        let lines = Lines()
        var logger = lines.logger()
        logger[metadataKey: "call"] = "CA1"
        logger.info("call ended", metadata: ["reason": "silence", "frames": "120", "note": "two words"])
        #expect(
            lines.all == [
                "2026-11-22T19:10:00.123Z info call ended call=CA1 frames=120 note=\"two words\" reason=silence\n"
            ])
    }

    @Test func `as JSON are one object each that nothing inside can break`() {
        let lines = Lines()
        lines.logger(.info, .json).warning(
            "late tick", metadata: ["why": "a\"b\\c\nd\u{1}", "level": "x", "שם": "ערך"])
        #expect(
            lines.all == [
                "{\"time\":\"2026-11-22T19:10:00.123Z\",\"level\":\"warning\",\"message\":\"late tick\","
                    + "\"level_\":\"x\",\"why\":\"a\\\"b\\\\c\\nd\\u0001\",\"שם\":\"ערך\"}\n"
            ])
    }

    @Test func `cannot be forged by a value with a line break`() {
        let lines = Lines()
        lines.logger().info("stream started", metadata: ["name": "x\n2026 error everything is lost\u{1B}[2J\u{7F}"])
        #expect(lines.all.count == 1)
        #expect(lines.all[0].filter { $0 == "\n" }.count == 1)
        #expect(!lines.all[0].contains("\u{1B}") && !lines.all[0].contains("\u{7F}"))
    }

    @Test func `S72 never hold a number, a key or a transcript, whatever the level`() {
        let lines = Lines()
        let logger = lines.logger(.trace)
        for level in Logger.Level.allCases {
            logger.log(
                level: level, "dialled +15551234567",
                metadata: [
                    "from": "+15551234567", "transcript": "hello my name is Dana", "key": "sk-abcdefgh12345678",
                    "nested": ["caller +15551234567"],
                ])
        }
        #expect(lines.all.count == Logger.Level.allCases.count)
        for line in lines.all {
            #expect(!line.contains("5551234") && !line.contains("Dana") && !line.contains("abcdefgh"), "\(line)")
        }
    }

    @Test func `below the level are not written`() {
        let lines = Lines()
        lines.logger(.warning).info("nothing")
        #expect(lines.all.isEmpty)
    }

    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000Z"), (951_782_400, "2000-02-29T00:00:00.000Z"),
        (1_709_251_199, "2024-02-29T23:59:59.000Z"), (4_107_542_400, "2100-03-01T00:00:00.000Z"),
        (1_767_225_599, "2025-12-31T23:59:59.000Z"),
    ])
    func `know the calendar`(seconds: Int64, expected: String) {
        #expect(LineLogHandler.format(seconds * 1_000_000_000) == expected)
    }
}

@Suite struct `Call log` {
    @Test func `writes ten lines at most, the last its end`() {
        let lines = Lines()
        let log = CallLog(call: "CA1", log: ServiceLog(lines.logger()))
        for _ in 0..<30 { log.line("something happened") }
        log.end("call ended", ["reason": .fixed("silence")])
        log.end("call ended", ["reason": .fixed("again")])
        log.line("late news")
        #expect(lines.all.count == CallLog.budget)
        #expect(lines.all.last!.hasSuffix("call ended call=CA1 lines_suppressed=21 reason=silence\n"))
    }

    @Test func `an error is told however many lines came before, and debug lines cost nothing`() {
        let lines = Lines()
        let log = CallLog(call: "CA1", log: ServiceLog(lines.logger()))
        for _ in 0..<50 { log.line("detail", level: .debug) }
        for _ in 0..<20 { log.line("something happened") }
        log.line("store lost", level: .error)
        log.end()
        #expect(lines.all.count == 11)
        #expect(lines.all[9].contains(" error store lost "))
    }
}
