import AudioPipeline
import Configuration
import Foundation
import PlugIns
import SpeechToText
import Synchronization
import Testing
import VAD

/// Calls on several shards' threads, each with a recogniser on a thread of its own, and the watch over those, meant for
/// `swift test --sanitize=thread -Xswiftc -O`. What a call is told lies where nothing guards it: whoever is told twice at a
/// time, or after its end, is raced on.
@Suite(.serialized) struct `Recognisers beside shards` {
    /// What one call was told. Its recogniser's thread writes, until `finished`; then its shard reads.
    private final class Told: @unchecked Sendable {
        var finals = 0
        var partials = 0
        var ends = 0
        let end = DispatchSemaphore(value: 0)
    }

    /// Hears utterances between boundaries, and says of each how long it was.
    private final class Stopwatch: StreamingRecognizer {
        /// Where whoever hears sound is held.
        final class Trap: Sendable { let isSet = Atomic<Bool>(false) }
        private let trap: Trap
        private var began: Int?
        private var heard = 0
        private var results: [RecognitionResult] = []
        let sampleRateHz = 16_000

        init(_ trap: Trap) { self.trap = trap }
        func hear(_ audio: Span<Int16>) {
            let wasHeld = trap.isSet.load(ordering: .acquiring)
            while trap.isSet.load(ordering: .acquiring) { usleep(1_000) }
            heard += audio.count
            if wasHeld { say("at last", from: 0) }
        }
        func speechBegan(atMilliseconds milliseconds: Int) { began = milliseconds }
        func speechEnded(atMilliseconds milliseconds: Int) {
            say("speech", from: min(began ?? 0, milliseconds))
            began = nil
        }
        private func say(_ text: String, from start: Int) {
            results.append(
                RecognitionResult(
                    transcript: Transcript(text: text, confidence: 1), isFinal: true, startMilliseconds: start,
                    endMilliseconds: heard / 16))
        }
        func nextResult() -> RecognitionResult? { results.isEmpty ? nil : results.removeFirst() }
        func finish() {}
        func reset() { (began, heard, results) = (nil, 0, []) }
    }

    private static let loud = [UInt8](repeating: 0x10, count: 160)

    private func seat(_ recognizer: PluggedRecognizer, _ told: Told) -> RecognizerSeat? {
        recognizer.seat { result in
            if result.isFinal { told.finals += 1 } else { told.partials += 1 }
        } finished: {
            told.ends += 1
            told.end.signal()
        }
    }

    /// Three shards with three calls each at a time, six after each other; two utterances each, or a server's words.
    /// - Returns: finals of all 54 calls; each has ended once.
    private func finals(_ recognizer: PluggedRecognizer) -> (finals: Int, ends: Int) {
        let all = Atomic<Int>(0), ended = Atomic<Int>(0)
        let shards = (0..<3).map { _ in
            let done = DispatchSemaphore(value: 0)
            let thread = Thread { [self] in
                for _ in 0..<6 {
                    let told = (0..<3).map { _ in Told() }
                    let seats = told.map { seat(recognizer, $0) }
                    for frame in 0..<60 {
                        for seat in seats {
                            if frame == 33 { seat?.missed(samples: 800) }
                            seat?.hear(Self.loud.span, at: Int64(frame + 1) * 160)
                            switch frame % 30 {
                            case 10:
                                seat?.edge(.onset(startedMillisecondsAgo: 200))
                                seat?.edge(.sustained)
                            case 20: seat?.edge(.offset(endedMillisecondsAgo: 0))
                            default: break
                            }
                        }
                        usleep(2_000)
                    }
                    for seat in seats { seat?.leave() }
                    for call in told {
                        call.end.wait()
                        all.add(call.finals, ordering: .relaxed)
                        ended.add(call.ends, ordering: .relaxed)
                    }
                }
                done.signal()
            }
            thread.start()
            return done
        }
        for shard in shards { shard.wait() }
        return (all.load(ordering: .relaxed), ended.load(ordering: .relaxed))
    }

    @Test func `calls come and go on three shards, and each is told its own words, and its end once`() {
        let trap = Stopwatch.Trap()
        let recognizer = PluggedRecognizer("stopwatch", make: { () throws(RecognitionError) in Stopwatch(trap) }) {
            _, _ in
        }
        let heard = finals(recognizer)
        #expect(heard.finals == 108 && heard.ends == 54)
        recognizer.stop()
        #expect(recognizer.counters.events[.ended] == 0 && recognizer.counters.lostFrames == 0)
    }

    @Test func `a recogniser that hangs is given up, and tells its call nothing when it is back`() throws {
        let trap = Stopwatch.Trap()
        let recognizer = PluggedRecognizer(
            "trap", make: { () throws(RecognitionError) in Stopwatch(trap) }, hungNanoseconds: 300_000_000
        ) { _, _ in }
        trap.isSet.store(true, ordering: .releasing)
        let told = (0..<4).map { _ in Told() }
        let seats = try told.map { try #require(seat(recognizer, $0)) }
        for frame in 0..<20 { for seat in seats { seat.hear(Self.loud.span, at: Int64(frame + 1) * 160) } }
        for call in told { call.end.wait() }
        #expect(recognizer.counters.events[.silent] == 4 && recognizer.leftBehind == 4 && recognizer.listening == 0)
        // The call's own, from its end on.
        let before = told.map { ($0.finals, $0.ends) }
        trap.isSet.store(false, ordering: .releasing)
        for _ in 0..<5_000 where recognizer.leftBehind > 0 { usleep(2_000) }
        #expect(recognizer.leftBehind == 0)
        #expect(before.allSatisfy { $0 == (0, 1) } && told.allSatisfy { $0.finals == 0 && $0.ends == 1 })
        for seat in seats { seat.leave() }
        recognizer.stop()
    }

    @Test func `calls come and go on three shards while one server recognises for all`() throws {
        let server = try ScriptedWordServer()
        defer { server.stop() }
        let recognizer = try PluggedRecognizers([PlugInSettings(name: "far", door: .server(server.url))])
            .recognizer(named: "far")
        let heard = finals(recognizer)
        #expect(heard.finals > 54 && heard.ends == 54)
        recognizer.stop()
        #expect(server.connections == 1)
    }
}
