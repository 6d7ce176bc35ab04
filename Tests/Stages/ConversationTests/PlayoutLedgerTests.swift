@testable import Conversation
import Testing

@Suite struct `Playout ledger` {
    private func at(_ milliseconds: Int64) -> CallInstant { CallInstant(milliseconds: milliseconds) }

    /// Sends `frames` frames of 160 samples, the first at `start`, one each 20 ms.
    private func send(
        _ ledger: inout PlayoutLedger, _ item: PlayoutItem, frames: Int, from start: Int64, gap: Int64 = 20
    ) {
        for frame in 0..<frames { ledger.sent(item, samples: 160, at: at(start + Int64(frame) * gap)) }
    }

    private let item = PlayoutItem(ordinal: 1)

    /// A ledger with two seconds of its first item queued.
    private func filledLedger(marks: Bool = true) -> PlayoutLedger {
        var ledger = PlayoutLedger(samplesPerSecond: 8_000, echoesMarks: marks)
        ledger.queued(ledger.item(response: "resp_1", wireItem: "item_1", at: .start), samples: 16_000)
        return ledger
    }

    @Test func `what was heard is paced from the first frame, however fast it was sent`() {
        var ledger = filledLedger()
        send(&ledger, item, frames: 8, from: 100, gap: 0)  // The lead.
        #expect(ledger.heardMilliseconds(item, at: at(100)) == 0)
        #expect(ledger.heardMilliseconds(item, at: at(150)) == 50)
        #expect(ledger.heardMilliseconds(item, at: at(500)) == 160, "never more than was sent")
        #expect(ledger.unheardMilliseconds(at: at(150)) == 2_000 - 50)
    }

    @Test func `a pause in sending is a pause in hearing`() {
        var ledger = filledLedger()
        send(&ledger, item, frames: 5, from: 0)
        send(&ledger, item, frames: 5, from: 1_000)
        #expect(ledger.heardMilliseconds(item, at: at(1_010)) == 110)
    }

    @Test func `a mark corrects the clock`() {
        var ledger = filledLedger()
        send(&ledger, item, frames: 20, from: 0, gap: 0)
        let mark = PlaybackMark(generation: 1, item: item, samples: 1_600)
        // The carrier is 300 ms behind our clock.
        let isProof = ledger.acknowledge(mark, at: at(500))
        #expect(isProof)
        #expect(ledger.heardMilliseconds(item, at: at(500)) == 200)
        #expect(ledger.heardMilliseconds(item, at: at(550)) == 250)
        let restsOnMarks = ledger.restsOnMarks
        #expect(restsOnMarks)
    }

    @Test func `marks are due each 200 ms and at the end, and once`() {
        var ledger = filledLedger()
        var marks: [UInt32] = []
        for frame in 0..<25 {
            ledger.sent(item, samples: 160, at: at(Int64(frame) * 20))
            if let mark = ledger.dueMark(itemEnded: frame == 24) { marks.append(mark.samples) }
        }
        #expect(marks == [1_600, 3_200, 4_000])
        let again = ledger.dueMark(itemEnded: true)
        #expect(again == nil)
    }

    @Test func `S37 a mark of an older generation, or of more than was sent, proves nothing`() {
        var ledger = filledLedger()
        send(&ledger, item, frames: 10, from: 0)
        var isProof = ledger.acknowledge(PlaybackMark(generation: 1, item: item, samples: 1_601), at: at(100))
        #expect(!isProof)
        ledger.clear(at: at(100))
        isProof = ledger.acknowledge(PlaybackMark(generation: 1, item: item, samples: 1_600), at: at(120))
        #expect(!isProof)
        #expect(ledger.heardMilliseconds(item, at: at(5_000)) == 100)
    }

    @Test func `R1 a clear balances: received is sent, discarded and queued`() {
        var ledger = filledLedger()
        send(&ledger, item, frames: 50, from: 0)
        ledger.clear(at: at(900))
        #expect(ledger.received == 16_000)
        #expect(ledger.sent == 8_000)
        #expect(ledger.discarded == 8_000)
        #expect(ledger.queued == 0)
        #expect(ledger[item]?.lost == 800, "100 ms were in the carrier's buffer")
        let next = ledger.item(response: "resp_1", wireItem: "item_1", at: at(900))
        #expect(next != item, "what comes after a clear is a stretch of its own")
    }

    @Test func `the padding of a last frame takes time and belongs to nobody`() {
        var ledger = PlayoutLedger(samplesPerSecond: 8_000, echoesMarks: true)
        let item = ledger.item(response: "r", wireItem: "i", at: .start)
        ledger.queued(item, samples: 100)
        ledger.sent(item, samples: 160, at: .start)
        #expect(ledger.sent == 100)
        #expect(ledger.queued == 0)
        #expect(ledger.computedEnd == at(20))
        #expect(ledger.heard(item, at: at(20)) == 100)
    }

    @Test func `a second stream: the old buffer is lost, the queue is not`() {
        var ledger = filledLedger()
        send(&ledger, item, frames: 8, from: 0, gap: 0)
        ledger.streamReplaced(at: at(100))
        #expect(ledger.heardMilliseconds(item, at: at(200)) == 100)
        #expect(ledger.queued == 16_000 - 1_280)
        send(&ledger, item, frames: 5, from: 1_000)
        #expect(ledger.heardMilliseconds(item, at: at(1_100)) == 200)
    }

    @Test func `more items than it remembers: the newest are known, nothing is lost`() {
        var ledger = PlayoutLedger(samplesPerSecond: 8_000, echoesMarks: false)
        for n in 0..<100 {
            let item = ledger.item(response: "r", wireItem: WireID("item_\(n)")!, at: at(Int64(n) * 1_000))
            ledger.queued(item, samples: 160)
            ledger.sent(item, samples: 160, at: at(Int64(n) * 1_000))
        }
        #expect(ledger.newest?.item.ordinal == 100)
        #expect(ledger[PlayoutItem(ordinal: 84)] == nil)
        #expect(ledger.received == 16_000)
        #expect(ledger.sent == 16_000)
    }

    @Test func `a house full of unheard items: their audio joins the newest`() {
        var ledger = PlayoutLedger(samplesPerSecond: 8_000, echoesMarks: true)
        for n in 0..<40 {
            let item = ledger.item(response: "r", wireItem: WireID("item_\(n)")!, at: .start)
            ledger.queued(item, samples: 160)
        }
        #expect(ledger.newest?.item.ordinal == UInt32(PlayoutLedger.capacity))
        #expect(ledger.queued == 6_400)
    }
}

@Suite struct `Heard text` {
    @Test(arguments: [
        ("one two three", 0, ""), ("one two three", 2, ""), ("one two three", 3, "one"), ("one two three", 5, "one"),
        ("one two three", 7, "one two"), ("one two three", 13, "one two three"), ("one two three", 99, "one two three"),
        ("  lead", 1, ""), ("שלום לך מאיר", 8, "שלום לך"), ("", 3, ""),
    ])
    func `is cut at a word edge`(text: String, scalars: Int, heard: String) {
        #expect(HeardText.cut(text, atScalars: scalars) == heard)
    }

    @Test func `a script without spaces is cut between characters`() {
        let text = String(repeating: "茶", count: 60)
        #expect(HeardText.cut(text, atScalars: 40).count == 40)
        let family = String(repeating: "👨‍👩‍👧", count: 20)
        #expect(HeardText.cut(family, atScalars: 33).unicodeScalars.count == 30, "never within a character")
    }

    @Test func `text is spread over all of the sound once all has come`() {
        let pace = SpeechPace()
        let text = String(repeating: "b", count: 40)
        func heard(_ seconds: Double) -> Int { pace.scalars(of: text, heard: seconds, total: 4, isComplete: true) }
        #expect([0, 1, 2, 3.99, 4, 5].map(heard) == [0, 10, 20, 39, 40, 40])
    }

    @Test func `text that runs ahead of the sound is not heard faster than the agent speaks`() {
        var pace = SpeechPace()
        let text = String(repeating: "b", count: 400)
        #expect(pace.scalars(of: text, heard: 1, total: 2, isComplete: false) == 16)
        #expect(pace.scalars(of: text, heard: 1, total: 100, isComplete: false) == 4, "nor faster than it came")
        pace.learn(String(repeating: "b", count: 100), seconds: 10)
        #expect(pace.lettersPerSecond == 12)
        #expect(pace.scalars(of: text, heard: 1, total: 2, isComplete: false) == 12)
    }

    @Test func `a stop is a pause, a figure a word, and an accent takes no time`() {
        #expect(SpeechPace.length(of: "bb.") == 8)
        #expect(SpeechPace.length(of: "42") == 8)
        #expect(SpeechPace.length(of: "b\u{301}") == 1)
        #expect(SpeechPace.length(of: "שלום") == 4)
    }
}
