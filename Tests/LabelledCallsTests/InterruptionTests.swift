import LabelledCalls
import Testing

/// A small part of the labelled cases, so that a change that makes the agent deaf or jumpy is seen before the benchmark is
/// run. Seeds are fixed; the whole table is in docs/BARGE_IN.md.
@Suite(.enabled(if: RecordedPrompts.isInstalled, "needs asterisk-core-sounds-en-wav"))
struct `Interruptions on recorded speech` {
    private static let prompts = Result { try RecordedPrompts() }

    private static func verdicts(
        _ listening: Listening, seconds: Int = 6, count: Int = 2, _ change: (inout CallRecipe) -> Void
    ) throws -> [CallVerdict] {
        var recipe = CallRecipe("test", count)
        change(&recipe)
        return try (0..<count).map {
            RehearsedCall(recipe.make($0, seed: 11, prompts: try prompts.get(), seconds: seconds), listening: listening)
                .run()
        }
    }

    @Test(arguments: [-12.0, -18, -24, -30])
    func `S31 the agent's echo does not even make it pause`(decibels: Double) throws {
        for verdict in try Self.verdicts(.echoAware, { $0.echo = decibels }) {
            #expect(!verdict.isFalse && verdict.pauses == 0, "\(verdict)")
        }
    }

    @Test func `S31 an echo that comes 100 ms later from one word to the next interrupts nobody`() throws {
        let heard = try Self.verdicts(.echoAware, seconds: 8) { ($0.echo, $0.jumpMilliseconds) = (-15, 100) }
        #expect(!heard.contains { $0.isFalse }, "\(heard)")
    }

    @Test func `without the reference, and with the server's ears alone, the echo interrupts`() throws {
        for listening in [Listening.echoBlind, .server] {
            let heard = try Self.verdicts(listening) { $0.echo = -15 }
            #expect(heard.allSatisfy { $0.isFalse }, "\(heard)")
        }
    }

    @Test(arguments: [nil, -24.0, -18])
    func `S27 the caller's words stop the agent, over its echo too`(echo: Double?) throws {
        for verdict in try Self.verdicts(.echoAware, { ($0.words, $0.echo) = (-20, echo) }) {
            #expect(!verdict.isMissed && !verdict.isFalse, "\(verdict)")
            let time = try #require(verdict.lastFrameMilliseconds)
            #expect(time <= 120, "\(verdict)")
        }
    }

    @Test(arguments: [(NoiseKind.white, -15.0), (.car, -15), (.hum, -10), (.babble, -20)])
    func `S27 the caller's words stop the agent in noise`(noise: NoiseKind, decibels: Double) throws {
        let heard = try Self.verdicts(.echoAware) { ($0.words, $0.noise, $0.noiseDecibels) = (-22, noise, decibels) }
        for verdict in heard {
            #expect(!verdict.isMissed && !verdict.isFalse, "\(verdict)")
        }
        // What begins softly begins below the noise.
        let times = heard.compactMap { $0.lastFrameMilliseconds }.sorted()
        #expect(times[0] <= 120 && times[1] <= 400, "\(times)")
    }

    @Test(arguments: [NoiseKind.white, .car, .hum])
    func `noise alone interrupts nobody`(noise: NoiseKind) throws {
        let heard = try Self.verdicts(.echoAware) { ($0.noise, $0.noiseDecibels) = (noise, -40) }
        #expect(!heard.contains { $0.isFalse || $0.pauses > 0 }, "\(heard)")
    }

    @Test func `S29 a click pauses the agent for a moment and stops nothing`() throws {
        let heard = try Self.verdicts(.echoAware) { $0.sound = .click }
        #expect(!heard.contains { $0.isFalse }, "\(heard)")
        for verdict in heard where verdict.pauses > 0 { #expect(verdict.pausedMilliseconds <= verdict.pauses * 160) }
    }

    @Test func `we stop sooner than the server could tell us to`() throws {
        let ours = try Self.verdicts(.echoAware) { $0.words = -20 }
        let server = try Self.verdicts(.server) { $0.words = -20 }
        for (one, other) in zip(ours, server) {
            let (ours, theirs) = (try #require(one.lastFrameMilliseconds), try #require(other.lastFrameMilliseconds))
            #expect(ours + 80 <= theirs)
        }
    }

    @Test func `a case is the same whenever it is run`() throws {
        let once = try Self.verdicts(.echoAware, count: 1) { ($0.words, $0.echo) = (-20, -20) }
        let again = try Self.verdicts(.echoAware, count: 1) { ($0.words, $0.echo) = (-20, -20) }
        #expect(once == again)
    }
}
