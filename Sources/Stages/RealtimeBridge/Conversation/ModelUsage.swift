/// What the provider says it has worked: tokens by kind. All counts are 0 or more.
public struct ModelUsage: Sendable, Equatable {
    /// Read anew, without what was cached.
    public var inputText: Int64 = 0
    public var inputAudio: Int64 = 0
    /// Read from the provider's cache.
    public var cachedText: Int64 = 0
    public var cachedAudio: Int64 = 0
    public var outputText: Int64 = 0
    public var outputAudio: Int64 = 0
    /// The caller's words written down, by models that bill by tokens.
    public var transcriptionInput: Int64 = 0
    public var transcriptionOutput: Int64 = 0
    /// The same, by models that bill by time.
    public var transcriptionMilliseconds: Int64 = 0

    public init() {}

    /// All tokens of all kinds.
    public var tokens: Int64 {
        var sum: Int64 = 0
        for kind in Kind.allCases where kind != .transcriptionMilliseconds { sum = Self.sum(sum, self[kind]) }
        return sum
    }

    public var isEmpty: Bool { self == ModelUsage() }

    /// Each kind by name, in the order in which they are stored and shown.
    public enum Kind: String, Sendable, CaseIterable {
        case inputText, inputAudio, cachedText, cachedAudio, outputText, outputAudio, transcriptionInput,
            transcriptionOutput, transcriptionMilliseconds
    }

    public subscript(kind: Kind) -> Int64 {
        get { self[keyPath: Self.path(kind)] }
        set { self[keyPath: Self.path(kind)] = newValue }
    }

    private static func path(_ kind: Kind) -> WritableKeyPath<ModelUsage, Int64> {
        switch kind {
        case .inputText: \.inputText
        case .inputAudio: \.inputAudio
        case .cachedText: \.cachedText
        case .cachedAudio: \.cachedAudio
        case .outputText: \.outputText
        case .outputAudio: \.outputAudio
        case .transcriptionInput: \.transcriptionInput
        case .transcriptionOutput: \.transcriptionOutput
        case .transcriptionMilliseconds: \.transcriptionMilliseconds
        }
    }

    /// What a peer says may be anything: counts are held at 0 and at the largest number.
    public mutating func add(_ other: ModelUsage) {
        for kind in Kind.allCases { self[kind] = Self.sum(self[kind], max(0, other[kind])) }
    }

    private static func sum(_ left: Int64, _ right: Int64) -> Int64 {
        let (sum, overflow) = left.addingReportingOverflow(right)
        return overflow ? .max : sum
    }
}

/// What the provider charges, in millionths of the currency's unit per million tokens; transcription by time: per hour
/// of audio. The currency is the reader's affair.
public struct PriceTable: Sendable, Equatable {
    /// In the order of `ModelUsage.Kind`; a kind without a price costs nothing.
    private var prices = [Int64](repeating: 0, count: ModelUsage.Kind.allCases.count)

    public init() {}

    public subscript(kind: ModelUsage.Kind) -> Int64 {
        get { prices[ModelUsage.Kind.allCases.firstIndex(of: kind)!] }
        set { prices[ModelUsage.Kind.allCases.firstIndex(of: kind)!] = max(0, newValue) }
    }

    public var isFree: Bool { prices.allSatisfy { $0 == 0 } }

    /// Millionths of the currency's unit, rounded up; at most the largest number.
    public func cost(of usage: ModelUsage) -> Int64 {
        var micros: Int64 = 0
        for kind in ModelUsage.Kind.allCases where usage[kind] > 0 && self[kind] > 0 {
            let divisor: Int64 = kind == .transcriptionMilliseconds ? 3_600_000 : 1_000_000
            let product = usage[kind].multipliedFullWidth(by: self[kind])
            guard product.high < divisor else { return .max }
            let (quotient, rest) = divisor.dividingFullWidth(product)
            let (sum, overflow) = micros.addingReportingOverflow(quotient + (rest > 0 ? 1 : 0))
            guard !overflow else { return .max }
            micros = sum
        }
        return micros
    }
}

/// What one call has cost so far.
public struct CallUsage: Sendable, Equatable {
    public var usage: ModelUsage
    /// Millionths of the currency's unit; 0 without a price table.
    public var costMicros: Int64
    /// Sessions opened for the call, those that were never used included.
    public var sessions: Int

    public init(usage: ModelUsage = .init(), costMicros: Int64 = 0, sessions: Int = 0) {
        (self.usage, self.costMicros, self.sessions) = (usage, costMicros, sessions)
    }
}
