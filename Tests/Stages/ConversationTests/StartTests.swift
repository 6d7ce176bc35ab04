import Conversation
import Testing

@Suite struct `Start and greeting` {
    @Test func `a call connects, configures, greets once and listens`() {
        let rig = CallRig()
        rig.give(.carrierStarted(stream: "MZ1"))
        #expect(rig.state == .connecting)
        rig.run(until: 100)
        #expect(rig.state == .greeting)
        #expect(rig.happened(.openUplink) == 1)
        rig.run(until: 4_000)
        #expect(rig.state == .listening)
        #expect(rig.responseRequests == 1)
        #expect(rig.turns.map(\.speaker) == [.agent])
        #expect(rig.turns[0].text == rig.model.usual.text)
        #expect(rig.rules.broken == [])
    }

    @Test func `the greeting is asked for word by word, and only when the tenant wants one`() {
        let greeting = CallRig()
        greeting.startAndGreet()
        let wanted = greeting.sentCommands.compactMap {
            if case .createResponse(let instructions) = $0 { instructions } else { nil }
        }
        #expect(wanted.count == 1)
        #expect(wanted.first?.contains("Hello, this is the tea house.") == true)

        var policy = ConversationPolicy()
        policy.greets = false
        let silent = CallRig(policy)
        silent.startAndGreet()
        #expect(silent.state == .listening)
        #expect(silent.responseRequests == 0)
    }

    @Test func `what is known of the caller goes as a system item before the greeting`() throws {
        let source = PromptSource(inbound: .init(instructions: "Sell tea.", greeting: "Hello."))
        let prompt = try PromptBuilder().build(from: source, direction: .inbound, callerContext: "Called yesterday.")
        let rig = CallRig(prompt: prompt)
        rig.startAndGreet()
        #expect(rig.sentCommands.dropFirst().first == .createText(role: .system, text: "Called yesterday."))
    }

    @Test func `S18 no session.updated: one resend after 3 s, the fallback message after 8 s`() {
        let rig = CallRig()
        rig.model.echo = nil
        rig.give(.carrierStarted(stream: "MZ1"))
        rig.run(until: 7_900)
        #expect(rig.sentCommands == [.configure(optionalFields: true), .configure(optionalFields: true)])
        #expect(rig.noted(.configurationResent) == 1)
        rig.run(until: 8_100)
        #expect(rig.state == .fallback)
        rig.run(until: 12_000)
        #expect(rig.state == .ended)
        #expect(rig.hangUps == [.modelUnavailable])
        #expect(rig.truth(PlayoutItem(ordinal: 1)) == 16_000, "the message was heard whole")
        #expect(rig.happened(.openUplink) == 0)
    }

    @Test func `S18 session.updated after 3 s, and then twice: one greeting`() {
        let rig = CallRig()
        rig.model.delay = 2_900
        rig.give(.carrierStarted(stream: "MZ1"))
        rig.run(until: 7_000)
        rig.model.delay = 40
        rig.give(.sessionUpdated(.good))
        rig.run(until: 12_000)
        #expect(rig.responseRequests == 1)
        #expect(rig.state == .listening)
    }

    @Test(arguments: [
        SessionEcho(
            inputFormat: "audio/pcm", outputFormat: "audio/pcmu", turnDetection: "server_vad", createResponse: false,
            interruptResponse: false),
        SessionEcho(
            inputFormat: "audio/pcmu", outputFormat: "", turnDetection: "server_vad", createResponse: false,
            interruptResponse: false),
        SessionEcho(inputFormat: "audio/pcmu", outputFormat: "audio/pcmu", turnDetection: "server_vad"),
        SessionEcho(
            inputFormat: "audio/pcmu", outputFormat: "audio/pcmu", turnDetection: nil, createResponse: false,
            interruptResponse: false),
        SessionEcho(
            inputFormat: "audio/pcmu", outputFormat: "audio/pcmu", turnDetection: "server_vad", createResponse: true,
            interruptResponse: false),
        SessionEcho(
            inputFormat: "audio/pcmu", outputFormat: "audio/pcmu", turnDetection: "server_vad", createResponse: false,
            interruptResponse: false, language: "he"),
    ])
    func `S18 a wrong echo is fatal for the session, never noise for the caller`(echo: SessionEcho) {
        let rig = CallRig()
        rig.model.echo = echo
        rig.startAndGreet()
        #expect(rig.happened(.openUplink) == 0)
        #expect(rig.happened(.closeModel) == 1)
        #expect(rig.noted(.configurationRefused) == 1)
        #expect(rig.hangUps == [.modelUnavailable])
    }

    @Test func `with turns decided by the model its own answers are expected in the echo`() {
        var policy = ConversationPolicy()
        policy.turns = .model
        let rig = CallRig(policy)
        rig.model.echo = .answersItself
        rig.give(.carrierStarted(stream: "MZ1"))
        rig.run(until: 4_000)
        #expect(rig.state == .listening)
        rig.speak("item_u1", text: "hello")
        #expect(rig.responseRequests == 1, "the greeting; the answer is the model's own")
        rig.run(for: 1_000)
        #expect(rig.state == .speaking)
    }

    @Test func `S19 a refused session.update is tried once without optional fields`() {
        let rig = CallRig()
        rig.model.refusesConfigure = 1
        rig.startAndGreet()
        #expect(
            rig.sentCommands.prefix(2) == [.configure(optionalFields: true), .configure(optionalFields: false)])
        #expect(rig.state == .listening)

        let hopeless = CallRig()
        hopeless.model.refusesConfigure = 2
        hopeless.startAndGreet()
        #expect(hopeless.noted(.configurationRefused) == 2)
        #expect(hopeless.hangUps == [.modelUnavailable])
    }

    @Test func `S21 the first words over the greeting interrupt it, or are kept when it is protected`() {
        for protection in [Int64(0), 1_500] {
            var policy = ConversationPolicy()
            policy.greetingProtectionMilliseconds = protection
            let rig = CallRig(policy)
            rig.give(.carrierStarted(stream: "MZ1"))
            rig.run(until: 500)
            rig.speak("item_u1", text: "hello?", milliseconds: 500)
            rig.run(for: 8_000)
            #expect(rig.happened(.clearPlayout) == (protection == 0 ? 1 : 0))
            #expect(rig.noted(.greetingInterrupted) == (protection == 0 ? 1 : 0))
            #expect(rig.responseRequests == 2, "the words were answered either way")
            #expect(rig.turns.contains { $0.speaker == .caller && $0.text == "hello?" })
            #expect(rig.rules.broken == [])
        }
    }

    @Test func `S22 greeting requested and server VAD fires at the same instant: one response, one greeting`() {
        let rig = CallRig()
        rig.give(.carrierStarted(stream: "MZ1"))
        rig.run(until: 80)
        rig.give(.speechStarted(item: "item_u1", audioStartMilliseconds: 0))
        #expect(rig.responseRequests == 1)
        rig.give(.speechStopped(item: "item_u1", audioEndMilliseconds: 0))
        rig.give(.committed(item: "item_u1", previous: nil))
        #expect(rig.responseRequests == 1, "the answer waits until the greeting's response is done")
        rig.run(for: 3_000)
        #expect(rig.responseRequests == 2)
        #expect(rig.rules.broken == [])
    }

    @Test(arguments: [ResponseOutcome.Status.cancelled, .failed])
    func `S23 a greeting that is cancelled or fails leaves no flag behind`(status: ResponseOutcome.Status) {
        let rig = CallRig()
        rig.model.answers = [.init(status: status)]
        rig.startAndGreet()
        #expect(rig.state == .listening)
        let before = rig.responseRequests
        rig.speak("item_u1", text: "hello")
        rig.run(for: 600)
        #expect(rig.responseRequests == before + 1)
        #expect(rig.state == .speaking)
        #expect(rig.rules.broken == [], "the greeting itself was asked for once")
    }

    @Test func `S24 a second stream takes over and is not greeted again`() {
        let rig = CallRig()
        rig.give(.carrierStarted(stream: "MZ1"))
        rig.run(until: 1_000)
        rig.give(.carrierStarted(stream: "MZ2"))
        rig.give(.carrierClosed(.replaced))
        rig.run(until: 6_000)
        #expect(rig.noted(.streamReplaced) == 1)
        #expect(rig.responseRequests == 1)
        #expect(rig.happened(.openModel(.preferred)) == 1)
        #expect(rig.state == .listening)
    }

    @Test func `S43 R8 a response that began and stays silent is cancelled, and done, before another one is asked for`()
    {
        let rig = CallRig()
        rig.startAndGreet()
        rig.model.answers = [.init(delay: 20_000)]
        rig.speak("item_u1")
        rig.run(for: 12_000)
        let asked = rig.sentCommands.suffix(2)
        #expect(asked == [.cancelResponse(response: "resp_2"), .createResponse(instructions: nil)])
        #expect(rig.noted(.responseRetried) == 1)
        #expect(rig.model.createsWhileActive == 0)
        #expect(rig.turns.last?.speaker == .agent)
    }

    @Test func `S25 completed without audio: one retry, then the fallback message`() {
        let rig = CallRig()
        rig.startAndGreet()
        rig.model.usual.milliseconds = 0
        rig.speak("item_u1")
        rig.run(for: 2_000)
        #expect(rig.noted(.responseEmpty) == 2)
        #expect(rig.noted(.responseRetried) == 1)
        #expect(rig.state == .fallback)
    }
}
