import Conversation
import Foundation
import LocalAgent
import Testing

/// How well the text that is stored as heard agrees with what was heard. The local agent's voice knows when each word
/// ends; the core is given no more than a provider sends.
@Suite(.serialized) struct `Accuracy of heard text` {
    /// Where the transcript stands when audio comes.
    enum Delivery: String, CaseIterable, Sendable {
        /// As the local agent sends: each word with the sound that it lies in.
        case alongside
        /// A second and a half ahead of the sound.
        case ahead
        /// All of it before the sound, as a provider that thinks faster than it speaks.
        case wholeFirst
    }

    /// A reply of a few sentences, and when each of its words has been said.
    struct Reply {
        var text = ""
        var wordEnds: [Double] = []
        var seconds = 0.0
        /// Unicode scalars and seconds at the end of each sentence.
        var sentences: [(scalars: Int, seconds: Double)] = []
    }

    private static let vocabulary =
        """
        the a we can offer you an appointment tomorrow morning at half past nine with doctor miller would that suit you \
        please bring your insurance card and arrive ten minutes early our office is open from monday to friday I will \
        send a confirmation message to telephone number so is there anything else today yes of course one moment let me \
        look up price for green tea it costs about four pounds delivery takes three working days unfortunately that \
        particular item is out stock until next month but similar ones are available
        """.split(separator: " ").map(String.init)

    private static func reply(_ random: inout SplitMix) throws -> Reply {
        var reply = Reply()
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            var words = (0..<Int.random(in: 4...14, using: &random)).map { _ in
                vocabulary.randomElement(using: &random)!
            }
            if words.count > 7 { words[words.count / 2] += "," }
            words[0] = words[0].capitalized
            let sentence = words.joined(separator: " ") + (Bool.random(using: &random) ? "." : "?")
            let (ends, length) = try FliteVoice.wordEnds(of: sentence)
            #expect(ends.count == words.count)
            reply.wordEnds += ends.map { $0 + reply.seconds }
            reply.text += (reply.text.isEmpty ? "" : " ") + sentence
            reply.seconds += length
            reply.sentences.append((reply.text.unicodeScalars.count, reply.seconds))
        }
        return reply
    }

    @Test(arguments: Delivery.allCases)
    func `S36 the words stored as heard are the ones that were, within a word or two`(delivery: Delivery) throws {
        var random = SplitMix(state: 20_261_122)
        var words: [Int] = []
        var milliseconds: [Int] = []
        var bias = 0
        for _ in 0..<30 {
            let reply = try Self.reply(&random)
            for _ in 0..<4 {
                let moment = Double.random(in: 0.3..<max(0.4, reply.seconds - 0.6), using: &random)
                var call = InterruptedCall(reply, delivery)
                let (text, heardSeconds) = call.interrupt(at: moment)
                guard let text else { continue }  // Hardly begun, or all but over: nothing was cut.
                let stored = text.split(separator: " ").count
                let truth = reply.wordEnds.count { $0 <= heardSeconds }
                func end(_ count: Int) -> Double { count > 0 ? reply.wordEnds[count - 1] : 0 }
                words.append(abs(stored - truth))
                bias += stored - truth
                milliseconds.append(Int((abs(end(stored) - end(truth)) * 1_000).rounded()))
            }
        }
        words.sort()
        milliseconds.sort()
        func mean(_ values: [Int]) -> Double { Double(values.reduce(0, +)) / Double(values.count) }
        func share(_ values: [Int], _ part: Double) -> Int { values[Int(Double(values.count - 1) * part)] }
        print(
            String(
                format:
                    "heard text, transcript %@: %d cuts, words off mean %.2f median %d p95 %d (%+.2f), ms %.0f / %d / %d",
                delivery.rawValue, words.count, mean(words), share(words, 0.5), share(words, 0.95),
                Double(bias) / Double(words.count), mean(milliseconds), share(milliseconds, 0.5),
                share(milliseconds, 0.95)))
        #expect(words.count > 80)
        #expect(mean(words) <= 1)
        #expect(share(words, 0.95) <= 2)
        #expect(share(milliseconds, 0.95) <= 1_000)
    }
}

/// One answer in virtual time, delivered at five times its speed and interrupted; marks come back after 60 ms.
private struct InterruptedCall: ~Copyable {
    private let reply: `Accuracy of heard text`.Reply
    private let delivery: `Accuracy of heard text`.Delivery
    private var conversation: Conversation
    private var actions = ActionList()
    private var now: Int64 = 0
    private var turn: Turn?
    private var isCleared = false
    private var isPaused = false
    private let scalars: [Unicode.Scalar]

    init(_ reply: `Accuracy of heard text`.Reply, _ delivery: `Accuracy of heard text`.Delivery) {
        (self.reply, self.delivery) = (reply, delivery)
        scalars = Array(reply.text.unicodeScalars)
        conversation = Conversation(policy: .init(), prompt: try! TestPrompt.make())
    }

    private mutating func give(_ event: ConversationEvent) {
        actions.removeAll()
        conversation.handle(event, at: CallInstant(milliseconds: now), into: &actions)
        for index in 0..<actions.count {
            switch actions[index] {
            case .persist(.turn(let turn)) where turn.speaker == .agent: self.turn = turn
            case .pausePlayout: isPaused = true
            case .resumePlayout: isPaused = false
            case .clearPlayout: isCleared = true
            default: break
            }
        }
    }

    /// Scalars of the transcript that have come with so many seconds of sound.
    private func scalars(with seconds: Double) -> Int {
        switch delivery {
        case .wholeFirst: return scalars.count
        case .ahead: return min(scalars.count, Int(Double(scalars.count) * (seconds + 1.5) / reply.seconds))
        case .alongside:
            var from = (scalars: 0, seconds: 0.0)
            for sentence in reply.sentences {
                guard seconds < sentence.seconds - 1e-6 else {
                    from = sentence
                    continue
                }
                let share = (seconds - from.seconds) / (sentence.seconds - from.seconds)
                var reach = from.scalars + Int(Double(sentence.scalars - from.scalars) * share)
                while reach > from.scalars, scalars[reach] != " " { reach -= 1 }
                return reach
            }
            return scalars.count
        }
    }

    /// - Returns: the text stored for the cut turn, and the seconds of it that the carrier had played by then.
    mutating func interrupt(at seconds: Double) -> (text: String?, heardSeconds: Double) {
        give(.carrierStarted(stream: "MZ1"))
        give(.modelOpened)
        var echo = SessionEcho(inputFormat: "audio/pcmu", outputFormat: "audio/pcmu", turnDetection: "server_vad")
        (echo.createResponse, echo.interruptResponse) = (false, false)
        give(.model(.sessionUpdated(echo)))
        give(.model(.responseCreated(response: "resp_1")))
        let total = Int(reply.seconds * 8_000)
        var (received, sentText, sent, played) = (0, 0, 0, 0)
        var item: PlayoutItem?
        var marks: [(at: Int, mark: PlaybackMark)] = []
        var echoes: [(at: Int64, mark: PlaybackMark)] = []
        var onset: Int64?
        while !isCleared, played < total {
            now += 20
            // The model: 200 ms of sound each 40 ms, its words before it.
            if now % 40 == 0, received < total {
                let size = min(1_600, total - received)
                let reach = scalars(with: Double(received + size) / 8_000)
                if reach > sentText {
                    var text = String.UnicodeScalarView()
                    text.append(contentsOf: scalars[sentText..<reach])
                    give(.model(.outputTranscriptDelta(response: "resp_1", item: "item_1", text: String(text))))
                    sentText = reach
                }
                let verdict = conversation.admit(
                    response: "resp_1", item: "item_1", at: CallInstant(milliseconds: now))
                if case .play(let playout) = verdict {
                    item = playout
                    conversation.queued(playout, samples: size, at: CallInstant(milliseconds: now))
                }
                received += size
                if received == total {
                    give(.model(.outputAudioDone(response: "resp_1", item: "item_1")))
                    give(.model(.outputTranscriptDone(response: "resp_1", item: "item_1", text: reply.text)))
                    give(.model(.responseDone(ResponseOutcome(response: "resp_1", status: .completed))))
                }
            }
            // The carrier plays, and its marks come back.
            played = min(played + 160, sent)
            while let first = marks.first, first.at <= played {
                echoes.append((now + 60, first.mark))
                marks.removeFirst()
            }
            while let first = echoes.first, first.at <= now {
                give(.carrierMark(first.mark))
                echoes.removeFirst()
            }
            // We send, 160 ms ahead of it.
            while !isPaused, let item, sent - played < 1_280, sent < received {
                let size = min(160, received - sent)
                conversation.sent(item, samples: size, at: CallInstant(milliseconds: now))
                if sent == 0 { give(.playoutStarted(item)) }
                sent += size
                if let mark = conversation.dueMark(itemEnded: sent == total) { marks.append((sent, mark)) }
            }
            // The caller, who is believed after 160 ms.
            if onset == nil, Double(played) / 8_000 >= seconds {
                onset = now
                give(.voice(.onset(startedMillisecondsAgo: 60)))
            } else if let onset, now == onset + 160 {
                give(.voice(.sustained))
            }
        }
        let text = isCleared && turn?.interruptedAt != nil ? turn?.text : nil
        return (text, Double(played) / 8_000)
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014).
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var bits = state
        bits = (bits ^ (bits >> 30)) &* 0xbf58_476d_1ce4_e5b9
        bits = (bits ^ (bits >> 27)) &* 0x94d0_49bb_1331_11eb
        return bits ^ (bits >> 31)
    }
}
