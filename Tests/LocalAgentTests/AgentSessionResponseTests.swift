import Testing

@testable import LocalAgent

@Suite struct `Agent session responses` {
    @Test(arguments: [
        (#"Say exactly: \"Good morning, Ann.\""#, "Good morning, Ann."),
        (
            #"Say exactly the following to the caller, word for word and nothing else:\nHello.\nHow are you?"#,
            "Hello. How are you?"
        ),
        (#"  say exactly: it's five o'clock"#, "it's five o'clock"),
    ])
    func `says what the instructions say word for word`(instructions: String, said: String) throws {
        let rehearsal = try AgentRehearsal.configured()
        rehearsal.client(#"{"type":"response.create","response":{"instructions":"\#(instructions)"}}"#)
        rehearsal.settle()
        #expect(rehearsal.take().of("response.output_audio_transcript.done").first?["transcript"]?.string == said)
    }

    @Test func `sends no faster than its pace, and nothing late`() throws {
        let rehearsal = try AgentRehearsal.configured()
        // 40 characters: 2 s of sound in ten deltas of 200 ms; at five times the pace one each 40 ms.
        rehearsal.client(
            #"{"type":"response.create","response":{"instructions":"Say exactly: aaaaaaaaa aaaaaaaaa aaaaaaaaa aaaaaaaaaa"}}"#
        )
        rehearsal.doWork()
        #expect(rehearsal.take().of("response.output_audio.delta").count == 1)
        rehearsal.pass(milliseconds: 39)
        #expect(rehearsal.take().isEmpty)
        rehearsal.pass(milliseconds: 1)
        let second = rehearsal.take()
        #expect(second.of("response.output_audio.delta").count == 1)
        rehearsal.pass(milliseconds: 320)
        let rest = rehearsal.take()
        #expect(rest.of("response.output_audio.delta").count == 8)
        #expect(rest.last?["type"] == "response.done")
    }

    @Test(arguments: [("audio/pcmu", 8), ("audio/pcma", 8), ("audio/pcm", 48)])
    func `speaks in the format of the session`(format: String, bytesPerMillisecond: Int) throws {
        let rehearsal = try AgentRehearsal.configured(
            #"{"type":"realtime","audio":{"output":{"format":{"type":"\#(format)"}}}}"#)
        rehearsal.client(#"{"type":"response.create","response":{"instructions":"Say exactly: word"}}"#)
        rehearsal.settle()
        let bytes = rehearsal.take().of("response.output_audio.delta").reduce(0) {
            $0 + Base64.bytes($1["delta"]?.string ?? "").count
        }
        #expect(bytes == 4 * 50 * bytesPerMillisecond)
    }

    @Test func `writes only text when only text is wanted`() throws {
        let rehearsal = try AgentRehearsal.configured(#"{"type":"realtime","output_modalities":["text"]}"#)
        rehearsal.client(
            #"{"type":"conversation.item.create","item":{"type":"message","role":"user","content":[{"type":"input_text","text":"Thank you!"}]}}"#
        )
        rehearsal.client(#"{"type":"response.create"}"#)
        rehearsal.settle()
        let sent = rehearsal.take()
        #expect(sent.of("response.output_audio.delta").isEmpty)
        #expect(sent.of("response.output_text.done").first?["text"] == "You are welcome. Is there anything else?")
        let item = sent.of("response.done").first?["response"]?["output"]?.array?.first
        #expect(item?["content"]?.array?.first?["type"] == "output_text")
    }

    @Test func `calls a function the session offers, and goes on after its output`() throws {
        let rehearsal = try AgentRehearsal.configured(
            #"{"type":"realtime","tools":[{"type":"function","name":"end_call","parameters":{"type":"object"}}]}"#)
        func say(_ text: String) {
            rehearsal.client(
                #"{"type":"conversation.item.create","item":{"type":"message","role":"user","content":[{"type":"input_text","text":"\#(text)"}]}}"#
            )
            rehearsal.client(#"{"type":"response.create"}"#)
            rehearsal.settle()
        }
        say("goodbye")
        let sent = rehearsal.take()
        let output = try #require(sent.of("response.done").first?["response"]?["output"]?.array)
        #expect(output.map { $0["type"] } == ["message", "function_call"])
        let call = output[1]
        #expect(call["name"] == "end_call" && call["arguments"]?.string == #"{"reason":"caller said goodbye"}"#)
        #expect(sent.of("response.function_call_arguments.done").first?["call_id"] == call["call_id"])
        #expect(sent.of("response.output_item.done").map { $0["output_index"] } == [0, 1])
        #expect(sent.last?["type"] == "response.done")
        let callID = try #require(call["call_id"]?.string)
        rehearsal.client(
            #"{"type":"conversation.item.create","item":{"type":"function_call_output","call_id":"\#(callID)","output":"{}"}}"#
        )
        rehearsal.client(
            #"{"type":"conversation.item.create","item":{"type":"function_call_output","call_id":"call_other","output":"{}"}}"#
        )
        let after = rehearsal.take()
        #expect(after.outline == ["conversation.item.added", "conversation.item.done", "error"])
        #expect(after.last?["error"]?["code"] == "invalid_tool_call_id")
        rehearsal.client(#"{"type":"response.create"}"#)
        rehearsal.settle()
        #expect(rehearsal.take().of("response.output_audio_transcript.done").first?["transcript"] == "All right.")
        // Without the tool it only says goodbye.
        rehearsal.client(#"{"type":"session.update","session":{"type":"realtime","tools":[]}}"#)
        _ = rehearsal.take()
        say("goodbye")
        #expect(rehearsal.take().of("response.function_call_arguments.done").isEmpty)
    }

    @Test func `runs one response of the conversation at a time, others beside it`() throws {
        let rehearsal = try AgentRehearsal.configured()
        rehearsal.client(#"{"type":"response.create"}"#)
        rehearsal.client(#"{"type":"response.create","event_id":"again"}"#)
        let refused = try #require(rehearsal.take().of("error").first?["error"])
        #expect(refused["code"] == "conversation_already_has_active_response" && refused["event_id"] == "again")
        rehearsal.client(
            """
            {"type":"response.create","response":{"conversation":"none","metadata":{"topic":"summary"},
             "output_modalities":["text"],"input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"thank you"}]}]}}
            """)
        rehearsal.settle()
        let sent = rehearsal.take()
        let aside = try #require(
            sent.of("response.done").map { $0["response"] ?? .null }.first { $0["conversation_id"] == .null })
        #expect(aside["metadata"] == ["topic": "summary"] && aside["output_modalities"] == ["text"])
        #expect(sent.of("response.done").count == 2)
        #expect(sent.of("conversation.item.added").count == 1, "what is out of band joins no conversation")
    }

    @Test func `cancels by request, and says when there is nothing to cancel`() throws {
        let rehearsal = try AgentRehearsal.configured()
        rehearsal.client(#"{"type":"response.cancel","event_id":"x1"}"#)
        #expect(rehearsal.take().first?["error"]?["code"] == "response_cancel_not_active")
        rehearsal.client(#"{"type":"response.create"}"#)
        rehearsal.client(#"{"type":"response.cancel"}"#)
        let sent = rehearsal.take()
        #expect(sent.of("response.done").first?["response"]?["status_details"]?["reason"] == "client_cancelled")
        #expect(rehearsal.cancelled.count == 1 && rehearsal.work.isEmpty)
        // Late results of what was cancelled change nothing.
        rehearsal.session.receive(.answered(id: rehearsal.cancelled[0], nil), at: rehearsal.now)
        #expect(rehearsal.session.takeEffects() == [])
        rehearsal.client(#"{"type":"response.create"}"#)
        rehearsal.settle()
        #expect(rehearsal.take().of("response.done").first?["response"]?["status"] == "completed")
    }

    @Test func `stops at the most tokens allowed`() throws {
        let rehearsal = try AgentRehearsal.configured()
        rehearsal.client(
            #"{"type":"response.create","response":{"max_output_tokens":20,"instructions":"Say exactly: a long sentence that does not fit into twenty tokens of sound"}}"#
        )
        rehearsal.settle()
        let response = try #require(rehearsal.take().of("response.done").first?["response"])
        #expect(response["status"] == "incomplete")
        #expect(response["status_details"] == ["type": "incomplete", "reason": "max_output_tokens"])
    }

    @Test func `reports a brain that fails, after what it had said`() throws {
        struct Failing: AgentBrain {
            func answer(
                _ request: AnswerRequest, isCancelled: @escaping @Sendable () -> Bool, give: (AnswerPiece) -> Void
            ) throws(BrainError) {
                give(.say("Well."))
                throw BrainError(code: "rate_limit_exceeded", message: "come back later")
            }
        }
        let rehearsal = try AgentRehearsal.configured()
        rehearsal.brain = Failing()
        rehearsal.client(#"{"type":"response.create"}"#)
        rehearsal.settle()
        let response = try #require(rehearsal.take().of("response.done").first?["response"])
        #expect(response["status"] == "failed")
        #expect(response["status_details"]?["error"]?["code"] == "rate_limit_exceeded")
        #expect(response["output"]?.array?.first?["content"]?.array?.first?["transcript"] == "Well.")
    }
}

@Suite struct `Script brain` {
    @Test(arguments: [
        ("The caller has been silent. Ask in one short sentence whether they are still there.", \PhraseScript.silence),
        ("The conversation is over and say goodbye, in one or two short sentences.", \PhraseScript.goodbye),
        ("Be brief.", \PhraseScript.greeting),
    ])
    func `follows the few instructions it can`(instructions: String, said: KeyPath<PhraseScript, String> & Sendable)
        throws
    {
        let rehearsal = try AgentRehearsal.configured()
        rehearsal.client(#"{"type":"response.create","response":{"instructions":"\#(instructions)"}}"#)
        rehearsal.settle()
        let transcript = rehearsal.take().of("response.output_audio_transcript.done").first?["transcript"]?.string
        #expect(transcript == DefaultScript.script[keyPath: said])
    }
}
