@testable import Conversation

extension CallRig {
    /// Plays two lines of text, 100 ms a character, and answers with what the carrier was sent meanwhile.
    ///
    /// - Parameters:
    ///   - caller: `S` speech, heard whole by our detector and by the model; `c` a click that only our detector hears;
    ///     anything else silence.
    ///   - model: `t` the transcript of the utterance last begun (the next of `words`), `d` a first part of it,
    ///     `f` there will be none; `m` a machine was detected, `b` its beep; anything else nothing of note.
    ///   - items: name of the first utterance's item; the others are counted on from it.
    /// - Returns: `P` a frame each 20 ms, `p` fewer, `.` none, `C` the carrier was told to clear, `X` we hung up.
    func play(caller: String, model line: String = "", words: [String] = [], item first: Int = 100) -> String {
        let begin = now + 20  // What happens in a tick happens at its end.
        var (item, spans) = (first, spans(of: Array(caller)))
        spans.sort { $0.start < $1.start }
        for span in spans {
            schedule(span, item: WireID("item_u\(item)")!, from: begin)
            item += 1
        }
        var left = words[...]
        for (index, character) in line.enumerated() {
            let at = begin + Int64(index) * 100
            let begun = spans.lastIndex { $0.start <= Int64(index) * 100 } ?? 0
            let spoken = WireID("item_u\(first + begun)")!
            switch character {
            case "t": say(.inputTranscript(item: spoken, .final(left.popFirst() ?? "")), at: at)
            case "d": say(.inputTranscript(item: spoken, .partial(left.popFirst() ?? "")), at: at)
            case "f": say(.inputTranscript(item: spoken, .failed(code: "none", message: "")), at: at)
            case "m": model.schedule(.event(.answeredBy(.machineStart)), at: at)
            case "b": model.schedule(.event(.answeredBy(.machineEndBeep)), at: at)
            default: break
            }
        }
        var sent = ""
        for _ in 0..<max(caller.count, line.count) {
            let (frames, clears, ends) = (sentMarbles.count, happened(.clearPlayout), hangUps.count)
            run(for: 100)
            let tick = sentMarbles.dropFirst(frames)
            if hangUps.count > ends {
                sent.append("X")
            } else if happened(.clearPlayout) > clears {
                sent.append("C")
            } else {
                sent.append(tick.contains("P") ? (tick.contains(".") ? "p" : "P") : ".")
            }
        }
        return sent
    }

    private struct Span {
        var start: Int64
        var length: Int64
        var isClick: Bool
    }

    private func spans(of line: [Character]) -> [Span] {
        var spans = [Span]()
        for (index, character) in line.enumerated() {
            let at = Int64(index) * 100
            if character == "c" { spans.append(Span(start: at, length: 60, isClick: true)) }
            guard character == "S" else { continue }
            if index > 0, line[index - 1] == "S" {
                spans[spans.count - 1].length += 100
            } else {
                spans.append(Span(start: at, length: 100, isClick: false))
            }
        }
        return spans
    }

    /// Our detector: onset after 60 ms, sustained after 160, lapse 80 ms after the end, offset 300 ms after it.
    /// The model's: 200 ms after the start, and half a second after the end.
    private func schedule(_ span: Span, item: WireID, from begin: Int64) {
        let (start, end) = (begin + span.start, begin + span.start + span.length)
        model.schedule(.event(.voice(.onset(startedMillisecondsAgo: 60))), at: start + 60)
        if span.length >= 160 {
            model.schedule(.event(.voice(.sustained)), at: start + 160)
            model.schedule(.event(.voice(.offset(endedMillisecondsAgo: 300))), at: end + 300)
        } else {
            model.schedule(.event(.voice(.lapsed)), at: end + 80)
        }
        guard !span.isClick else { return }
        say(.speechStarted(item: item, audioStartMilliseconds: 0), at: start + 200)
        say(.speechStopped(item: item, audioEndMilliseconds: 0), at: end + 500)
        say(.committed(item: item, previous: nil), at: end + 500)
    }

    private func say(_ event: ModelEvent, at time: Int64) { model.schedule(.event(.model(event)), at: time) }

    /// Runs a call until the agent has spoken for a second of an answer of `milliseconds`.
    static func speaking(
        _ policy: ConversationPolicy = .init(), milliseconds: Int = 8_000, text: String? = nil
    ) -> CallRig {
        let rig = CallRig(policy)
        if policy.turns == .model { rig.model.echo = .answersItself }
        rig.startAndGreet()
        rig.model.usual.milliseconds = milliseconds
        if let text { rig.model.usual.text = text }
        rig.speak("item_u1", text: "tell me")
        while rig.state != .speaking { rig.run(for: 20) }
        rig.run(for: 1_000)
        return rig
    }
}
