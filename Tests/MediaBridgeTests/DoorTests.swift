import Configuration
import Conversation
import Foundation
import Logging
import Synchronization
import Testing
import Transport

@testable import CarrierPhone
@testable import MediaBridge

/// Who is let in, how many, and what is said about them.
@Suite struct `The door` {
    @Test func `S26 an unknown number is refused before any model is asked`() async throws {
        try await withService { rig in
            let call = ServiceRig.newCall()
            let verbs = try await rig.webhook(call: call, to: "+15005559999")
            #expect(verbs.map(\.name) == ["Reject"])
            #expect(rig.requests("number_unknown") == 1)
            #expect(rig.model?.attempts == 0)
            #expect(try rig.stored(call) == nil)
        }
    }

    // MARK: Signatures

    @Test(arguments: ["", "another token"])
    func `S63 a webhook with a missing or wrong signature changes nothing`(token: String) async throws {
        try await withService { rig in
            let call = ServiceRig.newCall()
            for path in [
                "/twilio/voice", "/twilio/status", "/twilio/stream-status", "/twilio/amd", "/twilio/after-stream",
            ] {
                let post = FormPost(
                    url: rig.origin + path, form: ServiceRig.form(call: call), authToken: token,
                    trustedAuthoritiesFile: nil)
                let status = try await post.send().status
                #expect(status == 403, "\(path)")
            }
            #expect(rig.requests(token.isEmpty ? "signature_missing" : "signature_wrong") == 5)
            #expect(rig.requests("voice_answered") == 0)
            #expect(rig.metric("media_bridge_calls") == 0)
            #expect(try rig.stored(call) == nil)
        }
    }

    @Test func `S63 a signature over another address is wrong`() async throws {
        try await withService { rig in
            let call = ServiceRig.newCall()
            // Signed for one webhook, sent to another.
            let form = ServiceRig.form(call: call)
            let signed = RequestSignature.sign(
                url: rig.origin + "/twilio/status", form: form, authToken: ServiceRig.authToken)
            let body = form.map { "\($0.name)=\(FormPost.escape($0.value))" }.joined(separator: "&")
            let answer = try Command.run(
                "curl",
                [
                    "-s", "-o", "/dev/null", "-w", "%{http_code}", "-H", "X-Twilio-Signature: \(signed)", "-d", body,
                    rig.origin + "/twilio/voice",
                ])
            #expect(answer.output == "403")
            #expect(rig.requests("signature_wrong") == 1)
            #expect(try rig.stored(call) == nil)
        }
    }

    @Test(arguments: [nil, "another token"] as [String?])
    func `S63 an upgrade with a missing or wrong signature is refused, and the call can still come`(
        token: String?
    ) async throws {
        try await withService { rig in
            let call = ServiceRig.newCall()
            let url = try await rig.announce(call)
            let stranger = rig.carrier(url, call: call, token: token)
            #expect(try await stranger.opened() == false)
            #expect(stranger.close?.httpStatus == 403)
            #expect(rig.requests(token == nil ? "signature_missing" : "signature_wrong") == 1)
            #expect(rig.model?.attempts == 0)
            let carrier = rig.carrier(url, call: call)
            #expect(try await carrier.opened())
            carrier.start()
            _ = try await rig.session()
            carrier.stop()
            #expect(try await rig.ended(call).ending == .callerHungUp)
        }
    }

    @Test func `S63 a replayed webhook gives the same answer and no second call`() async throws {
        try await withService { rig in
            let call = ServiceRig.newCall()
            let first = try await rig.announce(call)
            let second = try await rig.announce(call)
            #expect(first == second)
            #expect(rig.metric("media_bridge_calls") == 1)
            let made = rig.carrier(first + "x", call: call)
            #expect(try await made.opened() == false)
            #expect(made.close?.httpStatus == 403)
            #expect(rig.requests("token_unknown") == 1)
        }
    }

    // MARK: Limits

    private static func limited(to calls: Int) -> RigPlan {
        var plan = RigPlan(.scripted(.init(speech: nil)), greets: false)
        plan.configure = { $0.limits.maximumCalls = calls }
        return plan
    }

    @Test func `S71 one call more than the limit is rejected, and let in when another has ended`() async throws {
        try await withService(Self.limited(to: 2)) { rig in
            let first = try await rig.startedCall()
            let second = try await rig.startedCall()
            let refused = try await rig.webhook(call: ServiceRig.newCall())
            #expect(refused.map(\.name) == ["Reject"])
            #expect(refused.first?.attributes["reason"] == "busy")
            #expect(rig.requests("service_full") == 1)
            #expect(rig.metric("media_bridge_calls") == 2)
            #expect(rig.model?.attempts == 2)
            first.stop()
            _ = try await rig.ended(first.call)
            try await eventually("the place to be free") { rig.metric("media_bridge_calls") == 1 }
            let third = try await rig.startedCall()
            #expect(rig.metric("media_bridge_calls") == 2)
            second.stop()
            third.stop()
        }
    }

    @Test func `S71 of eight at the same instant for the last place, one gets it`() async throws {
        try await withService(Self.limited(to: 2)) { rig in
            let first = try await rig.startedCall()
            let names = try await withThrowingTaskGroup(of: [String].self) { group in
                for _ in 0..<8 {
                    group.addTask { try await rig.webhook(call: ServiceRig.newCall()).map(\.name) }
                }
                return try await group.reduce(into: [String]()) { $0 += $1 }
            }
            #expect(names.count { $0 == "Connect" } == 1)
            #expect(names.count { $0 == "Reject" } == 7)
            #expect(rig.metric("media_bridge_calls") == 2)
            #expect(rig.requests("service_full") == 7)
            first.stop()
        }
    }

    // MARK: What is said about them

    @Test func `S72 no number, key, token or word of a call stands in a log line`() async throws {
        let lines = LogLines()
        var plan = RigPlan(.agent(SpokenScript.options(hearing: ["goodbye"])))
        plan.logger = Logger(label: "rig") { _ in lines.handler }
        try await withService(plan) { rig in
            var options = rig.phoneOptions()
            options.utterances = [try SpokenScript.utterance("vm-goodbye", .afterAgentTurn(1, pauseMilliseconds: 200))]
            let report = await rig.call(options)
            let seen = try await rig.ended(report.callSid)
            #expect(seen.ending == .agentSaidGoodbye)
            // A refused caller and a malformed message as well.
            _ = try await rig.webhook(call: ServiceRig.newCall(), to: "+15005559999")
            let carrier = try await rig.startedCall()
            carrier.send("+15005550006 said: my secret is 4711")
            carrier.stop()
            _ = try await rig.ended(carrier.call)
            let words = seen.turns.flatMap { [$0.text, $0.plannedText] }.filter { $0.count > 8 }
            #expect(!words.isEmpty)
            try await eventually("the lines of both calls") {
                lines.text.components(separatedBy: "call ended").count >= 3
            }
            let text = lines.text
            for secret in words + [
                ServiceRig.apiKey, ServiceRig.authToken, "15005550006", "15005550001", "15005559999", "4711",
                "Be brief", ServiceRig.greeting,
            ] {
                #expect(!text.contains(secret), "\(secret)")
            }
        }
    }
}

/// A logger's lines, as they were logged: nothing redacted.
final class LogLines: Sendable {
    private let lines = Mutex<[String]>([])
    var text: String { lines.withLock { $0.joined(separator: "\n") } }
    var handler: any LogHandler { Handler(lines: self) }

    private struct Handler: LogHandler {
        let lines: LogLines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.info

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let all = metadata.merging(event.metadata ?? [:]) { $1 }
            lines.lines.withLock { $0.append("\(event.message) \(all) \(event.error.map { "\($0)" } ?? "")") }
        }
    }
}
