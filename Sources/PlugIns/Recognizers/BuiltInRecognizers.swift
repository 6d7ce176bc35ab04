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
                let phrases = phrases(options.take("phrases"))
                return { () throws(RecognitionError) in
                    phrases.isEmpty
                        ? UtteranceStream(try PocketsphinxDictation())
                        : UtteranceStream(try PocketsphinxRecognizer(phrases: phrases))
                }
            },
            RecognizerEntry(
                name: "vosk", about: "a Vosk server, streaming, 8 kHz",
                options: [
                    StageOption("url", "ws://HOST:2700 or wss://..."),
                    StageOption("phrases", "all that may be said, separated by `|`, where its model can do that"),
                    StageOption("authorities", "PEM file of the authorities to trust instead of the system's"),
                ]
            ) { options throws(StageFault) in
                var vosk = VoskRecognizer.Options(url: try webSocketAddress(options.require("url", "ws://HOST:2700")))
                vosk.phrases = phrases(options.take("phrases"))
                vosk.authorities = options.take("authorities")
                let (made, loop) = (vosk, RecognizerLoop())
                return { () throws(RecognitionError) in try VoskRecognizer(made, on: loop) }
            },
            RecognizerEntry(
                name: "deepgram", about: "Deepgram's live interface, or a server that speaks it, streaming, 8 kHz",
                options: [
                    StageOption("apiKey", "as a field of the stage, `apiKey: ${NAME}`"),
                    StageOption("url", "left out: wss://api.deepgram.com/v1/listen"),
                    StageOption("model", "left out: nova-3"),
                    StageOption("language", "as the server names it; left out: what it takes by itself"),
                    StageOption("endpointing", "milliseconds of silence that end an utterance; left out: 300"),
                    StageOption("phrases", "words that are likely, separated by `|`"),
                    StageOption("authorities", "PEM file of the authorities to trust instead of the system's"),
                ]
            ) { options throws(StageFault) in
                var deepgram = DeepgramRecognizer.Options()
                deepgram.apiKey = try options.require("apiKey", "`apiKey: ${NAME}` beside `engine`")
                if let url = options.take("url") { deepgram.url = try webSocketAddress(url) }
                if let model = options.take("model") { deepgram.model = model }
                deepgram.language = options.take("language")
                deepgram.endpointingMilliseconds = try options.integer("endpointing", in: 10...5_000, default: 300)
                deepgram.phrases = phrases(options.take("phrases"))
                deepgram.authorities = options.take("authorities")
                let (made, loop) = (deepgram, RecognizerLoop())
                return { () throws(RecognitionError) in try DeepgramRecognizer(made, on: loop) }
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

    private static func phrases(_ text: String?) -> [String] {
        (text ?? "").split(separator: "|").map { String($0.trimmingSpaces) }.filter { !$0.isEmpty }
    }

    private static func webSocketAddress(_ url: String) throws(StageFault) -> String {
        guard url.hasPrefix("ws://") || url.hasPrefix("wss://") else {
            throw StageFault("option `url`: `\(url)` does not fit; ws:// or wss:// was expected")
        }
        return url
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
