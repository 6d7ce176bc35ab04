import CarrierPhone
import LocalAgent
import SpeechToText

/// A short conversation with the local agent: real sockets, real voices, and ears that hear what they are told to.
enum SpokenScript {
    static let longAnswer = """
        First open the door, then count the chairs, then count the tables, then close the door again, \
        and then tell me what you have seen in the room.
        """

    static func options(hearing texts: [String]) -> LocalAgentOptions {
        var options = LocalAgentOptions()
        options.script = PhraseScript(
            greeting: "Good morning.", otherwise: "What was that?", silence: "Hello?",
            entries: [
                .init(hear: ["hello world"], say: longAnswer),
                .init(hear: ["i'm sorry"], say: "No harm done."),
                .init(hear: ["goodbye"], say: "Goodbye.", tool: .init(name: "end_call")),
            ])
        options.hearingThreads = 1
        options.makeRecognizer = { ScriptedRecognizer(texts: texts) }
        return options
    }

    static func utterance(_ name: String, _ moment: PhoneMoment) throws -> PhoneUtterance {
        try PhoneUtterance(wavFile: "/usr/share/asterisk/sounds/en_US_f_Allison/\(name).wav", moment)
    }
}
