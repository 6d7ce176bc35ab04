import Foundation
import MulawCodec
import Synchronization
import Testing
import Transport

@testable import CarrierPhone

@Suite(.serialized) struct `Carrier phone call` {
    /// A tone of so many 20 ms frames; its bytes tell where they are.
    private static func tone(frames: Int) -> [UInt8] {
        (0..<frames * 160).map { MulawEncoder.encode(Int16(6_000 * sin(Double($0) * 0.35)) | 64) }
    }

    private static func samples(frames: Int) -> [Int16] {
        tone(frames: frames).map { MulawDecoder.decode($0) }
    }

    @Test func `a whole call: webhook, stream, greeting, answer, key, hang-up, status`() async throws {
        var script = TestBridge.Script()
        script.greeting = Self.tone(frames: 30)
        script.answerToKey = Self.tone(frames: 10)
        let bridge = TestBridge(
            script,
            answers: [
                "/twilio/voice": xml(
                    """
                    <Response><Connect action="/after"><Stream url="/media/t?dropped=1" statusCallback="/unused">\
                    <Parameter name="tenant" value="t1"/></Stream></Connect></Response>
                    """)
            ])
        try await withBridge(bridge) { loop, authority in
            let url = "http://\(authority)/twilio/voice?tenant=a%20b"
            var options = CarrierPhoneOptions(.webhook(url: url))
            options.authToken = "secret"
            options.statusCallback = "http://\(authority)/twilio/status"
            options.agentHangoverMilliseconds = 200
            options.utterances = [
                PhoneUtterance(samples: Self.samples(frames: 12), .afterAgentTurn(1, pauseMilliseconds: 300))
            ]
            options.keys = [PhoneKey("#", .at(milliseconds: 1_300))]
            options.hangUp = [.after(milliseconds: 9_000), .afterAgentTurn(2, pauseMilliseconds: 250)]
            let events = Events()
            let report = await CarrierPhoneCall(options, on: loop) { events.add($0) }.run()

            #expect(report.outcome == .talked(endedBy: .caller))
            #expect(report.bytesPlayed == 40 * 160 && report.bytesCleared == 0)
            #expect(report.marksReceived == 1 && report.marksEchoed == 1 && report.marksOutstanding == 0)
            #expect(report.refusedMessages == 0 && report.gaps.isEmpty && report.framesNotSent == 0)
            #expect(report.agentTurns.count == 2)
            let first = try #require(report.agentTurns.first)
            #expect(first.endMilliseconds == first.startMilliseconds + 600)
            let spoke = try #require(report.utterancesStarted.first ?? nil)
            #expect(abs(spoke - (first.startMilliseconds + 900)) <= 20)
            // What was heard is what was sent, without a hole.
            let start = try #require(report.heardAudio.firstIndex { $0 != 0xFF })
            #expect(Array(report.heardAudio[start..<start + 30 * 160]) == script.greeting)
            #expect(report.heardAudio.count == report.saidAudio.count)
            #expect(report.statusCallbacks.map { $0.event } == ["completed"])
            #expect(report.statusCallbacks.map { $0.httpStatus } == [204])

            let record = bridge.record.withLock { $0 }
            // The webhook and the upgrade were signed over exactly what was requested; the query was dropped.
            let voice = try #require(record.requests.first { $0.path == "/twilio/voice" })
            let form = Self.form(voice)
            #expect(voice.target == "/twilio/voice?tenant=a%20b")
            #expect(
                voice.headers["X-Twilio-Signature"]
                    == RequestSignature.sign(url: url, form: form, authToken: "secret"))
            #expect(form.contains { $0.name == "CallSid" && $0.value == options.callSid })
            let upgrade = try #require(record.upgrade)
            #expect(upgrade.target == "/media/t")
            #expect(
                upgrade.headers["x-twilio-signature"]
                    == RequestSignature.sign(url: "ws://\(authority)/media/t", authToken: "secret"))
            // The messages, numbered without a hole, then stop.
            #expect(record.messages.first?.text.contains("\"connected\"") == true)
            #expect(record.messages.last?.text.contains("\"stop\"") == true)
            let numbers = record.messages.dropFirst().map { Self.number($0.text) }
            #expect(numbers == Array(1...numbers.count))
            let started = try #require(record.of("start").first?["start"] as? [String: Any])
            #expect(started["customParameters"] as? [String: String] == ["tenant": "t1"])
            #expect(started["callSid"] as? String == options.callSid)
            let media = record.of("media").compactMap { $0["media"] as? [String: Any] }
            #expect(media.count == report.framesSent)
            let heard = media.flatMap { [UInt8](Data(base64Encoded: $0["payload"] as? String ?? "") ?? Data()) }
            #expect(heard == report.saidAudio)
            #expect(media.compactMap { Int($0["timestamp"] as? String ?? "") } == (1...media.count).map { $0 * 20 })
            // In real time: n frames take n x 20 ms, within what a busy machine allows.
            let times = record.messages.filter { $0.text.contains("\"media\"") }.map { $0.at }
            let span = Double(times.last! - times.first!) / 1e6
            #expect(abs(span - Double(times.count - 1) * 20) < 200)
            #expect(record.of("dtmf").count == 1)
            let status = try #require(record.requests.last { $0.path == "/twilio/status" })
            #expect(Self.form(status).contains { $0.name == "CallStatus" && $0.value == "completed" })
            #expect(!record.requests.contains { $0.path == "/after" })

            let kinds = events.all.map { $0.kind }
            #expect(kinds.first == .webhookAnswered(["Connect"]))
            #expect(kinds.contains(.agentStartedSpeaking(turn: 2)) && kinds.last == .ended(.caller))
        }
    }

    @Test func `talking over the agent: the bridge clears, the queue is dropped, marks come back`() async throws {
        var script = TestBridge.Script()
        script.greeting = Self.tone(frames: 250)
        script.clearsOnSpeech = true
        let bridge = TestBridge(script)
        try await withBridge(bridge) { loop, authority in
            var options = CarrierPhoneOptions(.stream(url: "ws://\(authority)/media", parameters: [("a", "b")]))
            options.agentHangoverMilliseconds = 200
            options.utterances = [
                PhoneUtterance(samples: Self.samples(frames: 20), .intoAgentTurn(1, milliseconds: 400))
            ]
            options.hangUp = [.afterSilence(milliseconds: 400), .after(milliseconds: 8_000)]
            let report = await CarrierPhoneCall(options, on: loop).run()
            let turn = try #require(report.agentTurns.first)
            let spoke = try #require(report.utterancesStarted.first ?? nil)
            #expect(spoke - turn.startMilliseconds >= 400 && spoke - turn.startMilliseconds <= 440)
            #expect(report.clears.count == 1 && report.marksEchoedByClear == 1 && report.marksEchoed == 0)
            #expect(report.bytesCleared > 100 * 160)
            #expect(report.bytesPlayed + report.bytesCleared == 250 * 160)
            let end = try #require(turn.endMilliseconds)
            #expect(end - spoke < 200, "the agent went on for \(end - spoke) ms")
            #expect(report.durationMilliseconds < 6_000)
            #expect(report.largestQueueMilliseconds > 4_000)
        }
    }

    @Test func `the agent hangs up: the carrier asks what comes after the stream`() async throws {
        var script = TestBridge.Script()
        script.greeting = Self.tone(frames: 5)
        script.closesAfterGreeting = true
        let bridge = TestBridge(
            script,
            answers: [
                "/voice": xml(
                    #"<Response><Connect action="/after"><Stream url="/media"/></Connect></Response>"#),
                "/after": xml("<Response><Say>Bye.</Say><Hangup/></Response>"),
            ])
        try await withBridge(bridge) { loop, authority in
            let options = CarrierPhoneOptions(.webhook(url: "http://\(authority)/voice"))
            let report = await CarrierPhoneCall(options, on: loop).run()
            #expect(report.outcome == .talked(endedBy: .agent))
            #expect(report.afterStream == ["Say: Bye.", "Hangup"] && report.afterStreamFailure == nil)
            #expect(report.close?.code == 1000)
            #expect(report.durationMilliseconds < 2_000)
        }
    }

    @Test func `a failing answer to what comes after the stream loses nothing of the call`() async throws {
        var script = TestBridge.Script()
        script.greeting = Self.tone(frames: 5)
        script.closesAfterGreeting = true
        let bridge = TestBridge(
            script,
            answers: [
                "/voice": xml(
                    #"<Response><Connect action="/after"><Stream url="/media"/></Connect></Response>"#),
                "/after": .text(500, "no"),
            ])
        try await withBridge(bridge) { loop, authority in
            let options = CarrierPhoneOptions(.webhook(url: "http://\(authority)/voice"))
            let report = await CarrierPhoneCall(options, on: loop).run()
            #expect(report.outcome == .talked(endedBy: .agent) && report.bytesPlayed == 5 * 160)
            #expect(
                report.afterStreamFailure == "http://\(authority)/after answered HTTP 500, 200 with TwiML was expected")
        }
    }

    @Test(arguments: [
        (#"<Response><Reject reason="busy"/></Response>"#, CarrierPhoneReport.Outcome.rejected(reason: "busy")),
        (
            "<Response><Say>We are closed.</Say><Hangup/></Response>",
            .answeredWithoutStream(["Say: We are closed.", "Hangup"])
        ),
        ("<Response><Foo/></Response>", .failed("VOICE: the answer has <Foo>, which is no verb")),
    ])
    func `an answer without a stream is the outcome`(
        twiml: String, outcome: CarrierPhoneReport.Outcome
    ) async throws {
        let bridge = TestBridge(answers: ["/voice": xml(twiml)])
        try await withBridge(bridge) { loop, authority in
            let url = "http://\(authority)/voice"
            let report = await CarrierPhoneCall(.init(.webhook(url: url)), on: loop).run()
            if case .failed(let message) = report.outcome {
                #expect(.failed(message.replacingOccurrences(of: url, with: "VOICE")) == outcome)
            } else {
                #expect(report.outcome == outcome)
            }
        }
    }

    @Test func `a refused webhook and a refused upgrade name the status`() async throws {
        var script = TestBridge.Script()
        script.refusesUpgrade = true
        let bridge = TestBridge(script, answers: ["/voice": .text(403, "signature")])
        try await withBridge(bridge) { loop, authority in
            let voice = "http://\(authority)/voice", media = "ws://\(authority)/media"
            let first = await CarrierPhoneCall(.init(.webhook(url: voice)), on: loop).run()
            #expect(first.outcome == .failed("\(voice) answered HTTP 403, 200 with TwiML was expected"))
            let second = await CarrierPhoneCall(.init(.stream(url: media)), on: loop).run()
            guard case .failed(let message) = second.outcome else {
                Issue.record("\(second.outcome)")
                return
            }
            #expect(message.contains(media) && message.contains("403"), "\(message)")
        }
        let loop = try TestLoops.shared.get().phone
        let nobody = await CarrierPhoneCall(.init(.stream(url: "ws://127.0.0.1:1/x")), on: loop).run()
        guard case .failed(let message) = nobody.outcome else {
            Issue.record("\(nobody.outcome)")
            return
        }
        #expect(message.contains("connectionRefused"), "\(message)")
        let nonsense = await CarrierPhoneCall(.init(.stream(url: "not a url")), on: loop).run()
        guard case .failed = nonsense.outcome else {
            Issue.record("\(nonsense.outcome)")
            return
        }
    }

    @Test func `counts what a carrier would complain about and plays the rest`() async throws {
        var script = TestBridge.Script()
        script.raw = [
            "{", #"{"event":"media","streamSid":"MZother","media":{"payload":"AAAA"}}"#,
            #"{"event":"hangup","streamSid":"SID"}"#, #"{"event":"mark","streamSid":"SID","mark":{"name":"m"}}"#,
        ]
        let bridge = TestBridge(script)
        try await withBridge(bridge) { loop, authority in
            var options = CarrierPhoneOptions(.stream(url: "ws://\(authority)/media"))
            options.hangUp = [.after(milliseconds: 300)]
            options.lostFrames = [5..<8]
            let report = await CarrierPhoneCall(options, on: loop).run()
            #expect(report.refusedMessages == 3 && report.firstRefusal == "not a JSON object")
            #expect(report.marksEchoed == 1 && report.bytesPlayed == 0)
            let record = bridge.record.withLock { $0 }
            let stamps = record.of("media").compactMap { ($0["media"] as? [String: Any])?["timestamp"] as? String }
            #expect(stamps.prefix(7) == ["20", "40", "60", "80", "100", "180", "200"])
        }
    }

    @Test func `a hole in the agent's speech is reported with its place and length`() async throws {
        var script = TestBridge.Script()
        script.greeting = Self.tone(frames: 10)
        script.later = (Self.tone(frames: 10), 350)
        let bridge = TestBridge(script)
        try await withBridge(bridge) { loop, authority in
            var options = CarrierPhoneOptions(.stream(url: "ws://\(authority)/media"))
            options.hangUp = [.after(milliseconds: 800)]
            let report = await CarrierPhoneCall(options, on: loop).run()
            #expect(report.bytesPlayed == 20 * 160)
            let gap = try #require(report.gaps.first)
            #expect(report.gaps.count == 1)
            // Played from the first tick on for 200 ms; more came at 350. A busy machine may move either a little.
            #expect((180...300).contains(gap.startMilliseconds), "\(gap)")
            #expect((60...260).contains(gap.durationMilliseconds), "\(gap)")
            let holes = report.heardAudio[(gap.startMilliseconds * 8)...].prefix(gap.durationMilliseconds * 8)
            #expect(holes.allSatisfy { $0 == 0xFF })
            #expect(report.agentTurns.count == 1)
        }
    }

    @Test func `hanging up from outside ends the call`() async throws {
        let bridge = TestBridge()
        try await withBridge(bridge) { loop, authority in
            let slot = Slot()
            let call = CarrierPhoneCall(.init(.stream(url: "ws://\(authority)/media")), on: loop) { event in
                if event.kind == .streamOpened { slot.call.withLock { $0?.hangUp() } }
            }
            slot.call.withLock { $0 = call }
            let report = await call.run()
            slot.call.withLock { $0 = nil }
            #expect(report.outcome == .talked(endedBy: .caller))
            #expect(bridge.record.withLock { $0.of("stop").count } == 1)
        }
    }

    @Test func `a call over TLS with an authority of its own, and refused without it`() async throws {
        let folder = NSTemporaryDirectory() + "media-bridge-phone-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let openssl = Process()
        openssl.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        openssl.arguments = [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
            "2", "-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", folder + "/key.pem",
            "-out", folder + "/cert.pem",
        ]
        openssl.standardError = FileHandle.nullDevice
        try openssl.run()
        openssl.waitUntilExit()
        try #require(openssl.terminationStatus == 0)

        var script = TestBridge.Script()
        script.greeting = Self.tone(frames: 5)
        script.closesAfterGreeting = true
        let bridge = TestBridge(
            script, answers: ["/voice": xml(#"<Response><Connect><Stream url="/media"/></Connect></Response>"#)])
        let identity = TLSIdentity(certificateFile: folder + "/cert.pem", keyFile: folder + "/key.pem")
        try await withBridge(bridge, tls: identity) { loop, authority in
            var options = CarrierPhoneOptions(.webhook(url: "https://\(authority)/voice"))
            options.trustedAuthoritiesFile = folder + "/cert.pem"
            let report = await CarrierPhoneCall(options, on: loop).run()
            #expect(report.outcome == .talked(endedBy: .agent))
            #expect(report.bytesPlayed == 5 * 160)
            #expect(bridge.record.withLock { $0.upgrade?.isSecure } == true)
            options.trustedAuthoritiesFile = nil
            let refused = await CarrierPhoneCall(options, on: loop).run()
            guard case .failed(let message) = refused.outcome else {
                Issue.record("\(refused.outcome)")
                return
            }
            #expect(message.contains("TLS"), "\(message)")
        }
    }

    @Test func `fifty calls on one loop all run in real time`() async throws {
        var script = TestBridge.Script()
        script.greeting = Self.tone(frames: 40)
        let bridge = TestBridge(script)
        try await withBridge(bridge) { loop, authority in
            let reports = await withTaskGroup(of: CarrierPhoneReport.self) { group in
                for _ in 0..<50 {
                    var options = CarrierPhoneOptions(.stream(url: "ws://\(authority)/media"))
                    options.hangUp = [.after(milliseconds: 1_000)]
                    options.keepsAudio = false
                    let call = CarrierPhoneCall(options, on: loop)
                    group.addTask { await call.run() }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(reports.count == 50)
            for report in reports {
                #expect(report.outcome == .talked(endedBy: .caller))
                #expect(report.framesSent == 50 && report.bytesPlayed >= 30 * 160 && report.heardAudio.isEmpty)
                #expect(report.durationMilliseconds >= 1_000)
            }
            let sids = bridge.record.withLock { Set($0.of("start").compactMap { $0["streamSid"] as? String }) }
            #expect(sids.count == 50)
        }
    }

    private static func number(_ text: String) -> Int {
        guard let range = text.range(of: "\"sequenceNumber\":\"") else { return -1 }
        return Int(text[range.upperBound...].prefix { $0 != "\"" }) ?? -1
    }

    private static func form(_ request: HTTPRequest) -> [(name: String, value: String)] {
        String(decoding: request.body, as: UTF8.self).split(separator: "&").map { field in
            let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map {
                $0.replacingOccurrences(of: "+", with: " ").removingPercentEncoding ?? ""
            }
            return (parts[0], parts[1])
        }
    }

    private final class Events: Sendable {
        private let events = Mutex<[CarrierPhoneEvent]>([])
        func add(_ event: CarrierPhoneEvent) { events.withLock { $0.append(event) } }
        var all: [CarrierPhoneEvent] { events.withLock { $0 } }
    }

    private final class Slot: Sendable {
        let call = Mutex<CarrierPhoneCall?>(nil)
    }
}
