import COpenSSL
public import Conversation

/// What a journalled call did at one record, and what the core does there now.
public struct ReplayStep: Sendable {
    /// Of the record, from 1: the events of a call and its frames, in one count.
    public var number: Int
    /// Of the event, from 1; for a frame that of the event before it.
    public var event: Int
    public var at: CallInstant
    public var record: JournalRecord
    /// As the journal has it, and as the core decides now.
    public var recorded: [CoreDecision] = []
    public var replayed: [CoreDecision] = []
    public var isIdentical: Bool
}

/// What left the core.
public enum CoreDecision: Sendable, Equatable {
    case action(ConversationAction)
    case verdict(AudioVerdict)
    case mark(PlaybackMark)
}

/// What came of a replay.
public struct ReplayResult: Sendable {
    public enum Ending: Sendable, Equatable {
        /// With the call.
        case complete
        /// The ring was full there: the rest of the call was not written.
        case broken
        /// The file stops before the call does: the process was killed, or the rest is gone. Why, when that is known.
        case cut(String?)
    }

    /// Records that replayed identically, by what they were.
    public var events = 0
    public var actions = 0
    public var frames = 0
    /// When the last record happened.
    public var length = CallInstant.start
    /// SHA-256 over the bytes of all actions, verdicts and marks that the core gave, in hexadecimal.
    public var digest = ""
    public var ending = Ending.complete
    /// The first record at which the core decides otherwise; nothing is replayed behind it.
    public var difference: ReplayStep?
}

/// Runs the records of a journal through a fresh conversation.
public struct Replay {
    private let file: JournalFile
    private let policy: ConversationPolicy

    /// - Parameter policy: another one than the call had, to see where it would have mattered.
    public init(_ file: JournalFile, policy: ConversationPolicy? = nil) {
        self.file = file
        self.policy = policy ?? file.header.policy
    }

    /// Replays until the end or the first difference.
    /// - Parameter see: told of every record, the differing one too.
    public func run(_ see: (ReplayStep) -> Void = { _ in }) -> ReplayResult {
        var records = JournalRecords(file)
        var conversation = Conversation(policy: policy, prompt: file.header.prompt)
        var actions = ActionList()
        var result = ReplayResult()
        var decided = JournalEncoder(shortensNames: false)
        var number = 0
        while let record = records.next() {
            number += 1
            var step = ReplayStep(
                number: number, event: result.events, at: result.length, record: record, isIdentical: true)
            let count = take(record, &conversation, &actions, &step, &decided)
            if step.isIdentical {
                result.actions += count
                switch record {
                case .event: (result.events, step.event) = (result.events + 1, result.events + 1)
                case .sent: result.frames += 1
                default: break
                }
                result.length = max(result.length, step.at)
            } else {
                if case .event = record { step.event += 1 }
                result.difference = step
            }
            see(step)
            if !step.isIdentical { break }
        }
        result.digest = Self.sha256(decided.bytes)
        result.ending =
            switch records.end {
            case .complete: .complete
            case .broken: .broken
            case .missing, nil: .cut(file.damage)
            case .damaged(let what): .cut(what)
            }
        return result
    }

    /// Gives the core what the record says it was given.
    /// - Returns: decisions of the core.
    private func take(
        _ record: JournalRecord, _ conversation: inout Conversation, _ actions: inout ActionList,
        _ step: inout ReplayStep, _ decided: inout JournalEncoder
    ) -> Int {
        let start = decided.bytes.count
        var recorded = JournalEncoder(shortensNames: false)
        var count = 0
        switch record {
        case .event(let event, let at, let then):
            step.at = at
            actions.removeAll()
            conversation.handle(event, at: at, into: &actions)
            count = actions.count
            for index in 0..<actions.count {
                decided.put(actions[index])
                step.replayed.append(.action(actions[index]))
            }
            for action in then {
                recorded.put(action)
                step.recorded.append(.action(action))
            }
        case .admitted(let response, let item, let at, let then):
            step.at = at
            let now = conversation.admit(response: response, item: item, at: at)
            decided.put(now)
            recorded.put(then)
            (step.recorded, step.replayed) = ([.verdict(then)], [.verdict(now)])
        case .queued(let item, let samples, let at):
            step.at = at
            conversation.queued(item, samples: samples, at: at)
        case .sent(let item, let samples, let at):
            step.at = at
            conversation.sent(item, samples: samples, at: at)
        case .mark(let itemEnded, let then):
            let now = conversation.dueMark(itemEnded: itemEnded)
            decided.put(now)
            recorded.put(then)
            (step.recorded, step.replayed) = (then.map { [.mark($0)] } ?? [], now.map { [.mark($0)] } ?? [])
        case .callerAudio(_, let at), .agentAudio(_, let at), .callerMissed(_, let at): step.at = at
        }
        step.isIdentical = decided.bytes[start...].elementsEqual(recorded.bytes)
        return count
    }

    private static func sha256(_ bytes: [UInt8]) -> String {
        var digest = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 0
        let done = unsafe EVP_Digest(bytes, bytes.count, &digest, &length, EVP_sha256(), nil)
        precondition(done == 1 && length == 32, "SHA-256 of \(bytes.count) bytes")
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
