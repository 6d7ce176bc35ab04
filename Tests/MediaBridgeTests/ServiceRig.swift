import Configuration
import Conversation
import FaultProxy
import Foundation
import LocalAgent
import Logging
import Recording
import Synchronization
import Testing
import Transport
import TurnStore

@testable import CarrierPhone
@testable import MediaBridge

/// What a test wants to be different from a service with one tenant, a scripted model and no recording.
struct RigPlan: Sendable {
    enum Model: Sendable {
        case scripted(ScriptedModel.Plan)
        case agent(LocalAgentOptions)
        /// Somewhere else.
        case address(String)
    }

    var model = Model.scripted(.init())
    var greets = true
    var configure: @Sendable (inout ServiceConfiguration) -> Void = { _ in }
    var policy: @Sendable (inout ConversationPolicy) -> Void = { _ in }
    var events = Service.EventTimes()
    var logger = Logger(label: "rig") { _ in SwiftLogNoOpLogHandler() }
    /// What holds libraries that are plugged in.
    var stageHost: [String] = []
    /// Public listener and, with a local agent, the model behind TLS.
    var isSecure = false
    /// Stand between the service and its model, and between the carrier and the service.
    var modelProxy: FaultProxy?
    var carrierProxy: FaultProxy?

    init(_ model: Model = .scripted(.init()), greets: Bool = true) { (self.model, self.greets) = (model, greets) }
}

/// A whole service on loopback sockets, with its model and a loop for the carrier's side.
final class ServiceRig: Sendable {
    static let account = ServiceConfiguration.demoAccountSid
    static let number = ServiceConfiguration.demoNumber
    static let authToken = "0123456789abcdef0123456789abcdef"
    static let apiKey = "sk-rig-4711-never-to-be-seen"
    static let greeting = "Good morning, this is the greeting."

    /// libwebsockets' contexts are made one after the other.
    private static let construction = Mutex(())

    let folder: String
    let service: Service
    let witness = CallWitness()
    let loop: EventLoop
    let model: ScriptedModel?
    let agent: LocalAgentServer?
    private let carrierProxy: FaultProxy?
    /// PEM file of the authority, with TLS.
    let authorities: String?

    init(_ plan: RigPlan) throws {
        folder = NSTemporaryDirectory() + "media-bridge-rig-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        var configuration = ServiceConfiguration.embeddedDefaults(
            storePath: folder + "/store.sqlite", recordingDirectory: folder + "/recordings")
        configuration.publicListener.port = 0
        configuration.adminListener.port = 0
        configuration.model.kind = .openai
        configuration.model.apiKey = Secret(Self.apiKey)
        configuration.tenants[0].fallback = .wav(folder + "/fallback.wav")
        try Self.writeFallback(folder + "/fallback.wav")
        configuration.tenants[0].inbound = .init(
            instructions: "Be brief.", greeting: plan.greets ? Self.greeting : "")
        var identity: TLSFiles?
        if plan.isSecure {
            let files = try Certificate.make(in: folder)
            identity = files
            configuration.publicListener.tls = files
            configuration.model.trustedAuthorities = files.certificate
        }
        authorities = identity?.certificate
        carrierProxy = plan.carrierProxy
        configuration.publicListener.publicURL = plan.carrierProxy.map { "http://127.0.0.1:\($0.port)" }
        let observer = witness
        (loop, model, agent, service) = try Self.construction.withLock { _ in
            let loop = try EventLoop(name: "phone")
            loop.start()
            var model: ScriptedModel?
            var agent: LocalAgentServer?
            switch plan.model {
            case .scripted(let script):
                let scripted = try ScriptedModel(script)
                configuration.model.url = scripted.url
                model = scripted
            case .agent(var options):
                options.tls = identity.map { TLSIdentity(certificateFile: $0.certificate, keyFile: $0.key) }
                options.apiKey = Self.apiKey
                let server = try LocalAgentServer(options)
                configuration.model.url = server.url
                agent = server
            case .address(let url): configuration.model.url = url
            }
            if let proxy = plan.modelProxy, let port = URL(string: configuration.model.url)?.port {
                proxy.pointTo(port)
                configuration.model.url = configuration.model.url.replacing(":\(port)/", with: ":\(proxy.port)/")
            }
            plan.configure(&configuration)
            let service = Service(
                configuration: configuration, logger: plan.logger, observer: observer, stageHost: plan.stageHost)
            service.adjustPolicy = plan.policy
            service.eventTimes = plan.events
            try service.start()
            plan.carrierProxy?.pointTo(service.publicPort)
            return (loop, model, agent, service)
        }
    }

    /// A tone that rises and swells, so that each of its frames is like no other. Half a second, no whole frames.
    private static func writeFallback(_ path: String) throws {
        let samples = (0..<4_130).map { place in
            let time = Double(place) / 8_000
            return Int16(sin(time * (2_000 + 3_000 * time)) * (1_000 + 12_000 * time))
        }
        try WAVFile(format: WAVFormat(channels: 1, sampleRateHz: 8_000), samples: samples).write(path: path)
    }

    /// Ends everything, and asserts for every call that began that it ended once and that its books balance (R1).
    fileprivate func close(sourceLocation: SourceLocation) {
        service.stop()
        loop.stop()
        model?.stop()
        agent?.stop()
        for (call, seen) in witness.all where !seen.began.isEmpty {
            #expect(seen.began.count == 1, "\(call) began once", sourceLocation: sourceLocation)
            #expect(seen.endings == 1, "\(call) ended once", sourceLocation: sourceLocation)
            #expect(seen.books?.balance == true, "R1 \(call): \(seen.books as Any)", sourceLocation: sourceLocation)
        }
        try? FileManager.default.removeItem(atPath: folder)
    }

    // MARK: Calling

    var origin: String {
        "\(authorities == nil ? "http" : "https")://127.0.0.1:\(carrierProxy?.port ?? service.publicPort)"
    }

    static func newCall() -> String {
        "CA" + (0..<32).map { _ in String("0123456789abcdef".randomElement()!) }.joined()
    }

    /// A phone that calls the tenant's number.
    func phoneOptions() -> CarrierPhoneOptions {
        var options = CarrierPhoneOptions(.webhook(url: "\(origin)/twilio/voice"))
        options.to = Self.number
        options.accountSid = Self.account
        options.authToken = Self.authToken
        options.trustedAuthoritiesFile = authorities
        // On a busy machine an agent may fall silent in the middle of a sentence: its turn is not over yet.
        options.agentHangoverMilliseconds = 1_000
        options.hangUp = [.after(milliseconds: 90_000), .afterSilence(milliseconds: 20_000)]
        return options
    }

    func call(_ options: CarrierPhoneOptions) async -> CarrierPhoneReport {
        await CarrierPhoneCall(options, on: loop).run()
    }

    static func form(call: String, to: String = number) -> [(name: String, value: String)] {
        [
            ("AccountSid", account), ("ApiVersion", "2010-04-01"), ("CallSid", call), ("CallStatus", "ringing"),
            ("Direction", "inbound"), ("From", "+15005550006"), ("To", to),
        ]
    }

    /// Posts a signed webhook and reads the verbs of its answer.
    func webhook(_ path: String = "/twilio/voice", call: String, to: String = number) async throws -> [TwiMLDocument
        .Verb]
    {
        let post = FormPost(
            url: origin + path, form: Self.form(call: call, to: to), authToken: Self.authToken,
            trustedAuthoritiesFile: authorities)
        return try TwiMLDocument(try await post.send().body).verbs
    }

    /// Announces a call.
    /// - Returns: where its stream may come in.
    func announce(_ call: String) async throws -> String {
        let post = FormPost(
            url: origin + "/twilio/voice", form: Self.form(call: call), authToken: Self.authToken,
            trustedAuthoritiesFile: authorities)
        guard let stream = try TwiMLDocument(try await post.send().body).stream() else {
            throw NeverHappened(description: "a stream was offered")
        }
        return stream.url
    }

    /// - Parameter port: of a proxy to connect to instead.
    func carrier(
        _ url: String, call: String, token: String? = ServiceRig.authToken, via port: Int? = nil
    ) -> RawCarrier {
        RawCarrier(url, call: call, account: Self.account, token: token, on: loop, authorities: authorities, via: port)
    }

    /// A call whose stream is up and has started.
    func startedCall() async throws -> RawCarrier {
        let call = Self.newCall()
        let carrier = carrier(try await announce(call), call: call)
        #expect(try await carrier.opened())
        carrier.start()
        try await eventually("\(call) to begin") { !witness[call].began.isEmpty }
        return carrier
    }

    /// The scripted model's session, once it is there.
    func session(_ number: Int = 0) async throws -> ModelSession {
        try await eventually("a model session") { (model?.sessions.count ?? 0) > number }
        return model!.sessions[number]
    }

    /// A call in which the model listens.
    func listeningCall() async throws -> (RawCarrier, ModelSession) {
        let carrier = try await startedCall()
        let session = try await session()
        try await eventually("the session to be ordered") { session.count("session.update") > 0 }
        return (carrier, session)
    }

    func ended(_ call: String, seconds: Double = 30) async throws -> CallWitness.Seen {
        try await eventually("\(call) to end", seconds: seconds) { witness[call].ending != nil }
        return witness[call]
    }

    // MARK: Looking

    /// The value of one series; 0 when there is none.
    func metric(_ series: String) -> Int {
        for line in service.metricsText.split(separator: "\n") where line.hasPrefix(series + " ") {
            return Int(Double(line.dropFirst(series.count + 1)) ?? 0)
        }
        return 0
    }
    func events(_ name: String) -> Int { metric(#"media_bridge_events_total{event="\#(name)"}"#) }
    func requests(_ outcome: String) -> Int { metric(#"media_bridge_requests_total{outcome="\#(outcome)"}"#) }

    func stored(_ call: String) throws -> StoredCall? {
        try TurnStore.openReadOnly(folder + "/store.sqlite").call(call)
    }

    /// What `media-bridge top` sees.
    func live() async throws -> LiveReport {
        let answer = try await admin("/api/v1/live")
        #expect(answer.status == 200)
        return try JSONDecoder().decode(LiveReport.self, from: Data(answer.body.utf8))
    }

    /// Status and body of a GET at the admin listener.
    func admin(_ path: String) async throws -> (status: Int, body: String) {
        let url = URL(string: "http://127.0.0.1:\(service.adminPort)\(path)")!
        return try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                do {
                    let connection = try PlainOrTLSConnection(
                        try WebAddress(url.absoluteString, schemes: ["http"], field: "admin"),
                        trustedAuthoritiesFile: nil, deadlineSeconds: 5)
                    try connection.write(
                        Array("GET \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".utf8))
                    let answer = FormPost.answer(try connection.readToEnd(maximum: 1 << 20))
                    continuation.resume(
                        returning: (answer?.status ?? 0, String(decoding: answer?.body ?? [], as: UTF8.self)))
                } catch { continuation.resume(throwing: error) }
            }
        }
    }
}

/// Runs `body` with a service and takes it down again, away from the threads that tests share.
func withService(
    _ plan: RigPlan = RigPlan(), sourceLocation: SourceLocation = #_sourceLocation,
    _ body: (ServiceRig) async throws -> Void
) async throws {
    await ServicePlaces.shared.take()
    defer { ServicePlaces.shared.giveBack() }
    let rig: ServiceRig = try await elsewhere { try ServiceRig(plan) }
    let result: Result<Void, any Error>
    do { result = .success(try await body(rig)) } catch { result = .failure(error) }
    try await elsewhere { rig.close(sourceLocation: sourceLocation) }
    try result.get()
}

private func elsewhere<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Result { try work() }) }
    }
}

/// A certificate for 127.0.0.1 that signed itself.
enum Certificate {
    static func make(in folder: String) throws -> TLSFiles {
        let files = TLSFiles(certificate: folder + "/certificate.pem", key: folder + "/key.pem")
        let status = try Command.run(
            "openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                "-keyout", files.key, "-out", files.certificate, "-subj", "/CN=localhost", "-addext",
                "subjectAltName=DNS:localhost,IP:127.0.0.1",
            ]
        ).status
        guard status == 0 else { throw NeverHappened(description: "openssl req") }
        return files
    }
}

/// Other people's tools.
enum Command {
    static func run(_ name: String, _ arguments: [String], input: String = "") throws -> (status: Int32, output: String)
    {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [name] + arguments
        let (standardInput, output) = (Pipe(), Pipe())
        process.standardInput = standardInput
        process.standardOutput = output
        process.standardError = output
        try process.run()
        try standardInput.fileHandleForWriting.write(contentsOf: Data(input.utf8))
        try standardInput.fileHandleForWriting.close()
        let text = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: text, as: UTF8.self))
    }
}
