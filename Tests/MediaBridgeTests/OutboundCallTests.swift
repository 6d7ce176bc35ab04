import Configuration
import Conversation
import Foundation
import Testing
import Transport
import TurnStore

@testable import CarrierPhone
@testable import MediaBridge

/// Calls that an operator asks for, with a carrier that makes them on loopback.
@Suite struct `Outbound calls over sockets` {
    private static let greeting = "Good morning, we are calling you."

    private func plan(
        _ dialler: ScriptedDialler, greets: Bool = true, speech: [UInt8]? = ScriptedModel.hum(milliseconds: 400),
        _ more: @escaping @Sendable (inout ServiceConfiguration) -> Void = { _ in }
    ) -> RigPlan {
        var plan = RigPlan(.scripted(.init(speech: speech)))
        let url = dialler.server.url
        plan.configure = { configuration in
            configuration.twilio.apiURL = url
            configuration.adminListener.token = Secret(ServiceRig.operatorToken)
            configuration.tenants[0].outbound = .init(
                instructions: "You call people.", greeting: greets ? Self.greeting : "")
            configuration.tenants[0].dialling.sameNumberSeconds = 0
            more(&configuration)
        }
        return plan
    }

    /// The carrier's phone was picked up: its stream comes, as a `RawCarrier`.
    private func pickUp(
        _ rig: ServiceRig, _ order: ScriptedDialler.Order, _ more: [(String, String)] = []
    ) async throws -> RawCarrier {
        let answer = try await ScriptedDialler.post(order["Url"], order, more)
        let stream = try #require(try TwiMLDocument(answer.body).stream())
        let carrier = rig.carrier(stream.url, call: order.call)
        #expect(try await carrier.opened())
        carrier.start()
        try await eventually("\(order.call) to begin") { !rig.witness[order.call].began.isEmpty }
        return carrier
    }

    @Test func `a call is asked for, made, picked up by a real phone, spoken to in outbound words, and over`()
        async throws
    {
        let dialler = try ScriptedDialler()
        defer { dialler.server.stop() }
        try await withService(plan(dialler)) { rig in
            let made = try await rig.dial(key: "k1", ["context": "Her name is Anna."])
            #expect(made.status == 201, "\(made.text)")
            let order = try #require(dialler.orders.first)
            #expect(made.object["call"] as? String == order.call)
            #expect(order["To"] == "+15005550006" && order["From"] == ServiceRig.number && order["Timeout"] == "30")
            #expect(order.all("StatusCallbackEvent") == ["initiated", "ringing", "answered", "completed"])
            #expect(order["MachineDetection"].isEmpty)
            #expect(rig.placesTaken == 1)
            var options = rig.phoneOptions()
            options.destination = .webhook(url: order["Url"])
            (options.callSid, options.direction) = (order.call, "outbound-api")
            (options.from, options.to) = (order["From"], order["To"])
            options.hangUp = [.afterAgentTurn(1, pauseMilliseconds: 200), .after(milliseconds: 30_000)]
            let report = await rig.call(options)
            guard case .talked = report.outcome else {
                Issue.record("\(report.outcome)")
                return
            }
            #expect(try await rig.ended(order.call).ending == .callerHungUp)
            let session = try await rig.session()
            let update = try #require(session.messages.first { $0.type == "session.update" })
            #expect(update.text.contains("You call people.") && !update.text.contains("Be brief."))
            // S69, R13: what is known of one person is an item of its own, never in the instructions.
            #expect(!update.text.contains("Anna"))
            #expect(session.messages.contains { $0.type == "conversation.item.create" && $0.text.contains("Anna") })
            #expect(session.messages.contains { $0.text.contains(Self.greeting) })
            try await ScriptedDialler.post(order["StatusCallback"], order, [("CallStatus", "completed")])
            try await eventually("the place to be given back") { rig.placesTaken == 0 }
            let stored = try #require(try rig.stored(order.call))
            #expect(stored.direction == "outbound" && stored.status == "completed")
        }
    }

    @Test func `one key is one call, also asked for by many at once; another body is a mistake`() async throws {
        let dialler = try ScriptedDialler()
        defer { dialler.server.stop() }
        try await withService(plan(dialler)) { rig in
            let answers = try await withThrowingTaskGroup(of: (Int, String).self) { group in
                for _ in 0..<6 {
                    group.addTask {
                        var answer = try await rig.dial(key: "k1")
                        while answer.status == 409 { answer = try await rig.dial(key: "k1") }
                        return (answer.status, answer.text)
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.allSatisfy { $0.0 == 201 } && Set(answers.map(\.1)).count == 1)
            #expect(dialler.orders.count == 1)
            let other = try await rig.dial("+15005550007", key: "k1")
            #expect(other.status == 422 && other.object["field"] as? String == "Idempotency-Key")
            #expect(dialler.orders.count == 1 && rig.placesTaken == 1)
        }
    }

    @Test func `the same number twice within its time: 409 with the first call's id; another number is called`()
        async throws
    {
        let dialler = try ScriptedDialler()
        defer { dialler.server.stop() }
        let plan = plan(dialler) { $0.tenants[0].dialling.sameNumberSeconds = 60 }
        try await withService(plan) { rig in
            let first = try await rig.dial(key: "k1")
            let second = try await rig.dial(key: "k2")
            #expect(second.status == 409)
            #expect(second.object["call"] as? String == first.object["call"] as? String)
            #expect(try await rig.dial("+15005550007", key: "k3").status == 201)
            #expect(dialler.orders.count == 2)
        }
    }

    @Test(arguments: ["busy", "no-answer", "failed", "canceled"])
    func `a call that nobody picks up gives its place back and says how it ended`(status: String) async throws {
        let dialler = try ScriptedDialler()
        defer { dialler.server.stop() }
        try await withService(plan(dialler) { $0.tenants[0].maximumCalls = 1 }) { rig in
            _ = try await rig.dial(key: "k1")
            #expect(try await rig.dial("+15005550007", key: "k2").status == 429, "the tenant's one place is taken")
            let order = dialler.orders[0]
            try await ScriptedDialler.post(order["StatusCallback"], order, [("CallStatus", "ringing")])
            #expect(rig.placesTaken == 1)
            try await ScriptedDialler.post(order["StatusCallback"], order, [("CallStatus", status)])
            #expect(rig.placesTaken == 0)
            try await eventually("its record to be closed") {
                (try? rig.stored(order.call))??.endedAtUnixMilliseconds != nil
            }
            let stored = try #require(try rig.stored(order.call))
            #expect(stored.endReason == status && stored.status == status && stored.direction == "outbound")
            // The refusal was of that moment: the same key is dialled now.
            #expect(try await rig.dial("+15005550007", key: "k2").status == 201)
        }
    }

    @Test func `a carrier that refuses is asked once: its code is told, the place is free, the key keeps its answer`()
        async throws
    {
        let refusal = #"{"code":21211,"message":"The 'To' number +15005550006 is not valid","status":400}"#
        let dialler = try ScriptedDialler(answering: { _ in .now(400, refusal) })
        defer { dialler.server.stop() }
        try await withService(plan(dialler) { $0.tenants[0].dialling.sameNumberSeconds = 60 }) { rig in
            let answer = try await rig.dial(key: "k1")
            #expect(answer.status == 422 && answer.object["carrierCode"] as? Int == 21_211)
            #expect(!answer.text.contains("5550006"))
            #expect(rig.placesTaken == 0)
            #expect(try await rig.dial(key: "k1").text == answer.text)
            #expect(dialler.orders.count == 1)
            // It was surely not made: another try of the same number is no repetition.
            _ = try await rig.dial(key: "k2")
            #expect(dialler.orders.count == 2)
        }
    }

    @Test func `a carrier that never answers is not asked again: the call is looked up, and found`() async throws {
        let dialler = try ScriptedDialler(
            listing: { orders in
                let format = DateFormatter()
                format.locale = Locale(identifier: "en_US_POSIX")
                format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss Z"
                return #"{"calls":[{"sid":"\#(orders[0].call)","date_created":"\#(format.string(from: Date()))"}]}"#
            }, answering: { _ in .never })
        defer { dialler.server.stop() }
        try await withService(plan(dialler)) { rig in
            let answer = try await rig.dial(key: "k1")
            #expect(answer.status == 201, "\(answer.text)")
            #expect(answer.object["call"] as? String == dialler.orders[0].call)
            #expect(dialler.orders.count == 1)
        }
    }

    @Test func `a call that may have been made is neither repeated nor lost: its webhook names it`() async throws {
        let dialler = try ScriptedDialler(answering: { _ in .now(500, "oops") })
        defer { dialler.server.stop() }
        try await withService(plan(dialler)) { rig in
            let answer = try await rig.dial(key: "k1")
            #expect(answer.status == 504 && answer.text.contains("may have been made"))
            #expect(rig.placesTaken == 1)
            #expect(try await rig.dial(key: "k1").status == 504)
            #expect(dialler.orders.count == 1)
            let order = dialler.orders[0]
            let carrier = try await pickUp(rig, order)
            let request = try #require(answer.object["request"] as? String)
            var again = try await rig.dial(key: "k1")
            for _ in 0..<200 where again.status != 201 {
                try await Task.sleep(for: .milliseconds(20))
                again = try await rig.dial(key: "k1")
            }
            #expect(again.object["call"] as? String == order.call && again.object["request"] as? String == request)
            #expect(rig.placesTaken == 1)
            carrier.stop()
            _ = try await rig.ended(order.call)
            try await eventually("the place to be given back") { rig.placesTaken == 0 }
        }
    }

    @Test func `S52 a machine, told while connected: hung up on, or given the message`() async throws {
        for leaves in [false, true] {
            let dialler = try ScriptedDialler()
            defer { dialler.server.stop() }
            let plan = plan(dialler, greets: false) { configuration in
                configuration.tenants[0].turnTaking.answeringMachine = leaves ? .leaveMessage : .hangUp
                configuration.tenants[0].turnTaking.answeringMachineMessage = "Please call back."
            }
            try await withService(plan) { rig in
                _ = try await rig.dial(key: "k1")
                let order = dialler.orders[0]
                #expect(order["MachineDetection"] == (leaves ? "DetectMessageEnd" : "Enable"))
                #expect(order["AsyncAmd"] == "true")
                let carrier = try await pickUp(rig, order)
                let session = try await rig.session()
                try await eventually("the session to be ordered") { session.count("session.update") > 0 }
                let verdict = leaves ? "machine_end_beep" : "machine_start"
                try await ScriptedDialler.post(order["AsyncAmdStatusCallback"], order, [("AnsweredBy", verdict)])
                #expect(try await rig.ended(order.call).ending == .answeringMachine)
                #expect(carrier.heard.isEmpty == !leaves)
                #expect(session.messages.contains { $0.text.contains("Please call back.") } == leaves)
            }
        }
    }

    @Test func `S52 a machine, told before the call is connected, in the voice webhook`() async throws {
        let dialler = try ScriptedDialler()
        defer { dialler.server.stop() }
        let plan = plan(dialler) { $0.tenants[0].turnTaking.answeringMachine = .hangUp }
        try await withService(plan) { rig in
            _ = try await rig.dial(key: "k1", ["machineDetection": "beforeConnecting"])
            let order = dialler.orders[0]
            #expect(order["MachineDetection"] == "Enable" && order["AsyncAmd"].isEmpty)
            let carrier = try await pickUp(rig, order, [("AnsweredBy", "machine_start")])
            #expect(try await rig.ended(order.call).ending == .answeringMachine)
            #expect(carrier.heard.isEmpty)
        }
    }

    @Test func `R5 DELETE ends a call after a goodbye or at once, and takes back one that only rings`() async throws {
        let dialler = try ScriptedDialler()
        defer { dialler.server.stop() }
        try await withService(plan(dialler, greets: false)) { rig in
            _ = try await rig.dial(key: "k1")
            let polite = try await pickUp(rig, dialler.orders[0])
            let session = try await rig.session()
            try await eventually("the session to be ordered") { session.count("session.update") > 0 }
            try await eventually("the agent to listen") { rig.service.liveCalls == 1 }
            #expect(try await rig.api("DELETE", "/api/v1/calls/\(polite.call)").status == 202)
            #expect(try await rig.ended(polite.call).ending == .operatorAsked)

            _ = try await rig.dial(key: "k2")
            let abrupt = try await pickUp(rig, dialler.orders[1])
            #expect(try await rig.api("DELETE", "/api/v1/calls/\(abrupt.call)?goodbye=false").status == 202)
            #expect(try await rig.ended(abrupt.call).ending == .operatorAsked)
            #expect(abrupt.heard.isEmpty)
            try await eventually("its record to be closed") {
                rig.service.liveCalls == 0 && (try? rig.stored(abrupt.call))??.endedAtUnixMilliseconds != nil
            }
            #expect(try await rig.api("DELETE", "/api/v1/calls/\(abrupt.call)").status == 409)

            _ = try await rig.dial(key: "k3")
            let ringing = dialler.orders[2]
            #expect(try await rig.api("DELETE", "/api/v1/calls/\(ringing.call)").status == 202)
            let request = try #require(dialler.server.requests.last)
            #expect(request.path.hasSuffix("/Calls/\(ringing.call).json") && request.text == "Status=completed")
            #expect(rig.placesTaken == 0)
            #expect(try await rig.api("DELETE", "/api/v1/calls/CAnone").status == 404)
            #expect(try await rig.api("DELETE", "/api/v1/calls/\(ringing.call)?goodbye=x").status == 422)
        }
    }

    @Test func `R10 say has the agent say it word for word, or the system instruct it`() async throws {
        let dialler = try ScriptedDialler()
        defer { dialler.server.stop() }
        try await withService(plan(dialler, greets: false)) { rig in
            _ = try await rig.dial(key: "k1")
            let order = dialler.orders[0]
            #expect(try await rig.api("POST", "/api/v1/calls/\(order.call)/say", ["text": "Hi."]).status == 409)
            let carrier = try await pickUp(rig, order)
            let session = try await rig.session()
            let path = "/api/v1/calls/\(order.call)/say"
            #expect(try await rig.api("POST", path, ["text": "Your taxi is here."]).status == 202)
            try await eventually("the words to be asked for") {
                session.messages.contains { $0.type == "response.create" && $0.text.contains("Your taxi is here.") }
            }
            try await eventually("them to be heard") { !carrier.heard.isEmpty }
            #expect(try await rig.api("POST", path, ["text": "Offer tea.", "as": "instruction"]).status == 202)
            try await eventually("the instruction") {
                session.messages.contains {
                    $0.type == "conversation.item.create" && $0.text.contains("Offer tea.")
                        && $0.text.contains(#""role":"system""#)
                }
            }
            let wrong = try await rig.api("POST", path, ["text": "x", "as": "song"])
            #expect(wrong.status == 422 && wrong.text.contains("words or instruction was expected"))
            #expect(try await rig.api("POST", path, [:]).object["field"] as? String == "text")
            #expect(try await rig.api("GET", path).status == 405)
            carrier.stop()
            _ = try await rig.ended(order.call)
        }
    }

    @Test func `S53 transfer goes to a destination of the call's own tenant`() async throws {
        let dialler = try ScriptedDialler()
        defer { dialler.server.stop() }
        let plan = plan(dialler, greets: false) { configuration in
            configuration.tenants[0].tools.transfer.destinations = [.init(name: "front desk", address: "+15005550009")]
        }
        try await withService(plan) { rig in
            _ = try await rig.dial(key: "k1")
            let order = dialler.orders[0]
            let carrier = try await pickUp(rig, order)
            let session = try await rig.session()
            let path = "/api/v1/calls/\(order.call)/transfer"
            let wrong = try await rig.api("POST", path, ["to": "+15005550099"])
            #expect(wrong.status == 422 && wrong.text.contains("one of front desk was expected"))
            #expect(try await rig.api("POST", path, ["to": "front desk"]).status == 202)
            try await eventually("the caller to be told, and the carrier") {
                dialler.server.requests.contains { $0.path.hasSuffix("/Calls/\(order.call).json") }
            }
            #expect(session.messages.contains { $0.type == "response.create" && $0.text.contains("front desk") })
            #expect(!carrier.heard.isEmpty)
            carrier.stop()
            carrier.hangUp()
            try await ScriptedDialler.post(
                rig.origin + "/twilio/after-dial", order, [("DialCallStatus", "completed")])
            #expect(try await rig.ended(order.call).ending == .transferred)
        }
    }

    @Test func `R13 two tenants: each with its number, its words, its places; nobody else's account names a request`()
        async throws
    {
        let dialler = try ScriptedDialler()
        defer { dialler.server.stop() }
        let plan = plan(dialler) { configuration in
            var second = configuration.tenants[0]
            (second.id, second.numbers) = ("salon", ["+15005550022"])
            second.accountSid = "AC000000000000000000000000000000ff"
            second.outbound = .init(instructions: "You call for the salon.", greeting: "")
            second.maximumCalls = 1
            configuration.tenants.append(second)
        }
        try await withService(plan) { rig in
            #expect(try await rig.dial(key: "k").status == 201)
            #expect(try await rig.dial(key: "k", ["tenant": "salon"]).status == 201, "another tenant's key is another")
            #expect(try await rig.dial(key: "k4", ["tenant": "salon"]).status == 429)
            #expect(dialler.orders.map { $0["From"] } == [ServiceRig.number, "+15005550022"])
            #expect(dialler.server.requests[1].target.contains("AC000000000000000000000000000000ff"))
            let stolen = try await rig.dial(key: "k5", ["from": "+15005550022"])
            #expect(stolen.status == 422 && stolen.object["field"] as? String == "from")
            // The first tenant's account signs a webhook with the second one's request: it is not given that call.
            var other = dialler.orders[1]
            other.call = ServiceRig.newCall()
            _ = try await ScriptedDialler.post(other["Url"], other, [])
            #expect(rig.witness[other.call].began.isEmpty)
            #expect(rig.placesTaken == 2)
        }
    }

    @Test func `without the token nothing is dialled, also on loopback, unless the configuration says so`() async throws
    {
        let dialler = try ScriptedDialler()
        defer { dialler.server.stop() }
        try await withService(plan(dialler)) { rig in
            let body = ["tenant": rig.service.configuration.tenants[0].id, "to": "+15005550006"]
            #expect(try await rig.api("POST", "/api/v1/calls", body, key: "k", token: nil).status == 401)
            #expect(try await rig.api("POST", "/api/v1/calls", body, key: "k", token: "x").status == 401)
            #expect(try await rig.api("POST", "/api/v1/calls", body).object["field"] as? String == "Idempotency-Key")
            #expect(try await rig.api("PUT", "/api/v1/calls", body, key: "k").status == 405)
            for (field, value) in [
                ("tenant", "nobody"), ("to", "0551234"), ("from", "+15005550099"), ("machineDetection", "yes"),
                ("colour", "red"), ("context", String(repeating: "x", count: 15_000)),
            ] {
                let answer = try await rig.dial(key: "k", [field: value])
                #expect(answer.status == 422 && answer.object["field"] as? String == field, "\(field): \(answer.text)")
            }
        }
        let closed = plan(dialler) { $0.adminListener.token = nil }
        try await withService(closed) { rig in
            let dialled = try await rig.dial(key: "k")
            let ended = try await rig.api("DELETE", "/api/v1/calls/CA1")
            #expect(dialled.status == 403 && ended.status == 403)
        }
        #expect(dialler.orders.isEmpty)
        let open = plan(dialler) {
            $0.adminListener.token = nil
            $0.adminListener.callsWithoutToken = true
        }
        try await withService(open) { rig in
            let dialled = try await rig.dial(key: "k")
            #expect(dialled.status == 201)
        }
    }
}
