import Testing

@testable import CarrierPhone

@Suite struct `TwiML document` {
    @Test func `finds the stream with its parameters, callbacks and action`() throws {
        let document = try TwiMLDocument(
            Array(
                """
                <?xml version="1.0" encoding="UTF-8"?>
                <!-- a comment -->
                <Response>
                  <Connect action="https://b.example/after?a=1&amp;b=2" method="POST">
                    <Stream url="wss://b.example/twilio/media/t0k3n" name="main" statusCallback="https://b.example/s">
                      <Parameter name="tenant" value="T &lt;1&gt;"/>
                      <Parameter name="שם" value="ערך"/>
                    </Stream>
                  </Connect>
                  <Say>Transferring you.</Say><Hangup/>
                </Response>
                """.utf8))
        let stream = try document.stream()
        #expect(
            stream
                == .init(
                    url: "wss://b.example/twilio/media/t0k3n",
                    parameters: [("tenant", "T <1>"), ("שם", "ערך")], name: "main",
                    statusCallback: "https://b.example/s", action: "https://b.example/after?a=1&b=2"))
        #expect(document.verbs.map { $0.summary } == ["Connect", "Say: Transferring you.", "Hangup"])
    }

    @Test func `reads a rejection, a spoken refusal and an empty answer`() throws {
        let reject = try TwiMLDocument(Array(#"<Response><Reject reason="busy"/></Response>"#.utf8))
        #expect(reject.verbs.first?.name == "Reject" && reject.verbs.first?.attributes["reason"] == "busy")
        let say = try TwiMLDocument(Array(#"<Response><Say language="he-IL">שלום</Say><Hangup/></Response>"#.utf8))
        #expect(say.verbs.map { $0.summary } == ["Say: שלום", "Hangup"])
        #expect(try say.stream() == nil)
        #expect(try TwiMLDocument(Array("<Response/>".utf8)).verbs.isEmpty)
    }

    @Test(arguments: [
        ("", "the answer is not XML: line"),
        ("{}", "the answer is not XML: line"),
        ("<Response><Say>", "the answer is not XML: line"),
        ("<Response><Say>a & b</Say></Response>", "the answer is not XML: line"),
        ("<response/>", "the answer's root is <response>, <Response> was expected"),
        ("<Response><say>x</say></Response>", "the answer has <say>, which is no verb"),
        ("<Response><Connect/></Response>", "<Connect> has no <Stream>"),
        ("<Response><Connect><Stream/></Connect></Response>", "<Stream> has no url"),
        (
            "<Response><Connect><Stream url='wss://x'><Parameter name='a'/></Stream></Connect></Response>",
            "<Stream> has a <Parameter> without name and value"
        ),
    ])
    func `says what a carrier would complain about`(text: String, message: String) {
        do throws(TwiMLDocument.Failure) {
            _ = try TwiMLDocument(Array(text.utf8)).stream()
            Issue.record("accepted \(text)")
        } catch {
            #expect(error.message.hasPrefix(message), "\(error.message)")
        }
    }

    @Test func `refuses a parameter of 500 characters`() throws {
        let value = String(repeating: "x", count: 500)
        let document = try TwiMLDocument(
            Array(
                "<Response><Connect><Stream url='wss://x'><Parameter name='a' value='\(value)'/></Stream></Connect></Response>"
                    .utf8))
        #expect(throws: TwiMLDocument.Failure.self) { try document.stream() }
    }
}
