public import Conversation
import RealtimeBridge

/// Plays calls, one after the other, each from its own seed.
///
/// Not thread-safe; a process may hold several. Seeds follow each other: call `n` of a run that began with seed `s` is
/// call 0 of a run that begins with `s + n`.
public final class Simulation {
    public let faults: FaultSet
    public private(set) var summary = SimulationSummary()

    /// Audio of one call at a time: four minutes are 1,200 chunks.
    private let pool = PlayoutPool(chunkCount: 2_048)
    private let prompt: SessionPrompt

    private let defects: ConversationDefects

    public convenience init(faults: FaultSet = .all) { self.init(faults: faults, defects: []) }

    package init(faults: FaultSet, defects: ConversationDefects) {
        (self.faults, self.defects) = (faults, defects)
        let source = PromptSource(
            inbound: .init(instructions: "You sell tea.", greeting: "Hello, this is the tea house."))
        guard let prompt = try? PromptBuilder().build(from: source, direction: .inbound) else {
            preconditionFailure("The prompt of the simulation has an inbound script.")
        }
        self.prompt = prompt
    }

    /// - Returns: nil for a call in which every rule held.
    @discardableResult
    public func run(seed: UInt64) -> SimulatedFailure? {
        let result = count(CallPlan.drawn(seed: seed, from: faults))
        return result.broken.first.map { SimulatedFailure(seed: seed, rule: $0) }
    }

    /// Plays what is kept of `plan`, nil for all of it, and adds the call to the summary.
    public func count(_ plan: CallPlan, keeping kept: [Int]? = nil, traced: Bool = false) -> SimulatedResult {
        let result = play(kept.map { plan.keeping($0) } ?? plan, traced: traced)
        summary.add(result)
        if !result.broken.isEmpty { summary.failures += 1 }
        return result
    }

    /// Plays one plan.
    public func play(_ plan: CallPlan, traced: Bool = false) -> SimulatedResult {
        var call = SimulatedCall(plan, pool: pool, prompt: prompt, defects: defects, traced: traced)
        call.play()
        return SimulatedResult(call)
    }
}

/// A call in which a rule did not hold.
public struct SimulatedFailure: Sendable, Equatable {
    public let seed: UInt64
    /// The rule, and how it was broken.
    public let rule: String
}

/// What came of one call.
public struct SimulatedResult: Sendable {
    public let broken: [String]
    /// Of the call's own time.
    public let milliseconds: Int64
    public let events: Int
    public let checks: Int
    public let hangUp: HangUpReason?
    public let struck: [SimulatedFault]
    public let trace: [String]
    let rows: (UInt64, UInt64)

    init(_ call: borrowing SimulatedCall) {
        broken = call.rules.broken
        milliseconds = call.endedAt
        (events, checks) = (call.events, call.rules.checks)
        hangUp = call.rules.hangUps.first
        struck = call.struck
        trace = call.trace?.lines ?? []
        rows = call.conversation.rowsTaken
    }
}
