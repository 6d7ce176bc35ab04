@testable import Conversation

/// Ways through the table that chance takes too seldom; each ends where its name says.
enum DirectedCalls {
    static var all: [CallRig] {
        [
            endedWhileConfiguring(), itemStartsWhilePending(), heardWhilePending(), givenUpWhilePending(),
            lostWhilePending(), endCalledWhilePending(rejected: true), endCalledWhilePending(rejected: false),
            endedWhileReconnecting(),
            heardWhileReconnecting(), machineAnswers(in: .greeting), machineAnswers(in: .thinking),
            machineAnswers(in: .interruptionPending), machineAnswers(in: .reconnecting),
            machineAnswers(in: .speaking), givenUpWhileListening(), transferRefused(),
            lostWhileAway(), listenedTo(),
        ]
    }

    /// Nobody speaks with the caller; what a recogniser hears are the turns.
    static func listenedTo() -> CallRig {
        var policy = ConversationPolicy()
        policy.mode = .transcribe
        policy.answeringMachine = .leaveMessage
        policy.silenceMilliseconds = 2_000
        let rig = CallRig(policy)
        rig.give(.carrierStarted(stream: "MZ1"))
        rig.run(for: 3_000)
        rig.give(.voice(.onset(startedMillisecondsAgo: 60)))
        rig.run(for: 200)
        rig.give(.voice(.sustained))
        rig.give(
            .recognizer(
                .said(
                    RecognizedTurn(
                        speaker: .caller, text: "good morning", startedAt: .init(milliseconds: 2_900),
                        endedAt: .init(milliseconds: 3_100)))))
        // What others want said finds nobody to say it.
        rig.give(.operatorSays("Your taxi is here.", isVerbatim: true))
        rig.give(.carrierDigit(UInt8(ascii: "1")))
        rig.give(.answeredBy(.machineEndBeep))
        rig.give(.transferAsked(to: "front desk"))
        rig.run(for: 30_000)
        return rig
    }

    static func machineAnswers(in state: ConversationState) -> CallRig {
        var policy = ConversationPolicy()
        policy.answeringMachine = .leaveMessage
        policy.answeringMachineMessage = "Please call back."
        let rig = CallRig(policy)
        switch state {
        case .greeting:
            rig.give(.carrierStarted(stream: "MZ1"))
            rig.run(until: 600)
        case .thinking:
            rig.startAndGreet()
            rig.model.usual.delay = 1_000
            rig.speak("item_u1")
            rig.run(for: 100)
        default:
            rig.startAndGreet()
            rig.model.usual.milliseconds = 5_000
            rig.speak("item_u1")
            rig.run(for: 1_000)
            if state == .interruptionPending { rig.give(.voice(.onset(startedMillisecondsAgo: 60))) }
            if state == .reconnecting {
                rig.model.close()
                rig.give(.modelClosed(.timedOut))
            }
        }
        let reached = rig.state
        rig.give(.answeredBy(.machineStart))
        rig.run(for: 200)
        rig.give(.answeredBy(.machineEndBeep))
        rig.run(for: 8_000)
        return reached == state ? rig : CallRig()
    }

    static func endedWhileConfiguring() -> CallRig {
        let rig = CallRig()
        rig.model.echo = nil
        rig.give(.carrierStarted(stream: "MZ1"))
        rig.run(until: 100)
        rig.give(.command(.drain))
        return rig
    }

    /// Two answers in a row, and the onset just as the second begins.
    static func itemStartsWhilePending() -> CallRig {
        var policy = ConversationPolicy()
        policy.digitsInterrupt = false
        let rig = CallRig(policy)
        rig.startAndGreet()
        rig.model.usual.milliseconds = 4_000
        rig.speak("item_u1")
        rig.run(for: 600)
        rig.give(.carrierDigit(0x31))
        rig.withholdsPlayoutStarted = true
        while rig.truth(PlayoutItem(ordinal: 3)) == 0 { rig.run(for: 20) }
        rig.give(.voice(.onset(startedMillisecondsAgo: 0)))
        rig.give(.playoutStarted(PlayoutItem(ordinal: 3)))
        return rig
    }

    /// The model never says that its audio is complete until the caller begins to speak.
    static func heardWhilePending() -> CallRig {
        let rig = CallRig()
        rig.startAndGreet()
        rig.model.usual.isLost = true
        rig.speak("item_u1")
        rig.give(.responseCreated(response: "resp_x"))
        rig.model.schedule(.audio(response: "resp_x", item: "item_x", samples: 1_600), at: rig.now)
        rig.run(for: 120)
        rig.give(.voice(.onset(startedMillisecondsAgo: 0)))
        rig.give(.outputAudioDone(response: "resp_x", item: "item_x"))
        rig.run(for: 340)
        return rig
    }

    static func givenUpWhilePending() -> CallRig {
        let rig = CallRig()
        rig.startAndGreet()
        rig.speak("item_u1")
        rig.run(for: 600)
        rig.give(.voice(.onset(startedMillisecondsAgo: 0)))
        rig.give(.error(ModelError(code: "insufficient_quota")))
        return rig
    }

    static func transferred() -> CallRig {
        let rig = CallRig()
        rig.startAndGreet()
        rig.model.answers = [.init(milliseconds: 1_000, tools: [("call_1", "transfer_call")])]
        rig.speak("item_u1", text: "a person, please")
        rig.run(for: 4_000)
        return rig
    }

    static func transferRefused() -> CallRig {
        let rig = transferred()
        rig.give(.errandFinished(.refused))
        rig.run(for: 4_000)
        return rig
    }

    static func lostWhileAway() -> CallRig {
        let rig = transferred()
        rig.model.close()
        rig.give(.modelClosed(.timedOut))
        rig.give(.errandFinished(.answered))
        return rig
    }

    static func givenUpWhileListening() -> CallRig {
        let rig = CallRig()
        rig.startAndGreet()
        rig.give(.error(ModelError(code: "insufficient_quota")))
        rig.run(for: 6_000)
        return rig
    }

    static func lostWhilePending() -> CallRig {
        let rig = CallRig()
        rig.startAndGreet()
        rig.speak("item_u1")
        rig.run(for: 600)
        rig.give(.voice(.onset(startedMillisecondsAgo: 0)))
        rig.model.close()
        rig.give(.modelClosed(.closed(code: 1_006)))
        rig.run(for: 5_000)
        return rig
    }

    /// The response that says goodbye is done while the caller coughs, or begins "but wait".
    static func endCalledWhilePending(rejected: Bool) -> CallRig {
        let rig = CallRig()
        rig.startAndGreet()
        rig.model.answers = [.init(milliseconds: 6_000, tools: [("call_1", "end_call")])]
        rig.speak("item_u1")
        rig.run(for: 640)
        rig.give(.voice(.onset(startedMillisecondsAgo: 0)))
        rig.run(for: 320)
        rig.give(.voice(rejected ? .lapsed : .sustained))
        rig.run(for: 10_000)
        return rig
    }

    static func endedWhileReconnecting() -> CallRig {
        let rig = CallRig()
        rig.startAndGreet()
        rig.model.close()
        rig.model.refusesToOpen = 9
        rig.give(.modelClosed(.timedOut))
        rig.give(.command(.drain))
        rig.run(for: 6_000)
        return rig
    }

    static func heardWhileReconnecting() -> CallRig {
        let rig = CallRig()
        rig.startAndGreet()
        rig.speak("item_u1")
        rig.run(for: 800)
        rig.model.close()
        rig.model.refusesToOpen = 3
        rig.give(.modelClosed(.closed(code: 1_006)))
        while rig.state == .reconnecting, rig.turns.last?.endedAt == nil { rig.run(for: 20) }
        return rig
    }
}
