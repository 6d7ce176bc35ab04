import Conversation
import Testing

@Suite struct `Chain of model addresses` {
    private func started(
        _ broken: [Int: ModelClose?], routes: Int = 3, adjust: (inout ConversationPolicy) -> Void = { _ in }
    ) -> CallRig {
        var policy = ConversationPolicy()
        policy.modelRoutes = routes
        adjust(&policy)
        let rig = CallRig(policy)
        rig.model.brokenRoutes = broken
        rig.give(.carrierStarted(stream: "MZ1"))
        return rig
    }

    @Test(arguments: [
        (ModelClose.refused(httpStatus: 401), RouteFailure.refused), (.refused(httpStatus: 404), .refused),
        (.refused(httpStatus: 429), .throttled), (.refused(httpStatus: 503), .unreachable),
        (.unreachable, .unreachable), (.timedOut, .timedOut), (.closed(code: 1_011), .closed),
    ])
    func `S58 an address that cannot be had is followed by the next at once, and said why`(
        close: ModelClose, failure: RouteFailure
    ) {
        let rig = started([0: close])
        rig.run(until: 400)
        #expect(rig.model.routes == [0, 1])
        #expect(rig.state == .greeting)
        #expect(rig.all.contains(.routeFailed(ModelRoute(index: 0), failure)))
        #expect(rig.noted(.modelRouteChanged) == 1)
        rig.run(until: 4_000)
        #expect(rig.state == .listening)
        #expect(rig.rules.broken == [])
    }

    @Test func `S58 an address that hangs has three seconds, the last one all that is left`() {
        let hanging: [Int: ModelClose?] = [0: nil, 1: nil]
        let rig = started(hanging, routes: 2)
        rig.run(until: 3_100)
        #expect(rig.model.routes == [0, 1])
        #expect(rig.happened(.closeModel) == 1)
        rig.run(until: 7_900)
        #expect(rig.model.routes == [0, 1], "nobody is left to try: it may take its time")
        rig.run(until: 8_100)
        #expect(rig.state == .fallback)
        rig.run(until: 14_000)
        #expect(rig.hangUps == [.modelUnavailable])
    }

    @Test func `S58 all of them refuse: the fallback message at once, each asked once`() {
        let rig = started([0: .refused(httpStatus: 401), 1: .refused(httpStatus: 403), 2: .refused(httpStatus: 404)])
        rig.run(until: 500)
        #expect(rig.model.routes == [0, 1, 2])
        #expect(rig.routeFailures == [.refused, .refused, .refused])
        #expect(rig.state == .fallback)
    }

    @Test func `S58 throttled ones are asked again in the next round, refused ones are not`() {
        let rig = started([0: .refused(httpStatus: 429), 1: .refused(httpStatus: 401), 2: .unreachable])
        rig.run(until: 12_000)
        #expect(rig.model.routes.prefix(5) == [0, 1, 2, 0, 2])
        #expect(rig.model.routes.filter { $0 == 1 }.count == 1)
        #expect(rig.model.routes.count <= 2 * (ConversationPolicy().reconnectAttempts + 1) + 1)
        #expect(rig.hangUps == [.modelUnavailable])
    }

    @Test func `S58 an address that orders the session wrongly, or knows no such model, is left for the next`() {
        for isError in [false, true] {
            let rig = started([:], routes: 2)
            if isError {
                rig.model.echo = nil
                rig.run(until: 100)
                rig.give(.error(ModelError(code: "model_not_found")))
            } else {
                rig.model.echo = SessionEcho(inputFormat: "audio/pcm", outputFormat: "audio/pcm")
                rig.run(until: 100)
            }
            rig.model.echo = .good
            rig.run(until: 5_000)
            #expect(rig.model.routes == [0, 1])
            #expect(rig.state == .listening)
            #expect(rig.responseRequests == 1, "one greeting")
            #expect(rig.rules.broken == [])
        }
    }

    @Test func `S58 the quota is spent in mid-call: the next address goes on, and the caller is answered`() {
        let rig = started([:], routes: 2)
        rig.run(until: 4_000)
        rig.model.answers = [.init(milliseconds: 0, status: .failed, errorCode: "insufficient_quota")]
        rig.speak("item_u1", text: "I want tea")
        rig.run(for: 1_500)
        #expect(rig.model.routes == [0, 1])
        #expect(rig.state == .speaking)
        #expect(rig.sentCommands.contains(.createText(role: .user, text: "I want tea")))
        #expect(rig.all.contains(.routeFailed(.preferred, .quotaSpent)))
        rig.run(for: 4_000)
        #expect(rig.rules.broken == [])
        #expect(rig.hangUps == [])
    }

    @Test func `S58 answers that fail twice are asked for at the next address, and end there`() {
        let rig = started([:], routes: 2)
        rig.run(until: 4_000)
        rig.model.usual.status = .failed
        rig.model.usual.milliseconds = 0
        rig.model.usual.errorCode = "server_error"
        rig.speak("item_u1", text: "I want tea")
        rig.run(for: 3_000)
        #expect(rig.model.routes == [0, 1])
        #expect(rig.routeFailures == [.answersFailed, .answersFailed])
        #expect(rig.hangUps == [.modelUnavailable])
    }

    @Test func `S56 a session lost in mid-call is looked for where it was, then elsewhere`() {
        let rig = started([:], routes: 2)
        rig.run(until: 4_000)
        rig.model.close()
        rig.model.brokenRoutes = [0: .unreachable]
        rig.give(.modelClosed(.closed(code: 1_006)))
        rig.run(for: 600)
        #expect(rig.model.routes == [0, 0, 1])
        #expect(rig.state == .listening)
        #expect(rig.routeFailures == [.closed, .unreachable])
    }
}
