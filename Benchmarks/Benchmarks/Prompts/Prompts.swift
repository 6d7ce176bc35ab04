import Conversation
import Dispatch
import Foundation
import LabelledCalls

/// How often a call finds its prompt built already, and what it costs when it does and when it does not.
@main
struct Prompts {
    static func main() throws {
        var arguments = CommandLine.arguments.dropFirst()
        var seed = UInt64(1)
        while let argument = arguments.popFirst() {
            guard argument == "--seed", let number = arguments.popFirst().flatMap({ UInt64($0) }) else {
                print("Prompts [--seed N]\n\(argument) is not one of these")
                exit(64)
            }
            seed = number
        }
        print(
            "| day | tenants | calls | edits a tenant | built while a call waited | built when an edit was taken | found, and given a new day | hit rate, five seeds |"
        )
        print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
        for mix in CallDay.mixes {
            let days = try (0..<5).map { try CallDay(mix, seed: seed &+ $0).run() }
            let rates = days.map { ($0.hitRate ?? 0) * 100 }
            let range = String(format: "%.1f ... %.1f %%", rates.min() ?? 0, rates.max() ?? 0)
            print(
                "| \(mix.name) | \(mix.tenants) | \(mix.calls) | \(mix.edits) | \(days[0].misses) "
                    + "| \(days[0].renewals) | \(days[0].dayChanges) | \(range) |")
        }
        print("\nfive seeds from \(seed), figures but the rate of the first; \(shares(CallDay.mixes[0]))\n")

        let edition = CallDay.edition(1, edit: 0)
        let builder = PromptBuilder()
        let cache = PromptCache()
        let prompt = try cache.prompt(of: edition, direction: .inbound, day: 1, today: { "Monday" })
        print("instructions of \(prompt.instructions.utf8.count) bytes, median of 21 runs:")
        try report("build", times: 500) {
            _ = try builder.build(from: edition.source, direction: .inbound, today: "Monday")
        }
        var other = edition.source
        other.inbound?.instructions += " שלום"
        try report("build, not in ASCII", times: 500) {
            _ = try builder.build(from: other, direction: .inbound, today: "Monday")
        }
        try report("hit", times: 100_000) {
            _ = try cache.prompt(of: edition, direction: .inbound, day: 1, today: { "Monday" })
        }
        var day = 1
        try report("hit, of another day", times: 500) {
            day += 1
            _ = try cache.prompt(of: edition, direction: .inbound, day: day, today: { "Monday" })
        }
        try report("hit, with a caller's facts", times: 100_000) {
            _ = try cache.prompt(
                of: edition, direction: .inbound, day: day, today: { "Monday" }, callerContext: "Anna Levi, 3 visits")
        }
        report("revision of a tenant (once per edit)", times: 500) { _ = CallDay.edition(1, edit: 0).revision }
        let crowd = PromptCache()
        DispatchQueue.concurrentPerform(iterations: 256) { _ in
            _ = try? crowd.prompt(of: edition, direction: .inbound, day: 1, today: { "Monday" })
        }
        print("stampede of 256: built \(crowd.statistics.misses), found \(crowd.statistics.hits)")
    }

    private static func shares(_ mix: CallDay.Mix) -> String {
        "\(mix.outbound) % outbound, \(mix.whatsapp) % WhatsApp, \(mix.otherLanguage) % in another language, "
            + "capacity \(mix.capacity), empty at midnight UTC"
    }

    private static func report(_ name: String, times: Int, _ work: () throws -> Void) rethrows {
        var runs: [Double] = []
        for _ in 0..<21 {
            let start = ContinuousClock.now
            for _ in 0..<times { try work() }
            let spent = (ContinuousClock.now - start).components
            runs.append((Double(spent.seconds) * 1e9 + Double(spent.attoseconds) / 1e9) / Double(times))
        }
        print(String(format: "  %@: %.2f us", name, runs.sorted()[10] / 1_000))
    }
}
