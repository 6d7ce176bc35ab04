/// A machine that picked up (S52).
struct AnsweringMachine {
    enum Stage {
        /// A person, as far as is known.
        case none
        /// It speaks its announcement: we are quiet.
        case announcing
        /// It records: the message is to be said as soon as there is a voice for it.
        case recording
        /// The message was asked for.
        case told
    }

    var stage = Stage.none
    /// The announcement is not waited for longer.
    var limit = CallInstant.start
}

extension Conversation {
    mutating func answered(by party: AnsweringParty, _ actions: inout ActionList) {
        switch party {
        case .human, .unknown:
            guard machine.stage == .announcing else { return }
            machine.stage = .none  // The carrier has changed its mind: the call goes on as with a person.
            disarm(.answeringMachine, &actions)
            return
        case .machineStart, .machineEndBeep, .machineEndSilence, .machineEndOther, .fax: break
        }
        actions.append(.note(.machineAnswered))
        switch policy.answeringMachine {
        case .ignore: return
        // Nobody is there to say it.
        case .leaveMessage where policy.mode == .transcribe: return
        case .leaveMessage where party != .fax: break
        case .leaveMessage, .hangUp: return end(.answeringMachine, &actions)
        }
        guard ending == nil, machine.stage == .none || machine.stage == .announcing else { return }
        if party.isRecording {
            machine.stage = .recording
        } else if machine.stage == .none {
            machine.stage = .announcing
            machine.limit = now.advanced(byMilliseconds: policy.machineWaitMilliseconds)
            arm(.answeringMachine, at: machine.limit, &actions)
            owed = nil
            take(.machineAnswered, &actions)
        }
    }

    /// The local detector's edges tell when the announcement pauses; a carrier that tells its end is quicker.
    mutating func machineVoice(_ edge: VoiceEdge, _ actions: inout ActionList) {
        var time = machine.limit
        switch edge {
        case .onset, .sustained, .echo: break
        case .lapsed, .offset: time = min(time, now.advanced(byMilliseconds: policy.machineSilenceMilliseconds))
        }
        arm(.answeringMachine, at: time, &actions)
    }

    mutating func announcementOver(_ actions: inout ActionList) {
        if machine.stage == .announcing { machine.stage = .recording }
    }

    /// Part of `settle`: nothing is said to an announcement; the message is said once, when there is a session for it.
    mutating func settleMachine(_ actions: inout ActionList) {
        switch machine.stage {
        case .none, .told: return
        case .announcing: owed = nil
        case .recording:
            owed = nil
            guard link.stage == .ready, ending == nil, canTake(.endAnnounced) else { return }
            machine.stage = .told
            disarm(.answeringMachine, &actions)
            announceEnd(.answeringMachine, &actions)
        }
    }
}
