/// The few answers we give in Twilio's markup.
enum TwiML {
    static let type = "text/xml; charset=utf-8"

    static func reject(busy: Bool) -> String { document(busy ? #"<Reject reason="busy"/>"# : "<Reject/>") }

    static let hangUp = document("<Hangup/>")

    /// Hands the call's audio to us; `afterStream` is asked what comes next when we close the stream.
    /// - Parameter recordingCallback: nil unless the carrier is to record the call, each side in a channel of its own.
    static func stream(
        _ url: String, afterStream: String, statusCallback: String, recordingCallback: String? = nil
    ) -> String {
        let recording = recordingCallback.map { callback in
            """
            <Start><Recording channels="dual" trim="do-not-trim" recordingStatusCallback="\(escaped(callback))" \
            recordingStatusCallbackMethod="POST" recordingStatusCallbackEvent="completed absent"/></Start>
            """
        }
        return document(
            """
            \(recording ?? "")<Connect action="\(escaped(afterStream))" method="POST">\
            <Stream url="\(escaped(url))" statusCallback="\(escaped(statusCallback))"/></Connect>
            """)
    }

    /// The call's audio comes back to us, after `keys` were pressed for the far end.
    static func streamAgain(
        _ stream: CallStream, afterKeys keys: String? = nil, origin: PublicOrigin
    ) -> String {
        let play = keys.map { #"<Play digits="\#(escaped($0))"/>"# } ?? ""
        let parameter = stream.tenant.map { #"<Parameter name="tenant" value="\#(escaped($0))"/>"# } ?? ""
        return document(
            """
            \(play)<Connect action="\(escaped("\(origin.http)/twilio/after-stream"))" method="POST">\
            <Stream url="\(escaped("\(origin.webSocket)\(stream.path)"))" \
            statusCallback="\(escaped("\(origin.http)/twilio/stream-status"))">\(parameter)</Stream></Connect>
            """)
    }

    /// Calls a person; `afterDial` is asked what comes next when that is over, or when nobody was reached.
    static func dial(_ address: String, ringSeconds: Int, callerID: String?, afterDial: String) -> String {
        document(dialVerb(address, ringSeconds: ringSeconds, callerID: callerID, afterDial: afterDial))
    }

    private static func dialVerb(
        _ address: String, ringSeconds: Int, callerID: String?, afterDial: String
    ) -> String {
        let caller = callerID.map { #" callerId="\#(escaped($0))""# } ?? ""
        let noun = address.hasPrefix("sip") ? "Sip" : "Number"
        return """
            <Dial answerOnBridge="true" timeout="\(ringSeconds)"\(caller) action="\(escaped(afterDial))" \
            method="POST"><\(noun)>\(escaped(address))</\(noun)></Dial>
            """
    }

    /// - Parameter language: ISO 639-1.
    static func sayAndHangUp(_ words: String, language: String) -> String {
        document(say(words, language: language) + "<Hangup/>")
    }

    /// Says something and then calls a person; `afterDial` as for `dial`.
    static func sayAndDial(
        _ words: String, language: String, _ address: String, ringSeconds: Int, callerID: String?, afterDial: String
    ) -> String {
        document(
            say(words, language: language)
                + dialVerb(address, ringSeconds: ringSeconds, callerID: callerID, afterDial: afterDial))
    }

    private static func say(_ words: String, language: String) -> String {
        #"<Say language="\#(escaped(locale(language)))">\#(escaped(words))</Say>"#
    }

    private static func document(_ content: String) -> String {
        #"<?xml version="1.0" encoding="UTF-8"?><Response>\#(content)</Response>"#
    }

    /// For text and for attributes in double quotes. What XML 1.0 cannot hold is left out.
    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&apos;"
            case "\t", "\n", "\r": result += "&#\(scalar.value);"
            case "\u{0}"..."\u{1F}", "\u{FFFE}", "\u{FFFF}": continue
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// `<Say>` wants a region with most languages.
    /// Source: twilio.com/docs/voice/twiml/say, language attribute (2026).
    private static func locale(_ language: String) -> String {
        switch language {
        case "ar": "ar-AE"
        case "da": "da-DK"
        case "el": "el-GR"
        case "en": "en-US"
        case "he": "he-IL"
        case "hi": "hi-IN"
        case "ja": "ja-JP"
        case "ko": "ko-KR"
        case "nb", "no": "nb-NO"
        case "pt": "pt-PT"
        case "sv": "sv-SE"
        case "zh": "cmn-CN"
        case "uk": "uk-UA"
        case "cs": "cs-CZ"
        case "ca": "ca-ES"
        case "vi": "vi-VN"
        default: "\(language)-\(language.uppercased())"
        }
    }
}
