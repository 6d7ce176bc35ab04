/// Where a stage or a role may run, declared by the stage itself.
public enum StageCost: String, Sendable {
    /// At most a few tens of microseconds per frame: the shard thread.
    case inline
    /// More than that, or blocking: another thread, fed through a ring. When it falls behind, the call does not notice.
    case worker
}
