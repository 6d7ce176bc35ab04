import Logging
import Testing

@testable import Telemetry

@Suite struct `Redaction of log lines` {
    @Test(arguments: [
        ("calling +15551234567 now", "calling [phone ..67] now"),
        ("+1 (555) 123-4567", "[phone ..67]"),
        ("555-123-4567 or (555) 123-4567", "[phone ..67] or [phone ..67]"),
        ("15551234567", "[phone ..67]"),
        ("tel:+97221234567;ext=2", "tel:[phone ..67];ext=2"),
        ("From=%2B15551234567&To=%2B15557654321", "From=[phone ..67]&To=[phone ..21]"),
        ("sip:+442071838750@host", "sip:[phone ..50]@host"),
        ("Authorization: Bearer eyJhbGciOi.J9", "Authorization: Bearer [secret]"),
        ("authorization: basic QUM6c2VjcmV0", "authorization: basic [secret]"),
        ("Incorrect API key provided: sk-proj-abcd1234efgh.", "Incorrect API key provided: sk-[secret]"),
        ("ek_68af296e8e408191a1120ab6383263c2", "ek_[secret]"),
        ("auth 0123456789abcdef0123456789abcdef end", "auth [secret] end"),
        ("https://user:hunter2@example.org/path", "https://[secret]@example.org/path"),
        ("wss://h/twilio/media/Zm9vYmFy?x=1", "wss://h/twilio/media/[secret]"),
        ("url?token=abc&x=1", "url?token=[secret]&x=1"),
        ("password=hunter2, retry", "password=[secret], retry"),
    ])
    func `S72 takes out numbers, keys and passwords`(text: String, expected: String) {
        #expect(Redaction.redact(text) == expected)
    }

    @Test(arguments: [
        "CA0123456789abcdef0123456789abcdef", "MZ0123456789abcdef0123456789abcdef",
        "2026-11-22T19:10:00.123Z", "2026-11-22 19:10:00", "550e8400-e29b-41d4-a716-446655440000", "192.168.100.200",
        "frames=30000 dropped=12", "127.0.0.1:8080", "event_4f1b 123456789", "שלום לך", "", "+", "+12345", "1",
        "resp_0123456789abcdef", "sk-", "0.9999999999999",
    ])
    func `leaves alone what a log needs`(text: String) {
        #expect(Redaction.redact(text) == text)
    }

    @Test(arguments: [
        ("auth_token", "abc", "[secret]"), ("OPENAI_API_KEY", "abc", "[secret]"), ("password", "", "[secret]"),
        ("transcript", "my card is 4111", "[15 characters]"), ("text", "שלום", "[4 characters]"),
        ("from", "anonymous", "anonymous"), ("to", "5551234", "[phone ..34]"),
        ("reason", "callerHungUp", "callerHungUp"),
        ("url", "wss://h/?key=abcd", "wss://h/?key=[secret]"),
    ])
    func `S72 knows what a key stands for`(key: String, value: String, expected: String) {
        #expect(Redaction.redact(value, forKey: key) == expected)
    }

    @Test func `no position of a number in a line lets a digit more than the last two through`() {
        let number = "+15551234567"
        for before in ["", " ", "from ", "(", "\"", "=", ":", "/", ",", "<", "tel:", "é"] {
            for after in ["", " ", ".", ",", ")", "\"", ";", "/", ">", "\n", " 42", "é"] {
                #expect(!Redaction.redact(before + number + after).contains("5512"))
            }
        }
    }
}
