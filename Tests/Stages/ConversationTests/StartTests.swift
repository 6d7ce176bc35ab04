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
}
