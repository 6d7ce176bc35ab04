import AudioPipeline
import SpeechToText

extension Stages {
    static var builtInRecognizers: [RecognizerEntry] {
        [
            RecognizerEntry(
                name: "pocketsphinx", about: "offline, English, 16 kHz, by utterance: phrases, or anything, badly",
                options: [
                    StageOption(
                        "phrases", "what may be said, separated by `|`; left out: any English, one in three right")
                ]
            ) { options throws(StageFault) in
                let phrases = (options.take("phrases") ?? "").split(separator: "|").map {
                    String($0.trimmingSpaces)
                }
                return { () throws(RecognitionError) in
                    phrases.isEmpty
                        ? UtteranceStream(try PocketsphinxDictation())
                        : UtteranceStream(try PocketsphinxRecognizer(phrases: phrases))
                }
            },
            RecognizerEntry(
                name: "scripted", about: "texts from a script, one for each utterance, for tests and rehearsals",
                options: [StageOption("texts", "separated by `|`; then nothing is understood")]
            ) { options throws(StageFault) in
                let texts = try options.require("texts", "texts separated by `|`").split(
                    separator: "|", omittingEmptySubsequences: false)
                return { () throws(RecognitionError) in
                    UtteranceStream(ScriptedRecognizer(texts: texts.map(String.init)))
                }
            },
        ]
    }
}

extension Substring {
    fileprivate var trimmingSpaces: Substring {
        var rest = self
        while rest.first == " " { rest.removeFirst() }
        while rest.last == " " { rest.removeLast() }
        return rest
    }
}
