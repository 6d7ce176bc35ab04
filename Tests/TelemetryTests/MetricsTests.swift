import AudioPipeline
import Foundation
import Synchronization
import Testing

@testable import Telemetry

@Suite struct `Metrics` {
    private enum Frame: UInt8, CounterName { case inbound, outboundLate }

    @Test func `are written as Prometheus reads them`() {
        let registry = MetricsRegistry()
        let block = CounterBlock<Frame>()
        block.add(.inbound, 3)
        registry.counters("bridge_frames_total", help: "Frames, by way.", label: "way", block)
        registry.gauge("bridge_calls", help: "Calls now\\then\nsome.") { 1.5 }
        registry.counter("bridge_odd_total", help: "Odd.", labels: [("name", "a\"b\\c\nd")]) { 7 }
        #expect(
            registry.prometheusText() == """
                # HELP bridge_calls Calls now\\\\then\\nsome.
                # TYPE bridge_calls gauge
                bridge_calls 1.5
                # HELP bridge_frames_total Frames, by way.
                # TYPE bridge_frames_total counter
                bridge_frames_total{way="inbound"} 3
                bridge_frames_total{way="outbound_late"} 0
                # HELP bridge_odd_total Odd.
                # TYPE bridge_odd_total counter
                bridge_odd_total{name="a\\"b\\\\c\\nd"} 7

                """)
    }

    @Test func `of several shards add up, counters and histograms alike`() {
        let registry = MetricsRegistry()
        for shard in 1...3 {
            let counter = Counter(UInt64(shard)), histogram = LatencyHistogram()
            histogram.record(nanoseconds: UInt64(shard) * 30_000_000)
            registry.counter("frames_total", help: "Frames.", counter)
            registry.histogram("tick_seconds", help: "Ticks.", bounds: [0.04, 0.1], histogram)
        }
        let text = registry.prometheusText()
        #expect(text.contains("\nframes_total 6\n"))
        #expect(text.contains("tick_seconds_bucket{le=\"0.04\"} 1\ntick_seconds_bucket{le=\"0.1\"} 3\n"))
        #expect(text.contains("tick_seconds_bucket{le=\"+Inf\"} 3\ntick_seconds_sum 0.18\ntick_seconds_count 3\n"))
        let samples = registry.samples()
        #expect(samples.contains(.init(name: "tick_seconds_max", labels: [:], value: 0.09)))
        #expect(samples.contains(.init(name: "frames_total", labels: [:], value: 6)))
    }

    @Test func `are sampled with the clock that is given, and rates follow`() {
        let lines = Lines()
        let telemetry = Telemetry(logger: lines.logger())
        let counter = Counter()
        telemetry.metrics.counter("frames_total", help: "Frames.", counter)
        #expect(telemetry.latest == nil)
        telemetry.poll(now: 1_000_000_000)
        counter.add(100)
        telemetry.poll(now: 3_000_000_000)
        #expect(telemetry.rate(of: "frames_total") == 50)
        #expect(telemetry.rate(of: "other_total") == nil)
        #expect(telemetry.latest?.value(of: "frames_total") == 100)
        #expect(lines.all.isEmpty)
    }

    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/promtool"), "needs promtool"))
    func `pass promtool`() throws {
        let telemetry = Telemetry(logger: Lines().logger())
        let histogram = LatencyHistogram()
        for value in 1...1_000 as ClosedRange<UInt64> { histogram.record(nanoseconds: value * 77_777) }
        telemetry.metrics.histogram(
            "media_bridge_tick_seconds", help: "Time of one tick, by phase.", labels: [("phase", "outbound")], histogram
        )
        telemetry.metrics.gauge("media_bridge_calls", help: "Calls now.") { 3 }
        telemetry.metrics.counters(
            "media_bridge_frames_dropped_total", help: "Frames let go.", label: "reason", CounterBlock<DropReason>())
        telemetry.metrics.stage(StageCounters(name: "decode"))
        telemetry.metrics.stage(StageCounters(name: "resample"))
        telemetry.diagnostics.report(.init(.lateTick, at: 1))

        let checked = try promtool(telemetry.metrics.prometheusText())
        #expect(checked.status == 0 && checked.output.isEmpty, "\(checked.output)")
        // The control: it does complain.
        let broken = try promtool("# TYPE frames_ms counter\nframes_ms 1\nframes_ms 2\n")
        #expect(broken.status != 0)
    }

    private func promtool(_ text: String) throws -> (status: Int32, output: String) {
        let process = Process(), input = Pipe(), output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/promtool")
        process.arguments = ["check", "metrics"]
        (process.standardInput, process.standardOutput, process.standardError) = (input, output, output)
        try process.run()
        try input.fileHandleForWriting.write(contentsOf: Data(text.utf8))
        try input.fileHandleForWriting.close()
        let said = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, said)
    }
}
