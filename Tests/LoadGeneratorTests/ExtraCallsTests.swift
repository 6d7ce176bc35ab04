import Glibc
import Testing

@testable import LoadGenerator

/// The run's own model listens on a WebSocket too, and takes callers as any bridge would.
@Suite struct ExtraCallsTests {
    private func options(port: Int, model: Int) -> LoadOptions {
        var options = LoadOptions(door: .stream(url: "ws://127.0.0.1:\(port)/stream"), calls: 1)
        (options.modelPort, options.warmUpSeconds, options.seconds) = (model, 0.2, 1)
        options.extraCallsPerSecond = 20
        return options
    }

    /// A port that nobody listens on.
    private func freePort() throws -> Int {
        try LoadRun(LoadOptions(door: .stream(url: "ws://127.0.0.1:1/stream"), calls: 1)).modelPort
    }

    @Test func `calls on top come and go, and are not counted as broken off`() throws {
        let port = try freePort()
        var options = options(port: port, model: port)
        options.extraCallSeconds = 0.1
        let run = try LoadRun(options)
        let report = try run.run()
        let extra = try #require(report.extra)
        #expect(extra.asked >= 20)
        #expect(extra.taken >= 1)
        #expect(extra.taken + extra.refused <= extra.asked)
        #expect(extra.refused == 0)
        #expect(extra.broken == 0)
        #expect(report.broken == 0)
        #expect(report.setUp.count == extra.taken)
        // Whoever was asked for in the last tenth of a second has not hung up yet, and the one call is still there.
        #expect(run.upCount == 1)
        #expect(run.allUpCount < extra.taken + 1)
        // Each was asked for once: a call on top that is taken for one of the run's own is opened a second time.
        #expect(run.connectionCount <= extra.asked + 1)
    }

    @Test func `calls on top that nobody takes are counted apart from the run's own`() throws {
        let report = try LoadRun(options(port: freePort(), model: 0)).run()
        let extra = try #require(report.extra)
        #expect(report.refused == 1)
        #expect(extra.asked >= 20)
        #expect(extra.refused >= 1)
        #expect(extra.taken == 0)
        #expect(report.isVoid)
    }
}
