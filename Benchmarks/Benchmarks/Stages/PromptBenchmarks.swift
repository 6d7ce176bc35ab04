import Benchmark
import Conversation

/// Once a call: its prompt, built, and found built.
func promptBenchmarks() {
    let source = PromptSource(
        inbound: .init(
            instructions: String(repeating: "Answer the clinic's calls kindly and briefly. ", count: 40),
            greeting: "Hello, this is the clinic."))

    Benchmark("PromptBuilder.build") { benchmark in
        let builder = PromptBuilder()
        var bytes = 0
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations {
            bytes = try builder.build(from: source, direction: .inbound, today: "Monday").instructions.utf8.count
            blackHole(bytes)
        }
        benchmark.stopMeasurement()
        guard bytes > 1_000 else { return benchmark.error("\(bytes) bytes") }
    }
    Benchmark("PromptCache.prompt, found") { benchmark in
        let cache = PromptCache()
        let edition = PromptEdition(tenant: "clinic", source: source)
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations {
            blackHole(try cache.prompt(of: edition, direction: .inbound, day: 1, today: { "Monday" }))
        }
        benchmark.stopMeasurement()
        guard cache.statistics.hits > 0 else { return benchmark.error("nothing was found") }
    }
}
