/// What is known of late ticks in the measured seconds, and whose fault they are.
public struct OverrunFacts: Codable, Sendable, Equatable {
    /// A tick later than this counts as late; a part that takes longer makes others late.
    public static let lateAfterMilliseconds: UInt64 = 2

    /// Visits of calls, those that came late, and whole periods that nobody came.
    public var visits: UInt64
    public var late: UInt64
    public var missed: UInt64
    /// Holes in what callers heard, by cause.
    public var holesModelLate: UInt64, holesOurs: UInt64, holesCarrier: UInt64
    /// Time that the service's threads were ready to run and were not run, and that each of this machine's processors
    /// on the average was not run by its host; of the measured seconds, in seconds.
    public var waitedForProcessor: Double
    public var stolen: Double
    public var seconds: Double

    public init(
        visits: UInt64, late: UInt64, missed: UInt64, holesModelLate: UInt64, holesOurs: UInt64, holesCarrier: UInt64,
        waitedForProcessor: Double, stolen: Double, seconds: Double
    ) {
        (self.visits, self.late, self.missed) = (visits, late, missed)
        (self.holesModelLate, self.holesOurs, self.holesCarrier) = (holesModelLate, holesOurs, holesCarrier)
        (self.waitedForProcessor, self.stolen, self.seconds) = (waitedForProcessor, stolen, seconds)
    }
}

/// One suspect of the overruns, and what speaks against it.
public struct OverrunBlame: Codable, Sendable, Equatable {
    public enum Suspect: String, Codable, Sendable {
        /// One part that took too long by itself: named in `evidence`.
        case stage
        /// No part was slow; all calls' work together fills the core.
        case calls
        /// Other threads or processes of this machine had the processor.
        case scheduler
        /// The machine's own host had it.
        case hypervisor
        /// The model's audio came late: nothing of ours.
        case model
        /// What is left: sockets and the rest of the loop between two ticks.
        case loop
    }
    public var suspect: Suspect
    public var evidence: String

    public init(_ suspect: Suspect, _ evidence: String) { (self.suspect, self.evidence) = (suspect, evidence) }
}

extension OverrunFacts {
    /// Who is to blame, the strongest evidence first; empty when nothing was late and no caller heard a hole.
    ///
    /// - Parameters:
    ///   - stages: parts by their names in `FrameBudget`.
    ///   - coreShare: processor time of the service by what it may use, 0 ... 1; nil: not measured.
    public func blame(_ stages: [StageTimes], coreShare: Double?) -> [OverrunBlame] {
        var blame: [OverrunBlame] = []
        if late > 0 || missed > 0 || holesOurs > 0 {
            // Whole ticks hold the parts: theirs is the blame, where one of them was slow.
            let parts = stages.filter { Self.innermost.contains($0.part) && $0.overruns > 0 }
            for part in parts.sorted(by: { $0.overruns > $1.overruns }) {
                blame.append(
                    .init(.stage, "\(part.label): \(part.overruns) times over 2 ms, at worst \(Self.text(part.max))"))
            }
            if stolen > 0.002 * seconds {
                blame.append(
                    .init(
                        .hypervisor,
                        "this machine's own host did not run it \(Self.percent(stolen / seconds)) of the time"))
            }
            if waitedForProcessor > 0.01 * seconds {
                blame.append(
                    .init(
                        .scheduler,
                        "threads were ready and waited for a processor \(Self.percent(waitedForProcessor / seconds)) of the time"
                    ))
            }
            if let coreShare, coreShare > 0.7 {
                blame.append(.init(.calls, "the calls together take \(Self.percent(coreShare)) of the service's cores"))
            }
            if blame.isEmpty {
                blame.append(.init(.loop, "no part was slow and no processor missing: sockets between the ticks"))
            }
        }
        if holesModelLate > 0 { blame.append(.init(.model, "\(holesModelLate) holes because its audio came late")) }
        return blame
    }

    /// Parts with no other inside; `forward` and `send` include handing over to the socket.
    private static let innermost: Set<String> = ["hear", "forward", "queue", "send"]

    private static func percent(_ share: Double) -> String { "\((share * 1_000).rounded() / 10) %" }
    private static func text(_ microseconds: Double) -> String { "\((microseconds / 100).rounded() / 10) ms" }
}
