import Configuration
import Conversation
import Foundation
import Testing
import Transport

@testable import CarrierPhone
@testable import MediaBridge

/// HTTP tools, over real sockets on both sides.
@Suite struct `HTTP tools` {
    private static func plan(
        _ server: FakeHTTPServer, speech: [UInt8]? = nil,
        _ change: @escaping @Sendable (inout HTTPTool) -> Void = { _ in }
    ) -> RigPlan {
        var plan = RigPlan(.scripted(.init(speech: speech)), greets: false)
        let url = server.url
        plan.configure = { configuration in
            var tool = HTTPTool(name: "find", description: "Finds.", url: url + "/find?v=1")
            tool.headers = [.init("Authorization", Secret("Bearer key-4711"))]
            change(&tool)
            configuration.tenants[0].tools.http = [tool]
        }
        return plan
    }

    @Test func `S42 ok: the arguments go out, the answer comes in, then one response`() async throws {
        try await withFakeServer({ _, _ in .now(200, #"{"day":"Monday"}"#) }) { server in
            try await withService(Self.plan(server)) { rig in
                let (carrier, session) = try await rig.listeningCall()
                #expect(session.messages[0].text.contains(#""name":"find""#))
                session.use([("call_1", "find", #"{"who":"Ann"}"#)])
                #expect(try await session.output(of: "call_1") == #"{"day":"Monday"}"#)
                try await eventually("a response") { session.count("response.create") == 1 }
                let request = try #require(server.requests.first)
                #expect(request.method == "POST" && request.target == "/find?v=1")
                #expect(request.text == #"{"who":"Ann"}"#)
                #expect(request.headers["Authorization"] == "Bearer key-4711")
                #expect(request.headers["Idempotency-Key"] == "\(carrier.call)-call_1")
                #expect(request.headers["Content-Type"] == "application/json")
                #expect(rig.metric(#"media_bridge_tools_total{outcome="succeeded"}"#) == 1)
            }
        }
    }

    @Test func `S42 arguments of a GET go into the query, escaped`() async throws {
        try await withFakeServer({ _, _ in .now(200, "") }) { server in
            let plan = Self.plan(server) { $0.method = .get }
            try await withService(plan) { rig in
                let (carrier, session) = try await rig.listeningCall()
                session.use([("call_1", "find", #"{"who":"Ann & Bob+1","count":2}"#)])
                #expect(try await session.output(of: "call_1") == #"{"ok":true}"#)
                #expect(server.requests.first?.target == "/find?v=1&count=2&who=Ann%20%26%20Bob%2B1")
                #expect(server.requests.first?.body.isEmpty == true)
                #expect(carrier.close == nil)
            }
        }
    }

    @Test(arguments: [
        (FakeHTTPServer.Answer.now(500, "a secret stack trace"), "HTTP status 500", "answer_refused"),
        (.now(302, "", headers: [("Location", "http://127.0.0.1:1/x")]), "points elsewhere", "redirected"),
        (.now(200, String(repeating: "x", count: 20_000)), "too long", "answer_too_long"),
        (.never, "in time", "timed_out"),
    ])
    func `S42 R8 a failure is a short error for the model, counted, and one response follows`(
        answer: FakeHTTPServer.Answer, words: String, counter: String
    ) async throws {
        try await withFakeServer({ _, _ in answer }) { server in
            let plan = Self.plan(server) { $0.timeoutMilliseconds = counter == "timed_out" ? 2_000 : 10_000 }
            try await withService(plan) { rig in
                let (carrier, session) = try await rig.listeningCall()
                session.use([("call_1", "find", "{}")])
                let output = try await session.output(of: "call_1")
                #expect(output.hasPrefix(#"{"error":"#) && output.contains(words) && output.utf8.count < 120)
                try await eventually("a response") { session.count("response.create") == 1 }
                #expect(server.requests.count == 1, "asked once, and nobody else")
                #expect(rig.metric(#"media_bridge_tools_total{outcome="\#(counter)"}"#) == 1)
                #expect(carrier.close == nil)
            }
        }
    }

    @Test func `S42 arguments that are no object are not sent, a tool nobody declared does not run`() async throws {
        try await withFakeServer({ _, _ in .now(200, "{}") }) { server in
            try await withService(Self.plan(server)) { rig in
                let (carrier, session) = try await rig.listeningCall()
                session.use([("call_1", "find", "[1]"), ("call_2", "steal", "{}"), ("call_3", "transfer_call", "{}")])
                #expect(try await session.output(of: "call_1").contains("not a JSON object"))
                #expect(try await session.output(of: "call_2").contains("no such tool"))
                #expect(try await session.output(of: "call_3").contains("no such tool"))
                #expect(server.requests.isEmpty)
                #expect(carrier.close == nil)
            }
        }
    }

    @Test func `S42 a slow tool: the tenant's words meanwhile, then its answer`() async throws {
        try await withFakeServer({ _, _ in .after(milliseconds: 1_500, 200, #"{"late":true}"#) }) { server in
            let plan = Self.plan(server, speech: ScriptedModel.hum(milliseconds: 200)) {
                $0.filler = "One moment, I am looking."
                $0.fillerMilliseconds = 200
            }
            try await withService(plan) { rig in
                let (carrier, session) = try await rig.listeningCall()
                session.use([("call_1", "find", "{}")])
                try await eventually("the filler") {
                    session.messages.contains {
                        $0.type == "response.create" && $0.text.contains("One moment, I am looking.")
                    }
                }
                #expect(session.outputs(of: "call_1").isEmpty)
                #expect(try await session.output(of: "call_1") == #"{"late":true}"#)
                try await eventually("the answer") { session.count("response.create") == 2 }
                #expect(carrier.close == nil)
            }
        }
    }

    @Test func `S42 a call that the model repeats runs once and gets one output`() async throws {
        try await withFakeServer({ _, _ in .after(milliseconds: 100, 200, "{}") }) { server in
            try await withService(Self.plan(server)) { rig in
                let (carrier, session) = try await rig.listeningCall()
                session.use([("call_1", "find", "{}"), ("call_1", "find", "{}")])
                _ = try await session.output(of: "call_1")
                session.sendCall(("call_1", "find", "{}"))
                try await eventually("the repetition to be seen") {
                    rig.witness[carrier.call].notes[.duplicateToolCall] == 2
                }
                #expect(server.requests.count == 1)
                #expect(session.outputs(of: "call_1").count == 1)
            }
        }
    }

    @Test func `S42 the caller interrupts while a tool runs: it gets its output all the same`() async throws {
        try await withFakeServer({ _, _ in .after(milliseconds: 800, 200, #"{"a":1}"#) }) { server in
            try await withService(Self.plan(server)) { rig in
                let (carrier, session) = try await rig.listeningCall()
                session.use([("call_1", "find", "{}")], audio: ScriptedModel.hum(milliseconds: 6_000))
                try await eventually("the agent to speak") {
                    carrier.heard.count > 160 * 10 && server.requests.count == 1
                }
                carrier.send(
                    """
                    {"event":"dtmf","sequenceNumber":"90","streamSid":"\(carrier.stream)",\
                    "dtmf":{"track":"inbound_track","digit":"1"}}
                    """)
                try await eventually("a clear") { carrier.count("clear") == 1 }
                #expect(try await session.output(of: "call_1") == #"{"a":1}"#)
                #expect(session.outputs(of: "call_1").count == 1)
            }
        }
    }

    @Test func `S42 R9 the caller hangs up while a tool runs: its result reaches nobody`() async throws {
        try await withFakeServer({ _, _ in .after(milliseconds: 700, 200, "{}") }) { server in
            try await withService(Self.plan(server)) { rig in
                let (carrier, session) = try await rig.listeningCall()
                session.use([("call_1", "find", "{}")])
                try await eventually("the request") { server.requests.count == 1 }
                carrier.stop()
                #expect(try await rig.ended(carrier.call).ending == .callerHungUp)
                try await eventually("the result to be dropped") {
                    rig.metric(#"media_bridge_tools_total{outcome="result_dropped"}"#) == 1
                }
                #expect(session.outputs(of: "call_1").isEmpty)
            }
        }
    }

    @Test func `R13 tools and destinations of one tenant are nothing to another`() async throws {
        try await withFakeServer({ _, _ in .now(200, "{}") }) { server in
            var plan = Self.plan(server)
            let configure = plan.configure
            plan.configure = { configuration in
                configure(&configuration)
                var other = configuration.tenants[0]
                (other.id, other.numbers, other.tools) = ("other", ["+15005550002"], TenantTools())
                other.tools.transfer.destinations = [.init(name: "desk", address: "+15005550009")]
                configuration.tenants[0].tools.transfer.destinations = [.init(name: "owner", address: "+15005550008")]
                configuration.tenants.append(other)
            }
            try await withService(plan) { rig in
                let call = ServiceRig.newCall()
                let post = FormPost(
                    url: rig.origin + "/twilio/voice", form: ServiceRig.form(call: call, to: "+15005550002"),
                    authToken: ServiceRig.authToken, trustedAuthoritiesFile: nil)
                let stream = try #require(try TwiMLDocument(try await post.send().body).stream())
                let carrier = rig.carrier(stream.url, call: call)
                #expect(try await carrier.opened())
                carrier.start()
                let session = try await rig.session()
                try await eventually("the session to be ordered") { session.count("session.update") > 0 }
                let told = session.messages[0].text
                #expect(!told.contains(#""find""#) && !told.contains("owner") && told.contains("desk"))
                session.use([("call_1", "find", "{}"), ("call_2", "transfer_call", #"{"destination":"owner"}"#)])
                #expect(try await session.output(of: "call_1").contains("no such tool"))
                #expect(try await session.output(of: "call_2").contains("no such destination"))
                #expect(server.requests.isEmpty)
            }
        }
    }

    @Test func `a remote MCP server goes to the provider as it was configured, and its failures are counted`()
        async throws
    {
        var plan = RigPlan(.scripted(.init(speech: nil)), greets: false)
        plan.configure = { configuration in
            var server = RemoteToolServer(label: "calendar", url: "https://mcp.example/sse")
            server.headers = [.init("Authorization", Secret("key-4711"))]
            (server.allowedTools, server.approval) = (["list"], .always)
            configuration.tenants[0].tools.remoteServers = [server]
        }
        try await withService(plan) { rig in
            let (carrier, session) = try await rig.listeningCall()
            let expected = """
                {"type":"mcp","server_label":"calendar","server_url":"https://mcp.example/sse",\
                "headers":{"Authorization":"key-4711"},"allowed_tools":["list"],"require_approval":"always"}
                """
            #expect(session.messages[0].text.contains(expected))
            session.send(#"{"type":"mcp_list_tools.in_progress","item_id":"item_m"}"#)
            session.send(#"{"type":"mcp_list_tools.failed","item_id":"item_m"}"#)
            session.send(#"{"type":"response.mcp_call.failed","item_id":"item_n","output_index":0}"#)
            try await eventually("both failures") {
                rig.metric(#"media_bridge_tools_total{outcome="remote_list_failed"}"#) == 1
                    && rig.metric(#"media_bridge_tools_total{outcome="remote_tool_failed"}"#) == 1
            }
            #expect(rig.events("model_unknown") == 0 && rig.events("model_malformed") == 0)
            #expect(carrier.close == nil)
        }
    }
}
