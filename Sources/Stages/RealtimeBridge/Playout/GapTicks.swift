import Conversation

/// Ticks of a gap in sending, by who is to blame for each.
struct GapTicks: Sendable, Equatable {
    var model: Int64 = 0
    var ours: Int64 = 0
    var carrier: Int64 = 0

    var total: Int64 { model + ours + carrier }

    mutating func add(_ ticks: Int64, to cause: PlayoutHole.Cause) {
        switch cause {
        case .modelLate: model += ticks
        case .ours: ours += ticks
        case .carrier: carrier += ticks
        }
    }

    /// Who took the most; in doubt we do.
    var worst: PlayoutHole.Cause {
        if ours >= model, ours >= carrier { return .ours }
        return carrier >= model ? .carrier : .modelLate
    }
}
