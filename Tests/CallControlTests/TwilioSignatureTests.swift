import CallControl
import Configuration
import Testing
import Transport

/// The vectors were computed with Twilio's Python package 9.13.0 and again independently; the first is Twilio's own.
@Suite struct `Twilio signature` {
    static let url = "https://bridge.example.com/twilio/voice?tenant=a%20b&x=1"
    static let parameters = FormFields([
        .init("CallSid", "CA00000000000000000000000000000001"), .init("AccountSid", account),
        .init("ApiVersion", "2010-04-01"), .init("CallStatus", "ringing"), .init("CallerCity", ""),
        .init("Digits", "1#*"), .init("Direction", "inbound"), .init("From", "+15005550006"),
        .init("To", "+15005550001"),
    ])
    static let published = FormFields([
        .init("CallSid", "CA1234567890ABCDE"), .init("Caller", "+14158675309"), .init("Digits", "1234"),
        .init("From", "+14158675309"), .init("To", "+18005551212"),
    ])

    @Test(
        arguments: [
            ("https://mycompany.com/myapp.php?foo=1&bar=2", published, "12345", "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
            (url, parameters, authToken, "68OZDqMm5zhBTUXKUufmX7ntxZM="),
            (
                "https://bridge.example.com:443/twilio/voice?tenant=a%20b&x=1", parameters, authToken,
                "thg0pgMURl8ap4EXRcDmlUyE4Mo="
            ),
            (url, nil, authToken, "sXm2xrILGuqVnqPoPESG2ETbpYg="),
            ("wss://bridge.example.com/twilio/media", nil, authToken, "nPw+nZIzNlb4/A2jsIh3MO8SVBE="),
            ("wss://bridge.example.com/twilio/media/", nil, authToken, "lP8QNlUTf9duPKqSrnZOFUyzdcw="),
            ("wss://bridge.example.com:443/twilio/media", nil, authToken, "QP96xT7DgDvgPb6SPXYgR75lsas="),
            (
                "https://bridge.example.com/hook?bodySHA256=d5729c000e5de6b3a10698fec78d482db85d744f1be820d1382b6bda1cfb7795",
                nil, authToken, "c3Dy79bk8aRmy02S7jKNgO0FrFM="
            ),
            (
                "https://e.com/x",
                FormFields([.init("X", "1"), .init("MediaUrl", "b"), .init("MediaUrl", "a"), .init("MediaUrl", "b")]),
                authToken, "fhoPUwRWUlkNr5Y0l+rU+S4U5bE="
            ),
            (
                "https://e.com/x", FormFields([.init("CallerCity", "Zürich")]), authToken,
                "9lZEH4YelqEZQbiQ6Yl+jLFZxAo="
            ),
        ] as [(String, FormFields?, String, String)])
    func `computes what Twilio computes`(url: String, fields: FormFields?, key: String, expected: String) {
        #expect(TwilioSignature.compute(url: url, fields: fields, key: key) == expected)
    }

    @Test func `computes HMAC-SHA256 for shared keys`() {
        #expect(
            TwilioSignature.compute(
                url: Self.url, fields: Self.parameters, key: authToken, algorithm: .hmacSHA256)
                == "vLkyhtri2KphJsQElTIpk5WqmMLXqicCgrlHOqsX1K8=")
    }

    private func verify(
        _ signature: String?, target: String = "/twilio/voice?tenant=a%20b&x=1", fields: FormFields? = parameters,
        origin: String = "https://bridge.example.com", isWebSocket: Bool = false, body: String = "",
        settings: String? = nil, tenants: [Tenant] = [makeTenant("clinic", clinicNumber)]
    ) throws -> TwilioSignature.Verdict {
        var headers = HTTPHeaders()
        if let signature { headers.append("x-twilio-signature", signature) }
        if let settings { headers.append("X-Twilio-Webhooks-Signature-Settings", settings) }
        let request = HTTPRequest(method: "POST", target: target, headers: headers, body: Array(body.utf8))
        return TwilioSignature.verify(
            request, fields: fields, origin: try #require(PublicOrigin(origin)), tenants: tenants,
            isWebSocket: isWebSocket)
    }

    @Test(arguments: ["68OZDqMm5zhBTUXKUufmX7ntxZM=", "thg0pgMURl8ap4EXRcDmlUyE4Mo="])
    func `with and without the default port`(signature: String) throws {
        #expect(try verify(signature) == .valid)
        #expect(try verify(signature, origin: "https://bridge.example.com:443") == .valid)
        #expect(try verify(signature, origin: "http://bridge.example.com") == .wrong)
        #expect(try verify(signature, origin: "https://bridge.example.org") == .wrong)
    }

    @Test func `a port of our own counts with and without`() throws {
        for origin in ["https://bridge.example.com:8443", "https://bridge.example.com"] {
            let signature = TwilioSignature.compute(url: "\(origin)/x", fields: nil, key: authToken)
            #expect(
                try verify(signature, target: "/x", fields: nil, origin: "https://bridge.example.com:8443") == .valid)
        }
    }

    @Test(arguments: [
        "nPw+nZIzNlb4/A2jsIh3MO8SVBE=", "lP8QNlUTf9duPKqSrnZOFUyzdcw=", "QP96xT7DgDvgPb6SPXYgR75lsas=",
    ])
    func `a WebSocket is signed with wss, with or without port and trailing slash`(signature: String) throws {
        for target in ["/twilio/media", "/twilio/media/"] {
            #expect(try verify(signature, target: target, fields: nil, isWebSocket: true) == .valid)
            #expect(try verify(signature, target: target, fields: nil, isWebSocket: false) == .wrong)
        }
        #expect(try verify(signature, target: "/twilio/medium", fields: nil, isWebSocket: true) == .wrong)
    }

    @Test func `S63 missing, empty, shortened, changed`() throws {
        let signature = "68OZDqMm5zhBTUXKUufmX7ntxZM="
        #expect(try verify(nil) == .missing)
        #expect(try verify("") == .missing)
        for wrong in [String(signature.dropLast()), signature + "=", signature.lowercased(), "A" + signature] {
            #expect(try verify(wrong) == .wrong)
        }
        #expect(try verify(signature, target: "/twilio/voice?x=1&tenant=a%20b") == .wrong)
        #expect(try verify(signature, target: "/twilio/voice?tenant=a b&x=1") == .wrong)
        #expect(try verify(signature, fields: FormFields(Array(Self.parameters.fields.dropLast()))) == .wrong)
        #expect(try verify(signature, tenants: []) == .wrong)
        #expect(try verify(signature, tenants: [makeTenant("a", "+1", token: "another")]) == .wrong)
    }

    @Test func `a JSON body is held by its digest in the URL`() throws {
        let target = "/hook?bodySHA256=d5729c000e5de6b3a10698fec78d482db85d744f1be820d1382b6bda1cfb7795"
        let body = #"{"property":"value","boolean":true}"#
        let signature = "c3Dy79bk8aRmy02S7jKNgO0FrFM="
        #expect(try verify(signature, target: target, fields: nil, body: body) == .valid)
        #expect(try verify(signature, target: target, fields: nil, body: body + " ") == .wrong)
        let bare = TwilioSignature.compute(url: "https://bridge.example.com/hook", fields: nil, key: authToken)
        #expect(try verify(bare, target: "/hook", fields: nil, body: body) == .wrong)
    }

    @Test func `the shared key's header chooses the algorithm, an unknown one is refused`() throws {
        let signature = "vLkyhtri2KphJsQElTIpk5WqmMLXqicCgrlHOqsX1K8="
        #expect(try verify(signature, settings: "key=k1,algorithm=HMAC_SHA256") == .valid)
        #expect(try verify(signature, settings: "key=k1, algorithm=HMAC_SHA256") == .valid)
        #expect(try verify(signature) == .wrong)
        #expect(try verify(signature, settings: "key=k1,algorithm=HMAC_SHA512") == .wrong)
        #expect(try verify("68OZDqMm5zhBTUXKUufmX7ntxZM=", settings: "key=k1") == .wrong)
        var tenant = makeTenant("clinic", clinicNumber, token: "not this one")
        tenant.webhookKey = Secret(authToken)
        #expect(try verify(signature, settings: "key=k1,algorithm=HMAC_SHA256", tenants: [tenant]) == .valid)
    }

    @Test(arguments: [
        "", "bridge.example.com", "ftp://x", "https://", "https://x:0", "https://x:99999", "https://x/y", "https://x:a",
    ])
    func `an origin is scheme, host and port`(text: String) { #expect(PublicOrigin(text) == nil) }

    @Test func `an IPv6 origin keeps its brackets`() throws {
        let origin = try #require(PublicOrigin("http://[::1]:8080"))
        #expect(origin.http == "http://[::1]:8080" && origin.webSocket == "ws://[::1]:8080")
        #expect(PublicOrigin("http://[::1]")?.http == "http://[::1]")
    }
}

@Suite struct `Form fields` {
    private func decode(_ body: String) -> [String]? {
        FormFields(body: Array(body.utf8))?.fields.map { "\($0.name)|\($0.value)" }
    }

    @Test func `decodes and keeps order, repetitions and white space`() {
        #expect(decode("") == [])
        #expect(decode("b=1&a=2&b=%201+") == ["b|1", "a|2", "b| 1 "])
        #expect(decode("Empty=&Bare&eq=a=b") == ["Empty|", "Bare|", "eq|a=b"])
        #expect(decode("City=Z%C3%BCrich&d=1%23*&n=%D7%A9%D7%9C%D7%95%D7%9D") == ["City|Zürich", "d|1#*", "n|שלום"])
    }

    @Test(arguments: [
        "a=%", "a=%4", "a=%zz", "a=%FF", "a=%C3", "=1", "&", "a=1&&b=2", "a=1&", "a=ü", "a=b c", "a=\u{1}",
    ])
    func `refuses what is malformed`(body: String) { #expect(decode(body) == nil) }

    @Test func `refuses more fields than a carrier ever sends`() {
        #expect(decode(Array(repeating: "a=1", count: 512).joined(separator: "&")) != nil)
        #expect(decode(Array(repeating: "a=1", count: 513).joined(separator: "&")) == nil)
    }
}
