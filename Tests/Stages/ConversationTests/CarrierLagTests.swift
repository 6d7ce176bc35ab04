@testable import Conversation
import Testing

@Suite struct `Lag of the carrier` {
    private let item = PlayoutItem(ordinal: 1)

    /// Sends a mark each 200 ms and lets each come back so much later than its audio was due.
    private func holes(lags milliseconds: [Int64]) -> [Int] {
        var lag = CarrierLag()
        var holes: [Int] = []
        for (number, late) in milliseconds.enumerated() {
            let due = Int64(number + 1) * 200
            lag.sent(position: due * 8, due: CallInstant(milliseconds: due))
            let result = lag.returned(position: due * 8, item: item, at: CallInstant(milliseconds: due + late))
            if let result, result.hole > 0 { holes.append(result.hole) }
        }
        return holes
    }

    @Test func `S04 a steady way is no hole, however long`() {
        #expect(holes(lags: [Int64](repeating: 900, count: 20)) == [])
    }

    @Test func `S04 a mark that was late on its way back proves nothing`() {
        #expect(holes(lags: [80, 80, 80, 300, 100, 80, 80, 260, 90, 80]) == [])
    }

    @Test func `S04 marks that stay late are a hole of that length, once`() {
        #expect(holes(lags: [80, 85, 80, 80, 330, 331, 330, 335, 330]) == [250])
    }

    @Test func `S04 two holes are told apart`() {
        let lags: [Int64] = [50, 50, 50, 150, 150, 150, 150, 400, 400, 400, 400]
        #expect(holes(lags: lags) == [100, 250])
    }

    @Test func `a mark that was forgotten or never sent says nothing`() {
        var lag = CarrierLag()
        for number in 1...40 {
            lag.sent(position: Int64(number), due: CallInstant(milliseconds: Int64(number)))
        }
        #expect(lag.returned(position: 1, item: item, at: CallInstant(milliseconds: 50)) == nil)
        #expect(lag.returned(position: 99, item: item, at: CallInstant(milliseconds: 50)) == nil)
        let newest = lag.returned(position: 40, item: item, at: CallInstant(milliseconds: 50))?.lag
        #expect(newest == 10_000_000)
    }

    /// The rig's carrier stops playing for a while: nothing of it shows in what was sent.
    @Test func `S04 a carrier that stops playing makes a hole with its turn`() throws {
        let rig = CallRig()
        rig.startAndGreet()
        rig.model.usual.milliseconds = 6_000
        rig.speak("item_u1", text: "tell me")
        while rig.state != .speaking { rig.run(for: 20) }
        rig.run(for: 2_000)
        rig.carrier.stall(ticks: 15)
        rig.run(for: 6_000)
        let turn = try #require(rig.turns.last)
        let holes = rig.all.compactMap { if case .persist(.hole(let hole)) = $0 { hole } else { nil } }
        #expect(holes.map(\.turn) == [turn.index])
        #expect(holes.map(\.hole) == [PlayoutHole(cause: .carrier, milliseconds: 0, audibleMilliseconds: 300)])
        #expect(turn.holes == 1 && turn.holeMilliseconds == 300)
    }
}
