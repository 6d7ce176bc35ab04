import Configuration
import Foundation
import Testing

/// The problems of a text that must not be accepted, one line each.
private func problems(_ yaml: String, environment: [String: String] = ["TOKEN": token]) -> [String] {
    do {
        _ = try parse(yaml, environment: environment)
        return []
    } catch { return error.problems.map(\.description) }
}

/// `smallest` with one line exchanged.
private func changed(_ line: String, to other: String) -> String {
    precondition(smallest.contains(line), line)
    return smallest.replacingOccurrences(of: line, with: other)
}

@Suite struct `Configuration errors` {
    /// What is added at the end (line 10), and what is said of it.
    @Test(arguments: [
        ("limts: {}", #"x.yaml:10:1: limts: unknown field; did you mean `limits`?"#),
        (
            "telemetry:\n  colour: red",
            "x.yaml:11:3: telemetry.colour: unknown field; expected one of: logLevel, json"
        ),
        (
            "limits:\n  maximumCals: 3",
            "x.yaml:11:3: limits.maximumCals: unknown field; did you mean `maximumCalls`?"
        ),
        (
            "limits:\n  maximumCalls: many",
            "x.yaml:11:17: limits.maximumCalls: `many` does not fit; a whole number from 1 to 10000 was expected"
        ),
        (
            "limits:\n  maximumCalls: 0",
            "x.yaml:11:17: limits.maximumCalls: 0 is out of range; a whole number from 1 to 10000 was expected"
        ),
        (
            "limits:\n  maximumCalls: \"3\"",
            "x.yaml:11:17: limits.maximumCalls: `3` does not fit; a whole number from 1 to 10000 was expected"
        ),
        (
            "public:\n  port: 65536",
            "x.yaml:11:9: public.port: 65536 is out of range; a whole number from 0 to 65535 was expected"
        ),
        ("telemetry: {json: yes}", "x.yaml:10:19: telemetry.json: `yes` does not fit; true or false was expected"),
        (
            "telemetry: {logLevel: loud}",
            "x.yaml:10:23: telemetry.logLevel: `loud` does not fit; one of trace, debug, info, notice, warning, error, "
                + "critical was expected"
        ),
        ("store: here.sqlite", "x.yaml:10:8: store: `here.sqlite` does not fit; fields were expected (`name: value`)"),
        ("store: {path: [a]}", "x.yaml:10:15: store.path: this list does not fit; text was expected"),
        ("store: {path: }", "x.yaml:10:15: store.path: is empty; leave the field out or give it a value"),
        (
            "public: {host: 0.0.0.0}",
            "x.yaml:10:9: public.publicURL: is missing; the carrier signs it, so it is needed when `host` is not a "
                + "loopback address"
        ),
        (
            "public: {publicURL: voice.example.com}",
            "x.yaml:10:21: public.publicURL: `voice.example.com` does not fit; scheme and host were expected, as in "
                + "https://voice.example.com"
        ),
        (
            "public: {publicURL: \"https://a.example/hook?x=1\"}",
            "x.yaml:10:21: public.publicURL: `https://a.example/hook?x=1` does not fit; scheme and host were expected, as "
                + "in https://voice.example.com"
        ),
        ("public: {tls: {key: /etc/hostname}}", "x.yaml:10:15: public.tls.certificate: is missing"),
        (
            "public: {tls: {key: /etc/hostname, certificate: nowhere.pem}}",
            "x.yaml:10:49: public.tls.certificate: no such file: /etc/bridge/nowhere.pem"
        ),
        (
            "admin: {host: 0.0.0.0}",
            "x.yaml:10:8: admin.token: is missing; needed because `host` is not a loopback address"
        ),
        (
            "admin: {token: hunter2}",
            "x.yaml:10:16: admin.token: a secret is not written here; `${NAME}` was expected, the name of an environment "
                + "variable"
        ),
        (
            "admin: {token: \"${NOT_THERE}\"}",
            "x.yaml:10:16: admin.token: the environment variable NOT_THERE is not set"
        ),
        ("admin: {host: \"${NOT_THERE}\"}", "x.yaml:10:15: admin.host: the environment variable NOT_THERE is not set"),
        ("admin: {host: \"${OPEN\"}", "x.yaml:10:15: admin.host: `${` without `}`"),
        ("model: {kind: openai}", "x.yaml:10:8: model.apiKey: is missing; `${OPENAI_API_KEY}` was expected"),
        (
            "model: {url: \"https://x\"}",
            "x.yaml:10:14: model.url: `https://x` does not fit; a ws:// or wss:// address was expected"
        ),
        (
            "model: {audioFormat: mp3}",
            "x.yaml:10:22: model.audioFormat: `mp3` does not fit; one of pcmu, pcma, pcm24 was expected"
        ),
        (
            "model: {turnDetection: {threshold: 2}}",
            "x.yaml:10:36: model.turnDetection.threshold: `2` does not fit; a number from 0.0 to 1.0 was expected"
        ),
        ("agent: {script: none.txt}", "x.yaml:10:17: agent.script: no such file: /etc/bridge/none.txt"),
        ("agent: {chat: {url: \"http://x\"}}", "x.yaml:10:15: agent.chat.model: is missing"),
        (
            "agent: {chat: {url: x, model: m}}",
            "x.yaml:10:21: agent.chat.url: `x` does not fit; an http:// or https:// address was expected"
        ),
        ("tenants: []", "x.yaml:1:1: tenants: the field is written twice in the block that starts here"),
        ("a: [", "x.yaml:11:1: not YAML: did not find expected node content"),
    ])
    func `says what is wrong with a setting`(addition: String, expected: String) {
        #expect(problems(smallest + addition + "\n").first == expected)
    }

    /// A line of the tenant exchanged for another, and what is said of it.
    @Test(arguments: [
        ("id: clinic", "id: \"a b\"", "tenants[0].id: `a b` does not fit"),
        ("id: clinic", "voice: marin", "tenants[0].id: is missing"),
        (
            "numbers: [\"+15005550001\"]", "numbers: [5005550001]",
            "tenants[0].numbers: `5005550001` does not fit; E.164"
        ),
        (
            "numbers: [\"+15005550001\"]", "numbers: \"+15005550001\"",
            "tenants[0].numbers: `+15005550001` does not fit; a"
        ),
        ("numbers: [\"+15005550001\"]", "voice: marin", "tenants[0].numbers: is missing"),
        (
            "numbers: [\"+15005550001\"]", "numbers: [\"+15005550001\", \"+15005550001\"]",
            "tenants[0].numbers: +15005550001 is already a number of tenant `clinic`"
        ),
        (
            "accountSid: AC00000000000000000000000000000001", "accountSid: AC1",
            "tenants[0].accountSid: `AC1` does not fit"
        ),
        ("authToken: ${TOKEN}", "voice: marin", "tenants[0].authToken: is missing; webhooks are verified with it"),
        ("authToken: ${TOKEN}", "authToken: abc", "tenants[0].authToken: a secret is not written here"),
        ("  instructions: Be brief.", "  greeting: Hi.", "tenants[0].inbound.instructions: is missing"),
        ("inbound:", "outbund:", "tenants[0].outbund: unknown field; did you mean `outbound`?"),
        (
            "fallback:\n      text: Sorry.", "voice: marin",
            "tenants[0].fallback: is missing; `wav: FILE` or `text: WORDS`"
        ),
        ("  text: Sorry.", "  text: a\n      wav: /etc/hostname", "tenants[0].fallback: either `wav: FILE` or"),
        ("  text: Sorry.", "", "tenants[0].fallback: is missing"),
        ("  text: Sorry.", "  wav: none.wav", "tenants[0].fallback.wav: no such file: /etc/bridge/none.wav"),
        (
            "id: clinic", "id: clinic\n    language: english",
            "tenants[0].language: `english` does not fit; an ISO 639-1"
        ),
        ("id: clinic", "id: clinic\n    language: qq", "tenants[0].language: `qq` does not fit"),
        ("id: clinic", "id: clinic\n    timeZone: Mars/Base", "tenants[0].timeZone: `Mars/Base` is unknown"),
        ("id: clinic", "id: clinic\n    uplinkBatchMilliseconds: 30", "one of 20, 40, 60, 100 was expected"),
        (
            "id: clinic", "id: clinic\n    turns: theirs",
            "tenants[0].turns: `theirs` does not fit; one of ours, model was"
        ),
        (
            "id: clinic", "id: clinic\n    recording: {enabled: 1}",
            "tenants[0].recording.enabled: `1` does not fit; true"
        ),
    ])
    func `says what is wrong with a tenant`(line: String, other: String, expected: String) {
        let found = problems(changed(line, to: other))
        #expect(found.contains { $0.contains(expected) }, "\(found)")
    }

    @Test func `reports everything at once, in the order of the file`() {
        let yaml = """
            public: {port: -1}
            limts: {}
            tenants:
              - id: a
                numbers: ["+15005550001"]
                accountSid: AC00000000000000000000000000000001
                authToken: ${MISSING}
                inbound: {instructions: x}
                fallback: {text: x}
              - id: b
                numbers: ["+15005550001"]
                accountSid: AC00000000000000000000000000000001
                authToken: ${TOKEN}
                inbound: {instructions: x}
                fallback: {text: x}
            """
        #expect(
            problems(yaml) == [
                "x.yaml:1:16: public.port: -1 is out of range; a whole number from 0 to 65535 was expected",
                "x.yaml:2:1: limts: unknown field; did you mean `limits`?",
                "x.yaml:7:16: tenants[0].authToken: the environment variable MISSING is not set",
                "x.yaml:11:15: tenants[1].numbers: +15005550001 is already a number of tenant `a`",
            ])
    }

    @Test func `two tenants of one account have one token, and each its own id`() {
        let second = smallest.replacingOccurrences(of: "tenants:\n", with: "")
            .replacingOccurrences(of: "+15005550001", with: "+15005550002")
            .replacingOccurrences(of: "${TOKEN}", with: "${OTHER}")
        let found = problems(smallest + second, environment: ["TOKEN": token, "OTHER": "other"])
        #expect(found.contains { $0.hasSuffix("id: `clinic` is taken by another tenant") }, "\(found)")
        #expect(found.contains { $0.contains("differs from tenant `clinic`'s, but the account is the same") })
        #expect(!found.joined().contains(token))
    }

    @Test func `signatures can only be turned off by name`() throws {
        let without = changed("authToken: ${TOKEN}", to: "voice: marin")
        #expect(try parse(without + "twilio: {verifySignatures: false}\n").tenants[0].authToken == nil)
        #expect(!problems(without).isEmpty)
    }

    @Test func `a file that is not there, or not text, or empty`() throws {
        #expect(throws: ConfigurationError.self) {
            try ServiceConfiguration.load(file: "/nowhere/x.yaml", environment: [:])
        }
        #expect(
            problems("") == [
                "x.yaml: is empty; `tenants:` at least was expected",
                "x.yaml: tenants: is missing; "
                    + "without a tenant no number is answered",
            ])
        #expect(problems("- a\n").first == "x.yaml:1:1: this list does not fit; fields were expected (`name: value`)")
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).yaml")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data([0xFF, 0xFE, 0x00]).write(to: file)
        do {
            _ = try ServiceConfiguration.load(file: file.path, environment: [:])
            Issue.record("accepted")
        } catch { #expect("\(error)" == "\(file.path): is not UTF-8 text") }
    }
}
