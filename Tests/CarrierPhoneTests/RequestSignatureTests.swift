import Testing

@testable import CarrierPhone

@Suite struct `Request signature` {
    private static let token = "0123456789abcdef0123456789abcdef"
    private static let url = "https://bridge.example.com/twilio/voice?tenant=a%20b&x=1"
    private static let form: [(name: String, value: String)] = [
        ("AccountSid", "AC00000000000000000000000000000001"), ("ApiVersion", "2010-04-01"),
        ("CallSid", "CA00000000000000000000000000000001"), ("CallStatus", "ringing"), ("CallerCity", ""),
        ("Digits", "1#*"), ("Direction", "inbound"), ("From", "+15005550006"), ("To", "+15005550001"),
    ]

    @Test func `agrees with the carrier's published example`() {
        let form: [(name: String, value: String)] = [
            ("CallSid", "CA1234567890ABCDE"), ("Caller", "+14158675309"), ("Digits", "1234"),
            ("From", "+14158675309"), ("To", "+18005551212"),
        ]
        let signature = RequestSignature.sign(
            url: "https://mycompany.com/myapp.php?foo=1&bar=2", form: form, authToken: "12345")
        #expect(signature == "RSOYDt4T1cUTdK1PDd93/VVr8B8=")
    }

    @Test func `signs a form in byte order of its names, whatever order it came in`() {
        #expect(sign(Self.url, Self.form) == "68OZDqMm5zhBTUXKUufmX7ntxZM=")
        #expect(sign(Self.url, Self.form.reversed()) == "68OZDqMm5zhBTUXKUufmX7ntxZM=")
        #expect(
            sign("https://bridge.example.com:443/twilio/voice?tenant=a%20b&x=1", Self.form)
                == "thg0pgMURl8ap4EXRcDmlUyE4Mo=")
    }

    @Test(arguments: [
        (url, "sXm2xrILGuqVnqPoPESG2ETbpYg="),
        ("wss://bridge.example.com/twilio/media", "nPw+nZIzNlb4/A2jsIh3MO8SVBE="),
        ("wss://bridge.example.com/twilio/media/", "lP8QNlUTf9duPKqSrnZOFUyzdcw="),
        ("wss://bridge.example.com:443/twilio/media", "QP96xT7DgDvgPb6SPXYgR75lsas="),
    ])
    func `signs a bare URL`(url: String, expected: String) { #expect(sign(url, []) == expected) }

    @Test func `counts a repeated value once and takes UTF-8 as it is`() {
        #expect(
            sign("https://e.com/x", [("MediaUrl", "b"), ("MediaUrl", "a"), ("MediaUrl", "b"), ("X", "1")])
                == "fhoPUwRWUlkNr5Y0l+rU+S4U5bE=")
        #expect(sign("https://e.com/x", [("CallerCity", "Zürich")]) == "9lZEH4YelqEZQbiQ6Yl+jLFZxAo=")
    }

    private func sign(_ url: String, _ form: [(name: String, value: String)]) -> String {
        RequestSignature.sign(url: url, form: form, authToken: Self.token)
    }
}
