import AllocationProbe
@testable import Conversation
import Testing

@Suite struct `Frame path` {
    private static let response: WireID = "resp_1"
    private static let item: WireID = "item_1"
    private static let stale: WireID = "resp_stale"

    /// A call in the middle of an answer of ten minutes.
    private func speaking() -> Conversation {
        var conversation = Conversation(policy: .init(), prompt: .test)
        var actions = ActionList()
        let events: [ConversationEvent] = [
            .carrierStarted(stream: "MZ1"), .modelOpened, .model(.sessionUpdated(.good)),
            .model(.responseCreated(response: "resp_1")),
            .model(.outputTranscriptDelta(response: "resp_1", item: "item_1", text: "some words of it")),
        ]
        for (n, event) in events.enumerated() {
            conversation.handle(event, at: CallInstant(milliseconds: Int64(n)), into: &actions)
            actions.removeAll()
        }
        _ = conversation.admit(response: "resp_1", item: "item_1", at: CallInstant(milliseconds: 10))
        return conversation
    }

    private func frames(_ conversation: inout Conversation, count: Int) -> Int {
        let (response, item, stale) = (Self.response, Self.item, Self.stale)
        var played = 0
        for n in 0..<count {
            let now = CallInstant(milliseconds: 20 + Int64(n) * 20)
            guard case .play(let playout) = conversation.admit(response: response, item: item, at: now) else {
                continue
            }
            conversation.queued(playout, samples: 160, at: now)
            conversation.sent(playout, samples: 160, at: now)
            if conversation.dueMark(itemEnded: false) != nil { played += 1 }
            _ = conversation.admit(response: stale, item: item, at: now)
        }
        return played
    }

    @Test func `R15 500 frames of an answer allocate nothing`() {
        var conversation = speaking()
        _ = frames(&conversation, count: 10)
        allocation_probe_start()
        let marks = frames(&conversation, count: 500)
        let allocations = allocation_probe_stop()
        #expect(marks == 50)
        #expect(allocations <= 0)  // -1: the probe cannot work in this build.
    }

    @Test func `R15 the probe would see one`() {
        var conversation = speaking()
        allocation_probe_start()
        let name = String(repeating: "x", count: 40 + frames(&conversation, count: 1))
        let allocations = allocation_probe_stop()
        #expect(allocations != 0, "\(name)")
    }

    @Test func `an action list takes its memory once`() {
        var actions = ActionList()
        let item = Self.item
        actions.append(.send(.deleteItem(item)))  // The runtime makes its tables for a type at its first use.
        actions.removeAll()
        allocation_probe_start()
        for _ in 0..<10 {
            for _ in 0..<ActionList.capacity { actions.append(.send(.deleteItem(item))) }
            actions.removeAll()
        }
        let allocations = allocation_probe_stop()
        #expect(allocations <= 0)
    }

    @Test func `edges of an ordinary call stay within a few allocations`() {
        var conversation = speaking()
        var actions = ActionList()
        let mark = PlaybackMark(generation: 1, item: PlayoutItem(ordinal: 1), samples: 0)
        conversation.handle(.carrierMark(mark), at: CallInstant(milliseconds: 900), into: &actions)
        allocation_probe_start()
        for n in 0..<100 {
            conversation.handle(.carrierMark(mark), at: CallInstant(milliseconds: 1_000 + Int64(n)), into: &actions)
            actions.removeAll()
        }
        let allocations = allocation_probe_stop()
        #expect(allocations <= 0, "marks are the only edges that come five times a second")
    }
}
