/// The script used when none is given. It fits what recorded telephone prompts say, so that a trial call needs no
/// speaking person: the recordings are files of Debian's `asterisk-core-sounds-en-wav`.
public enum DefaultScript {
    public static let script = PhraseScript(
        greeting: "Hello. You are talking to the media bridge test agent. How can I help you?",
        otherwise: "Sorry, I did not understand that.",
        silence: "Are you still there?",
        goodbye: "I have to end this call now. Goodbye.",
        entries: [
            .init(hear: ["hello world", "hello"], say: "Hello to you too. I can hear you well. What has happened?"),
            .init(
                hear: ["weasels have eaten our phone system"],
                say: """
                    Oh dear, that is the third report of weasels today. Please do not feed them. First, switch the phone \
                    system off and count slowly to ten. Then look under every desk, because weasels like warm cables. \
                    When you have found them, offer them an egg, open the back door, and walk quietly into the garden. \
                    They will follow you. After that, check each cable for small teeth marks, and write down what you see.
                    """),
            .init(hear: ["something is terribly wrong"], say: "I am sorry to hear that. What exactly is wrong?"),
            .init(hear: ["one moment please"], say: "Of course. Take your time. I will wait."),
            .init(
                hear: ["information about your last call"],
                say: "Your last call took two minutes and ten seconds. Nothing unusual happened."),
            .init(hear: ["please try again"], say: "I am trying once more. It looks better now."),
            .init(hear: ["I'm sorry"], say: "No harm done. These things happen."),
            .init(hear: ["thank you"], say: "You are welcome. Is there anything else?"),
            .init(
                hear: ["goodbye"], say: "Goodbye, and thank you for calling.",
                tool: .init(name: "end_call", arguments: #"{"reason":"caller said goodbye"}"#)),
        ])

    /// What each recording says; the names are below `/usr/share/asterisk/sounds/en_US_f_Allison`, without `.wav`.
    public static let recordings: [(name: String, words: String)] = [
        ("hello-world", "hello world"), ("tt-weasels", "weasels have eaten our phone system"),
        ("something-terribly-wrong", "something is terribly wrong"), ("one-moment-please", "one moment please"),
        ("info-about-last-call", "information about your last call"), ("please-try-again", "please try again"),
        ("im-sorry", "i'm sorry"), ("vm-goodbye", "goodbye"),
    ]

    /// A call that reads naturally: the answer to the second lasts some 20 s and is there to be interrupted by the
    /// third; the answer to the last hangs up.
    public static let conversation = [
        "hello-world", "tt-weasels", "one-moment-please", "info-about-last-call", "vm-goodbye",
    ]
}
