/// The turns of the call, and the agent's items on their way to becoming turns.
struct TurnLog {
    /// Turns kept for late transcripts and for replay; the store has them all.
    static let capacity = 128
    /// Agent items whose words or audio are known; older ones are forgotten.
    static let speechCapacity = 32

    /// One item of the agent, from its first word or sample.
    struct Speech {
        var wireItem: WireID?
        var playout: PlayoutItem?
        var text = ""
        var isWhole = false
        /// Index of its turn, once a frame of it was sent.
        var turn: Int?
        var isEnded = false
        /// Whether the caller must hear it to its end.
        var protection = Protection.none
    }

    enum Protection { case none, possible, whole }

    private(set) var turns = [Turn]()
    private var nextIndex = 0
    var speeches = [Speech]()
    /// The agent's first frame of the call.
    private(set) var firstAgentStart: CallInstant?

    init() { speeches.reserveCapacity(8) }

    /// Asked at every edge; written out because unspecialised sequence algorithms allocate.
    var hasOpenAgentTurn: Bool {
        for index in speeches.indices where speeches[index].turn != nil && !speeches[index].isEnded { return true }
        return false
    }

    mutating func begin(_ speaker: Turn.Speaker, item: WireID?, at start: CallInstant) -> Int {
        if turns.count == Self.capacity { turns.removeFirst() }
        turns.append(Turn(index: nextIndex, speaker: speaker, item: item, startedAt: start))
        if speaker == .agent, firstAgentStart == nil { firstAgentStart = start }
        nextIndex += 1
        return nextIndex - 1
    }

    subscript(index: Int) -> Turn? {
        get { position(index).map { turns[$0] } }
        set { if let position = position(index), let newValue { turns[position] = newValue } }
    }

    private func position(_ index: Int) -> Int? {
        guard let first = turns.first?.index, index >= first, index - first < turns.count else { return nil }
        return index - first
    }

    func callerTurn(of item: WireID) -> Int? { turns.last { $0.item == item && $0.speaker == .caller }?.index }

    func speech(of item: WireID) -> Int? { speeches.lastIndex { $0.wireItem == item } }
    func speech(of item: PlayoutItem) -> Int? { speeches.lastIndex { $0.playout == item } }

    mutating func addSpeech(_ speech: Speech) -> Int {
        if speeches.count == Self.speechCapacity { speeches.removeFirst() }
        speeches.append(speech)
        return speeches.count - 1
    }

    /// First audio of an item.
    mutating func audioArrived(_ playout: PlayoutItem, wireItem: WireID) {
        let index = speech(of: wireItem) ?? addSpeech(Speech(wireItem: wireItem))
        speeches[index].playout = playout
        if speeches[index].turn != nil {  // The same item went on after a cut: a stretch, and a turn, of its own.
            let protection = speeches[index].protection
            speeches[index] = Speech(wireItem: wireItem, playout: playout, protection: protection)
        }
    }
}
