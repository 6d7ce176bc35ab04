import Testing

@testable import RealtimeBridge

@Suite struct `Carrier sequence` {
    private func frame(_ sequence: Int64?, _ timestamp: Int64?, track: CarrierTrack = .inbound) -> CarrierMedia {
        CarrierMedia(track: track, sequence: sequence, timestampMilliseconds: timestamp, byteCount: 160)
    }

    @Test func `S11 a burst of three after 60 ms of nothing loses nothing`() {
        var sequence = CarrierSequence()
        for index in Int64(0)..<30 {
            #expect(
                sequence.accept(frame(index + 2, index * 20), bytesPerMillisecond: 8) == .forward(lostMilliseconds: 0))
        }
        #expect(sequence.lostFrames == 0)
    }

    @Test func `S12 a jump of the carrier's timestamps by 200 ms counts as ten lost frames`() {
        var sequence = CarrierSequence()
        _ = sequence.accept(frame(2, 20), bytesPerMillisecond: 8)
        _ = sequence.accept(frame(3, 40), bytesPerMillisecond: 8)
        #expect(sequence.accept(frame(4, 260), bytesPerMillisecond: 8) == .forward(lostMilliseconds: 200))
        #expect(sequence.lostFrames == 10)
        #expect(sequence.accept(frame(5, 280), bytesPerMillisecond: 8) == .forward(lostMilliseconds: 0))
        #expect(sequence.lostFrames == 10)
    }

    @Test func `a nonsense timestamp makes no hour of silence and overflows nothing`() {
        var sequence = CarrierSequence()
        _ = sequence.accept(frame(1, 0), bytesPerMillisecond: 8)
        #expect(
            sequence.accept(frame(2, 999_999_999_999_999_999), bytesPerMillisecond: 8)
                == .forward(lostMilliseconds: 60_000))
        #expect(
            sequence.accept(frame(3, -999_999_999_999_999_999), bytesPerMillisecond: 8) == .forward(lostMilliseconds: 0)
        )
        sequence.note(999_999_999_999_999_999)
        sequence.note(-999_999_999_999_999_999)
        #expect(sequence.missingMessages == 1_000_000)
    }

    @Test func `S15 an outbound track is never forwarded`() {
        var sequence = CarrierSequence()
        #expect(sequence.accept(frame(1, 0), bytesPerMillisecond: 8) == .forward(lostMilliseconds: 0))
        #expect(sequence.accept(frame(2, 0, track: .outbound), bytesPerMillisecond: 8) == .drop(.outboundTrack))
        #expect(sequence.accept(frame(3, 20), bytesPerMillisecond: 8) == .forward(lostMilliseconds: 0))
        #expect(sequence.outboundDropped == 1)
        #expect(sequence.lostFrames == 0)
        #expect(sequence.missingMessages == 0)
    }

    @Test func `S16 doubled and late messages are counted and their old audio is not played again`() {
        var sequence = CarrierSequence()
        _ = sequence.accept(frame(2, 20), bytesPerMillisecond: 8)
        _ = sequence.accept(frame(4, 60), bytesPerMillisecond: 8)
        #expect(sequence.missingMessages == 1)
        #expect(sequence.lostFrames == 1)
        #expect(sequence.accept(frame(4, 60), bytesPerMillisecond: 8) == .drop(.old))
        #expect(sequence.accept(frame(3, 40), bytesPerMillisecond: 8) == .drop(.old))
        #expect(sequence.repeatedMessages == 2)
        #expect(sequence.oldDropped == 2)
        #expect(sequence.accept(frame(5, 80), bytesPerMillisecond: 8) == .forward(lostMilliseconds: 0))
    }

    @Test func `S16 a carrier that starts its numbers again, or sends none, is still heard`() {
        var sequence = CarrierSequence()
        _ = sequence.accept(frame(100, 2_000), bytesPerMillisecond: 8)
        #expect(sequence.accept(frame(1, 2_020), bytesPerMillisecond: 8) == .forward(lostMilliseconds: 0))
        #expect(sequence.accept(frame(101, 0), bytesPerMillisecond: 8) == .forward(lostMilliseconds: 0))
        #expect(sequence.accept(frame(nil, nil), bytesPerMillisecond: 8) == .forward(lostMilliseconds: 0))
        #expect(sequence.accept(frame(nil, 2_040), bytesPerMillisecond: 8) == .forward(lostMilliseconds: 0))
        #expect(sequence.accept(frame(nil, 2_040), bytesPerMillisecond: 8) == .drop(.old))
        #expect(sequence.accept(frame(101, nil), bytesPerMillisecond: 8) == .drop(.old))
    }
}
