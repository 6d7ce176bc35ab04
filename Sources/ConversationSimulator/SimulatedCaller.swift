import Conversation

/// Where the caller stands in what he is going to do. What he does is the plan's; how it sounds is the line's.
struct SimulatedCaller {
    enum Waiting: BitwiseCopyable {
        case nothing
        case agentToSpeak(Int64)
        case agentToFinish(Int64)
    }

    let acts: [CallerAct]
    private(set) var next = 0
    /// Raised when an act is moved, so that the older time for it is void.
    private(set) var serial: Int32 = 0
    var waiting = Waiting.nothing
    /// Utterances that the model was given a name for.
    var items: Int32 = 0
    /// Those that were nothing but "mhmm".
    var mhmms = NumberSet()
    /// The newest utterance that the model has not committed: heard again by the next session.
    var unheard: (from: Int64, until: Int64)?

    // What goes wrong next.
    var isChopped = false
    var isUnheard = false
    var startDelay: Int64 = 0
    var startRepeats = 0
    var transcripts: [TranscriptFate] = []

    enum TranscriptFate: BitwiseCopyable {
        case late(Int64)
        case failed, partial, missing
    }

    init(_ acts: [CallerAct]) { self.acts = acts }

    /// The next act waits for its cue.
    mutating func awaitCue(at now: Int64, _ agenda: inout Agenda) {
        guard next < acts.count else { return }
        serial += 1
        switch acts[next].cue {
        case .after(let milliseconds): agenda.add(.act(serial: serial), at: now + milliseconds)
        case .intoAgent(let milliseconds):
            waiting = .agentToSpeak(milliseconds)
            agenda.add(.act(serial: serial), at: now + 8_000)
        case .agentSilent(let milliseconds):
            waiting = .agentToFinish(milliseconds)
            agenda.add(.act(serial: serial), at: now + 10_000)
        }
    }

    /// The caller begins to hear the agent.
    mutating func agentBegan(at instant: Int64, _ agenda: inout Agenda) {
        guard case .agentToSpeak(let milliseconds) = waiting else { return }
        move(to: instant + milliseconds, &agenda)
    }

    /// The agent will have finished.
    mutating func agentFinishes(at instant: Int64, _ agenda: inout Agenda) {
        guard case .agentToFinish(let milliseconds) = waiting else { return }
        move(to: instant + milliseconds, &agenda)
    }

    private mutating func move(to instant: Int64, _ agenda: inout Agenda) {
        waiting = .nothing
        serial += 1
        agenda.add(.act(serial: serial), at: instant)
    }

    mutating func takeAct() -> CallerAct.Deed {
        waiting = .nothing
        serial += 1
        next += 1
        return acts[next - 1].deed
    }
}
