/// What the second session says, the one that is to take over before the first expires (S57).
///
/// The first session's own events go on as `modelOpened`, `model` and `modelClosed`. After `switchToStandby` it is the
/// second one whose events are these, and nothing of the old one is told any more.
public enum StandbyEvent: Sendable, Equatable {
    case opened
    case model(ModelEvent)
    case closed(ModelClose)
}
