import Testing

@testable import LocalAgent

@Suite struct `Agent session configuration` {
    @Test func `tells its defaults at once`() throws {
        var settings = AgentSession.Settings()
        settings.model = "gpt-realtime"
        settings.startUnixSeconds = 1_000
        let rehearsal = AgentRehearsal(settings)
        let created = try #require(rehearsal.take().first)
        #expect(created["type"] == "session.created")
        let session = try #require(created["session"])
        #expect(session["object"] == "realtime.session")
        #expect(session["model"] == "gpt-realtime")
        #expect(session["expires_at"] == 4_600)
        #expect(session["audio"]?["input"]?["format"] == ["type": "audio/pcm", "rate": 24_000])
        #expect(session["audio"]?["input"]?["transcription"] == .null)
        let detection = session["audio"]?["input"]?["turn_detection"]
        #expect(detection?["type"] == "server_vad" && detection?["create_response"] == true)
        #expect(detection?["silence_duration_ms"] == 500 && detection?["prefix_padding_ms"] == 300)
        #expect(session["max_output_tokens"] == "inf")
    }

    @Test func `changes what is given, keeps the rest and echoes all of it`() throws {
        let rehearsal = AgentRehearsal()
        _ = rehearsal.take()
        rehearsal.client(
            """
            {"type":"session.update","event_id":"cfg-1","session":{"type":"realtime","output_modalities":["audio"],
             "instructions":"\u{5E9}\u{5DC}\u{5D5}\u{5DD} \\"you\\"","max_output_tokens":1024,
             "audio":{"input":{"format":{"type":"audio/pcmu"},
               "transcription":{"model":"gpt-4o-mini-transcribe","language":"en"},
               "turn_detection":{"type":"server_vad","silence_duration_ms":700,"create_response":false,
                 "interrupt_response":false,"idle_timeout_ms":8000}},
              "output":{"format":{"type":"audio/pcma"},"voice":"marin","speed":1.25}},
             "tools":[{"type":"function","name":"end_call","parameters":{"type":"object","properties":{}}}],
             "tool_choice":"auto"}}
            """)
        rehearsal.client(
            #"{"type":"session.update","session":{"type":"realtime","audio":{"input":{"turn_detection":{"type":"server_vad","threshold":0.75}}}}}"#
        )
        let updates = rehearsal.take()
        #expect(updates.map { $0["type"] } == ["session.updated", "session.updated"])
        let session = try #require(updates.last?["session"])
        #expect(session["instructions"]?.string == "\u{5E9}\u{5DC}\u{5D5}\u{5DD} \"you\"")
        #expect(session["audio"]?["input"]?["format"] == ["type": "audio/pcmu"])
        #expect(session["audio"]?["output"]?["format"] == ["type": "audio/pcma"])
        #expect(session["audio"]?["output"]?["voice"] == "marin")
        #expect(session["audio"]?["output"]?["speed"] == 1.25)
        #expect(session["audio"]?["input"]?["transcription"]?["language"] == "en")
        let detection = try #require(session["audio"]?["input"]?["turn_detection"])
        #expect(detection["threshold"] == 0.75 && detection["silence_duration_ms"] == 700)
        #expect(detection["create_response"] == false && detection["idle_timeout_ms"] == 8_000)
        #expect(session["tools"]?.array?.first?["name"] == "end_call")
        #expect(session["max_output_tokens"] == 1_024)
        rehearsal.client(
            #"{"type":"session.update","session":{"type":"realtime","instructions":"","tools":[],"max_output_tokens":"inf","audio":{"input":{"turn_detection":null,"transcription":null}}}}"#
        )
        let cleared = try #require(rehearsal.take().last?["session"])
        #expect(cleared["instructions"] == "" && cleared["tools"] == [] && cleared["max_output_tokens"] == "inf")
        #expect(cleared["audio"]?["input"]?["turn_detection"] == .null)
        #expect(cleared["audio"]?["input"]?["transcription"] == .null)
    }

    @Test(arguments: [
        (#"{"instructions":"x"}"#, "missing_required_parameter", "session.type"),
        (#"{"type":"chat"}"#, "invalid_value", "session.type"),
        (#"{"type":"transcription"}"#, "invalid_value", "session.type"),
        (#"{"type":"realtime","temperature":0.8}"#, "unknown_parameter", "session.temperature"),
        (#"{"type":"realtime","instructions":7}"#, "invalid_type", "session.instructions"),
        (
            #"{"type":"realtime","audio":{"input":{"format":{"type":"audio/opus"}}}}"#, "invalid_value",
            "session.audio.input.format.type"
        ),
        (
            #"{"type":"realtime","audio":{"output":{"format":{"type":"audio/pcm","rate":16000}}}}"#, "invalid_value",
            "session.audio.output.format.rate"
        ),
        (
            #"{"type":"realtime","audio":{"output":{"speed":3}}}"#, "decimal_above_max_value",
            "session.audio.output.speed"
        ),
        (
            #"{"type":"realtime","audio":{"output":{"voice":"bob"}}}"#, "invalid_value",
            "session.audio.output.voice"
        ),
        (
            #"{"type":"realtime","audio":{"input":{"turn_detection":{"type":"server_vad","threshold":"high"}}}}"#,
            "invalid_type", "session.audio.input.turn_detection.threshold"
        ),
        (
            #"{"type":"realtime","audio":{"input":{"turn_detection":{"type":"server_vad","eagerness":"low"}}}}"#,
            "unknown_parameter", "session.audio.input.turn_detection.eagerness"
        ),
        (
            #"{"type":"realtime","max_output_tokens":5000}"#, "integer_above_max_value", "session.max_output_tokens"
        ),
        (#"{"type":"realtime","output_modalities":["audio","text"]}"#, "invalid_value", "session.output_modalities"),
        (
            #"{"type":"realtime","tools":[{"type":"function","name":"no spaces"}]}"#, "invalid_value",
            "session.tools[0].name"
        ),
        (#"{"type":"realtime","tools":[{"type":"function"}]}"#, "missing_required_parameter", "session.tools[0].name"),
        (#"{"type":"realtime","tool_choice":"maybe"}"#, "invalid_value", "session.tool_choice"),
        ("[]", "invalid_type", "session"),
    ])
    func `refuses a wrong field by name and keeps the session as it was`(
        session: String, code: String, param: String
    ) throws {
        let rehearsal = AgentRehearsal()
        _ = rehearsal.take()
        let before = rehearsal.session.configuration
        rehearsal.client(#"{"type":"session.update","event_id":"mine","session":\#(session)}"#)
        let sent = rehearsal.take()
        #expect(sent.map { $0["type"] } == ["error"])
        let error = try #require(sent.first?["error"])
        #expect(error["type"] == "invalid_request_error")
        #expect(error["code"]?.string == code)
        #expect(error["param"]?.string == param)
        #expect(error["event_id"] == "mine")
        #expect(error["message"]?.string?.isEmpty == false)
        #expect(rehearsal.session.configuration == before)
    }

    @Test(arguments: [
        ("{", "invalid_json"), ("", "invalid_json"), ("[1]", "invalid_type"), ("\u{1}", "invalid_json"),
        (#"{"event_id":"x"}"#, "missing_required_parameter"), (#"{"type":5}"#, "invalid_type"),
        (#"{"type":"session.rename"}"#, "invalid_value"), (#"{"type":"session.update"}"#, "missing_required_parameter"),
        (#"{"type":"input_audio_buffer.append"}"#, "missing_required_parameter"),
        (#"{"type":"input_audio_buffer.append","audio":"***"}"#, "invalid_value"),
    ])
    func `answers nonsense with an error and stays`(message: String, code: String) throws {
        let rehearsal = AgentRehearsal()
        _ = rehearsal.take()
        rehearsal.client(message)
        let sent = rehearsal.take()
        #expect(sent.map { $0["type"] } == ["error"])
        #expect(sent.first?["error"]?["code"]?.string == code)
        #expect(rehearsal.closed == nil)
        rehearsal.client(#"{"type":"input_audio_buffer.clear"}"#)
        #expect(rehearsal.types() == ["input_audio_buffer.cleared"])
    }

    @Test func `refuses the retired beta and ends after an hour`() {
        var settings = AgentSession.Settings()
        settings.asksForBeta = true
        let beta = AgentRehearsal(settings)
        #expect(beta.take().first?["error"]?["code"] == "beta_api_shape_disabled")
        #expect(beta.closed == 4_000)
        let rehearsal = AgentRehearsal()
        _ = rehearsal.take()
        rehearsal.pass(milliseconds: 3_599_000)
        #expect(rehearsal.closed == nil)
        rehearsal.pass(milliseconds: 1_000)
        let error = rehearsal.take().last?["error"]
        #expect(error?["code"] == "session_expired")
        #expect(error?["message"] == "Your session hit the maximum duration of 60 minutes.")
        #expect(rehearsal.closed == 1_001)
    }

    @Test func `freezes the voice once it has spoken`() throws {
        let rehearsal = try AgentRehearsal.configured()
        rehearsal.client(#"{"type":"response.create"}"#)
        rehearsal.settle()
        _ = rehearsal.take()
        rehearsal.client(
            #"{"type":"session.update","session":{"type":"realtime","audio":{"output":{"voice":"cedar"}}}}"#)
        #expect(rehearsal.take().first?["error"]?["code"] == "cannot_update_voice")
    }
}
