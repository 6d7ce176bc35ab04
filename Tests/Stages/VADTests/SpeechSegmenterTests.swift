import AudioPipeline
import Testing
import VAD

/// One character is one 20 ms frame. In: `S` speech. Out: `O` onset, `+` sustained, `-` lapsed, `E` offset.
@Suite struct `Speech segmenter` {
    @Test(arguments: [
        // One frame is a click, two are an onset, and an onset that stops lapses after 80 ms.
        ("..S.......", ".........."),
        ("..SS......", "...O...-.."),
        // S29: 60 ms of noise.
        ("..SSS.......", "...O....-..."),
        // 160 ms of speech, sustained; offset 300 ms after.
        ("..SSSSSSSS..............", "...O.....+.............."),
        ("..SSSSSSSS................", "...O.....+..............E."),
        // A dip shorter than the lapse is part of the onset.
        ("SSS...SSSSS......", ".O........+......"),
        // A dip shorter than the hangover is part of the speech.
        ("SSSSSSSS............SS...............", ".O.....+............................E"),
        // S36: twenty starts and stops within a second are one onset.
        ("SSSSSSSS.S.S.S.S.S.S.S.S.S.S.S.S.S.S.S.S", ".O.....+................................"),
        // Every other frame never makes an onset of 40 ms.
        ("S.S.S.S.S.S.", "............"),
        // Two short noises apart are two lapses.
        ("SS......SS......", ".O...-...O...-.."),
    ])
    func `turns frames into edges`(frames: String, edges: String) {
        #expect(run(frames).map(\.character) == Array(edges))
    }

    @Test func `says when speech began and ended`() {
        let edges = run("..SSSSSSSSSS...............").compactMap { $0 }
        #expect(edges == [.onset(startedMillisecondsAgo: 40), .sustained, .offset(endedMillisecondsAgo: 300)])
        #expect(run("S.SS...").compactMap { $0 }.first == .onset(startedMillisecondsAgo: 40))
        #expect(run("SS.S", onset: 60).isEmpty == false)
        #expect(run("SS.SS", onset: 60).compactMap { $0 } == [.onset(startedMillisecondsAgo: 100)])
    }

    @Test func `any stream of frames gives well-formed edges`() {
        var state: UInt64 = 42
        var segmenter = SpeechSegmenter()
        var last: Character = "E"
        for _ in 0..<200_000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            // Long and short runs of both kinds.
            let isSpeech = (state >> 33) % 7 < (state >> 60) % 7
            guard let edge = segmenter.advance(isSpeech: isSpeech) else { continue }
            let allowed: String
            switch last {
            case "O": allowed = "+-"
            case "+": allowed = "E"
            default: allowed = "O"
            }
            guard allowed.contains(Optional(edge).character) else {
                Issue.record("\(edge) after \(last)")
                return
            }
            last = Optional(edge).character
            #expect(segmenter.isInSpeech == (last == "O" || last == "+"))
            #expect(segmenter.isSustained == (last == "+"))
        }
    }

    @Test func `an onset as long as sustained speech tells both, one frame apart`() {
        var timing = SpeechTiming()
        timing.onsetMilliseconds = 160
        var segmenter = SpeechSegmenter(timing: timing)
        let edges = (0..<10).map { _ in segmenter.advance(isSpeech: true).character }
        #expect(String(edges) == ".......O+.")
    }

    @Test func `the scripted detector follows its script and then is silent`() {
        var detector = ScriptedDetector("S.S")
        let frame = [Int16](repeating: 0, count: 160)
        let heard = (0..<5).map { _ in detector.analyze(frame.span).isSpeech }
        #expect(heard == [true, false, true, false, false])
        detector.reset()
        let again = detector.analyze(frame.span).isSpeech
        #expect(again)
    }

    private func run(_ frames: String, onset: Int = 40) -> [SpeechEdge?] {
        var timing = SpeechTiming()
        timing.onsetMilliseconds = onset
        var segmenter = SpeechSegmenter(timing: timing)
        return frames.map { segmenter.advance(isSpeech: $0 == "S") }
    }
}

extension SpeechEdge? {
    fileprivate var character: Character {
        switch self {
        case nil: "."
        case .onset: "O"
        case .sustained: "+"
        case .lapsed: "-"
        case .offset: "E"
        }
    }
}
