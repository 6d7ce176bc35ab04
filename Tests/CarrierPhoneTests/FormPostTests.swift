import Recording
import Testing

@testable import CarrierPhone

@Suite struct `Webhook requests` {
    @Test func `escapes a form as browsers do`() {
        #expect(FormPost.escape("+1 500*#é&=") == "%2B1+500*%23%C3%A9%26%3D")
    }

    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcdef", 200, "abc"),
        ("HTTP/1.1 403 Forbidden\r\n\r\n", 403, ""),
        ("HTTP/1.0 200 OK\r\nX: y\r\n\r\nto the end", 200, "to the end"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x\r\nde\r\n0\r\n\r\n", 200, "abcde"),
    ])
    func `reads an answer by length, by chunks or to the end`(text: String, status: Int, body: String) throws {
        let answer = try #require(FormPost.answer(Array(text.utf8)))
        #expect(answer.status == status)
        #expect(String(decoding: answer.body, as: UTF8.self) == body)
    }

    @Test(arguments: [
        "", "HTTP/1.1 200 OK\r\n", "hello\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFF\r\nabc", "HTTP/1.1 OK\r\n\r\n",
    ])
    func `a broken answer is none`(text: String) { #expect(FormPost.answer(Array(text.utf8)) == nil) }

    @Test(arguments: [
        ("http://127.0.0.1:8080/twilio/voice?x=1", "127.0.0.1", 8_080, "/twilio/voice?x=1", "127.0.0.1:8080"),
        ("https://b.example", "b.example", 443, "/", "b.example"),
        ("https://[::1]:9/a", "::1", 9, "/a", "[::1]:9"),
        ("http://b.example?x", "b.example", 80, "/?x", "b.example"),
    ])
    func `splits a URL without touching it`(
        text: String, host: String, port: Int, target: String, authority: String
    ) throws {
        let address = try WebAddress(text, schemes: ["http", "https"], field: "url")
        #expect(address.host == host && address.port == port)
        #expect(address.target == target && address.authority == authority && address.text == text)
    }

    @Test(arguments: ["", "b.example", "ftp://b.example", "http://", "http://b:0/", "http://b:x/", "http://a b/"])
    func `refuses what is no URL`(text: String) {
        do throws(CarrierPhoneError) {
            _ = try WebAddress(text, schemes: ["http", "https"], field: "--url")
            Issue.record("accepted \(text)")
        } catch {
            #expect(
                error.message == "--url: \"\(text)\" is no URL, http:// or https://HOST[:PORT][/PATH] was expected")
        }
    }

    @Test func `resolves what an answer names against the webhook`() throws {
        let base = try WebAddress("https://b.example:8443/twilio/voice?x=1", schemes: ["https"], field: "url")
        #expect(base.resolve("/media/t", webSocket: true) == "wss://b.example:8443/media/t")
        #expect(base.resolve("after", webSocket: false) == "https://b.example:8443/twilio/after")
        #expect(base.resolve("ws://other/x", webSocket: true) == "ws://other/x")
        #expect(try WebAddress("wss://b/x?y=1", schemes: ["wss"], field: "url").withoutQuery == "wss://b/x")
    }

    @Test func `an utterance needs a mono file at 8 kHz, and says so`() throws {
        let path = "/tmp/media-bridge-utterance-\(UInt64.random(in: 0 ... .max)).wav"
        try WAVFile(format: WAVFormat(channels: 1, sampleRateHz: 16_000), samples: [1, 2]).write(path: path)
        do throws(CarrierPhoneError) {
            _ = try PhoneUtterance(wavFile: path, .at(milliseconds: 0))
            Issue.record("16 kHz was accepted")
        } catch {
            #expect(error.message == "\(path): its sample rate is 16000 Hz, 8000 Hz was expected")
        }
        try WAVFile(format: WAVFormat(channels: 1, sampleRateHz: 8_000), samples: [0, 1_000]).write(path: path)
        #expect(try PhoneUtterance(wavFile: path, .at(milliseconds: 0)).audio == [0xFF, 0xCE])
    }

    @Test func `a webhook that nobody serves is a clear failure`() async {
        let post = FormPost(url: "http://127.0.0.1:1/x", form: [], authToken: "")
        do throws(CarrierPhoneError) {
            _ = try await post.send()
            Issue.record("port 1 answered")
        } catch {
            #expect(error.message == "http://127.0.0.1:1 cannot be reached: Connection refused")
        }
    }
}
