/// One step of the frame path. `init` may allocate and throw; nothing after it may do either.
public protocol Stage: ~Copyable {
    associatedtype Input: BitwiseCopyable
    associatedtype Output: BitwiseCopyable

    /// Delay this stage adds, in output samples. Constant for its life.
    var latencySamples: Int { get }

    /// Shard thread. Turns one input frame into at most one output frame.
    mutating func process(_ input: borrowing Span<Input>, into output: inout MutableSpan<Output>) -> StageOutcome

    /// Shard thread. Forgets signal history, keeps memory.
    mutating func reset()
}

/// What a stage did with one tick. Counted, never thrown.
public enum StageOutcome: Equatable, Sendable {
    /// `samples` output elements were written, from the start of the output span.
    case produced(samples: Int)
    /// The stage needs more input before it can give any output.
    case starved
    /// The input was let go.
    case dropped
}
