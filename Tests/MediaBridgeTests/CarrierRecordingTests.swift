import CallControl
import Configuration
import Foundation
import Testing
import Transport
import TurnStore

@testable import CarrierPhone
@testable import MediaBridge

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// A recording the carrier made, from its webhook to whoever asks for it, through the whole service.
@Suite struct `Carrier's recordings over sockets` {
    /// Two channels at 8 kHz, all ASCII: the fake server's bodies are text.
    private static let wav: String = {
        func word(_ value: Int) -> String {
            String(decoding: (0..<4).map { UInt8(value >> (8 * $0) & 0x7F) }, as: UTF8.self)
        }
        // 36 + 28 = 64: every byte of both lengths is below 128.
        return "RIFF" + word(64) + "WAVEfmt " + word(16) + "\u{1}\u{0}\u{2}\u{0}" + word(0x1F00) + word(0x7D00)
            + "\u{4}\u{0}\u{10}\u{0}" + "data" + word(28) + String(repeating: "hum ", count: 7)
    }()

    private func get(_ rig: ServiceRig, _ path: String) async throws -> (Data, HTTPURLResponse) {
        var request = URLRequest(
            url: try #require(URL(string: "http://127.0.0.1:\(rig.service.adminPort)\(path)")))
        request.cachePolicy = .reloadIgnoringLocalCacheData
        let (data, response) = try await URLSession.shared.data(for: request)
        return (data, try #require(response as? HTTPURLResponse))
    }

    @Test func `S66 announced by the carrier, fetched once with the tenant's credentials, served in parts`()
        async throws
    {
        let wav = Self.wav
        try await withFakeServer({ _, place in place == 0 ? .now(404, "{}") : .now(200, wav) }) { server in
            var plan = RigPlan(.scripted(.init(speech: nil)), greets: false)
            let url = server.url
            plan.configure = { configuration in
                configuration.twilio.apiURL = url
                configuration.tenants[0].recordingEnabled = true
                configuration.tenants[0].recording.source = .carrier
            }
            try await withService(plan) { rig in
                let (carrier, _) = try await rig.listeningCall()
                let path = "/api/v1/calls/\(carrier.call)/recording"
                // Still up: there will be one.
                #expect(try await get(rig, path).1.statusCode == 202)
                let recording = "RE00000000000000000000000000000001"
                let form =
                    ServiceRig.form(call: carrier.call) + [
                        ("RecordingSid", recording), ("RecordingStatus", "completed"), ("RecordingChannels", "2"),
                        ("RecordingUrl", "\(url)/2010-04-01/Accounts/\(ServiceRig.account)/Recordings/\(recording)"),
                    ]
                let post = FormPost(
                    url: rig.origin + "/twilio/recording", form: form, authToken: ServiceRig.authToken,
                    trustedAuthoritiesFile: nil)
                #expect(try await post.send().status == 204)
                var status = 202
                for _ in 0..<600 where status == 202 {
                    status = try await get(rig, path).1.statusCode
                    if status == 202 { try await Task.sleep(for: .milliseconds(50)) }
                }
                #expect(status == 200)
                let (whole, _) = try await get(rig, path)
                #expect(String(decoding: whole, as: UTF8.self) == wav)
                #expect(server.requests.count == 2)
                let credentials = Data("\(ServiceRig.account):\(ServiceRig.authToken)".utf8).base64EncodedString()
                #expect(server.requests.allSatisfy { $0.headers["Authorization"] == "Basic \(credentials)" })
                let metrics = rig.service.metricsText
                #expect(metrics.contains("media_bridge_recordings_total{outcome=\"downloaded\"} 1"))
                #expect(metrics.contains("media_bridge_recording_failures_total{kind=\"not_yet\"} 1"))
                #expect(metrics.contains("media_bridge_recording_hosts_resting 0"))
                // Our own recorder was not asked.
                let files = try FileManager.default.contentsOfDirectory(
                    atPath: rig.service.configuration.recordingDirectory)
                #expect(files.filter { !$0.hasPrefix(".lock") } == ["\(carrier.call).\(recording).wav"])
                carrier.stop()
                carrier.hangUp()
            }
        }
    }

    private func announce(_ rig: ServiceRig, _ call: String, _ recording: String, at url: String) async throws {
        let form =
            ServiceRig.form(call: call) + [
                ("RecordingSid", recording), ("RecordingStatus", "completed"), ("RecordingChannels", "2"),
                ("RecordingUrl", "\(url)/2010-04-01/Accounts/\(ServiceRig.account)/Recordings/\(recording)"),
            ]
        let post = FormPost(
            url: rig.origin + "/twilio/recording", form: form, authToken: ServiceRig.authToken,
            trustedAuthoritiesFile: nil)
        #expect(try await post.send().status == 204)
    }

    @Test
    func
        `the operator's webhook is told once of each of the carrier's recordings, signed, whoever asks and however often`()
        async throws
    {
        let (wav, secret) = (Self.wav, Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
        let names = ["RE00000000000000000000000000000001", "RE00000000000000000000000000000002"]
        // The carrier's server and the operator's: the operator's fails the first time.
        try await withFakeServer({ _, _ in .now(200, wav) }) { media in
            try await withFakeServer({ _, place in place == 0 ? .now(500, "") : .now(200, "") }) { hook in
                var plan = RigPlan(.scripted(.init(speech: nil)), greets: false)
                let (url, hookURL) = (media.url, hook.url)
                plan.events.retry.firstMilliseconds = 20
                plan.configure = { configuration in
                    configuration.twilio.apiURL = url
                    configuration.tenants[0].recordingEnabled = true
                    configuration.tenants[0].recording.source = .carrier
                    var events = EventSettings(url: hookURL + "/hook", secret: secret)
                    events.kinds = [.recordingReady]
                    configuration.tenants[0].events = events
                }
                try await withService(plan) { rig in
                    let (carrier, _) = try await rig.listeningCall()
                    for name in names + names { try await announce(rig, carrier.call, name, at: url) }
                    let reader = try TurnStore.openReadOnly(rig.folder + "/store.sqlite")
                    try await eventually("both to be delivered") {
                        ((try? reader.outbox(state: .delivered)) ?? []).count == 2
                    }
                    // Said again when all is done, and by another service on the same store: no new event.
                    for name in names { try await announce(rig, carrier.call, name, at: url) }
                    let second = Service(configuration: rig.service.configuration)
                    try second.start()
                    defer { second.stop() }
                    _ = try await get(rig, "/api/v1/calls/\(carrier.call)/recording")
                    #expect(try reader.outbox().count == 2 && media.requests.count == 2)

                    let expected = names.map { "\(carrier.call)-recording-\($0)" }
                    let ids = hook.requests.map { $0.headers["webhook-id"] ?? "" }
                    #expect(ids.count == 3 && Set(ids) == Set(expected))
                    for request in hook.requests {
                        let id = request.headers["webhook-id"] ?? ""
                        let timestamp = Int64(request.headers["webhook-timestamp"] ?? "") ?? 0
                        #expect(
                            request.headers["webhook-signature"]
                                == EventSignature.header(
                                    id: id, timestamp: timestamp, body: request.text, secrets: [secret]))
                        let recording = id.split(separator: "-").last ?? ""
                        #expect(
                            request.text.contains(#""files":["\#(carrier.call).\#(recording).wav"]"#), "\(request.text)"
                        )
                        #expect(request.text.contains(#""type":"recording.ready""#))
                    }
                    carrier.stop()
                    carrier.hangUp()
                }
            }
        }
    }
}
