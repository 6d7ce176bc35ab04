import AudioPipeline
import Conversation

/// One count for each cause at each address of a chain.
struct RouteFailureCount: CounterName {
    let rawValue: UInt8
    static var allCases: [RouteFailureCount] {
        (0..<UInt8(ModelRoute.capacity * RouteFailure.allCases.count)).map { RouteFailureCount(rawValue: $0)! }
    }
    init?(rawValue: UInt8) { self.rawValue = rawValue }
    init(_ route: ModelRoute, _ failure: RouteFailure) {
        let cause = RouteFailure.allCases.firstIndex(of: failure)!
        rawValue = UInt8(route.index * RouteFailure.allCases.count + cause)
    }
    var route: ModelRoute { ModelRoute(index: Int(rawValue) / RouteFailure.allCases.count) }
    var failure: RouteFailure { RouteFailure.allCases[Int(rawValue) % RouteFailure.allCases.count] }
}

/// What models have worked, by kind, and what it cost.
struct UsageCount: CounterName, Equatable {
    let rawValue: UInt8
    static let costMicros = UsageCount(rawValue: UInt8(ModelUsage.Kind.allCases.count))!
    static var allCases: [UsageCount] {
        (0...UInt8(ModelUsage.Kind.allCases.count)).map { UsageCount(rawValue: $0)! }
    }
    init?(rawValue: UInt8) { self.rawValue = rawValue }
    init(_ kind: ModelUsage.Kind) { rawValue = UInt8(ModelUsage.Kind.allCases.firstIndex(of: kind)!) }
    /// Nil for the cost.
    var kind: ModelUsage.Kind? {
        Int(rawValue) < ModelUsage.Kind.allCases.count ? ModelUsage.Kind.allCases[Int(rawValue)] : nil
    }
}
