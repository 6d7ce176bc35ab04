import AudioPipeline
import CLinux
import Foundation
import MulawCodec
import Resample
import SpeechToText

/// The work of one call's recogniser, on a thread of its own that may wait: sound comes out of the ring, is brought to the
/// recogniser's rate, and its results are told on the call's clock.
final class RecognizerWork: @unchecked Sendable {  // Handed over once; then its thread's alone.
    typealias Tell = @Sendable (RecognitionResult) -> Void

    static let firstPause: UInt64 = 500_000_000, longestPause: UInt64 = 30_000_000_000
    static let goodLife: UInt64 = 30_000_000_000
    /// Results of one look, characters of one, and results that cannot be in one life, before it is believed no more.
    static let resultsAtMost = 64, bytesAtMost = 16_384, wrongAtMost = 20
    /// A longer silence is not filled: the recogniser's clock is moved instead.
    static let silenceAtMost: Int64 = 8_000 * 30
    /// Sound goes on in pieces of this; the wire facts of streaming servers ask for 20 to 200 ms.
    static let pieceMilliseconds = 100
    /// Between two looks: a recogniser's partial is that much later, and a thousand calls wake 25,000 times a second.
    static let lookSeconds = 0.04

    let lane: RecognizerLane
    private var pieces: RecordReader<CallSound>
    private let make: RecognizerEntry.Factory
    private let counters: RecognizerCounters
    private let log: PlugInLog
    private let tell: Tell
    /// Told by whoever ends it: its thread, or the watch that gave it up. Set before the thread is started.
    var finished: @Sendable () -> Void = {}

    private var recognizer: (any StreamingRecognizer)?
    private var resampler: PolyphaseResampler?
    private var decoder = MulawDecoder()
    private var linear = InlineArray<160, Int16>(repeating: 0)
    private var raised = InlineArray<960, Int16>(repeating: 0)
    private var gathered: [Int16] = []
    /// Where the recogniser's clock begins, and where what it was given ends, samples at 8 kHz on the call's.
    private var base: Int64 = 0
    private var heardTo: Int64?
    private var wrong = 0
    private var pause = RecognizerWork.firstPause
    private var retryAt: UInt64 = 0
    private var bornAt: UInt64 = 0
    private var hasLived = false
    /// When this look began.
    private var lookedAt: UInt64 = 0

    init(
        _ lane: RecognizerLane, pieces: consuming RecordReader<CallSound>, make: @escaping RecognizerEntry.Factory,
        counters: RecognizerCounters, log: @escaping PlugInLog, tell: @escaping Tell
    ) {
        self.pieces = pieces
        (self.lane, self.make, self.counters, self.log, self.tell) = (lane, make, counters, log, tell)
    }

    /// Until the call or the service is over, or the thread is given up.
    func run(isStopping: () -> Bool) {
        while true {
            // Asked before the ring is emptied: what was said before the end is then certainly in it.
            let isLast = lane.hasLeft || isStopping()
            let began = Self.now
            lane.begin(at: began)
            lookedAt = began
            turn(isLast: isLast, at: began)
            guard lane.end(since: began), !isLast else { break }
            Thread.sleep(forTimeInterval: Self.lookSeconds)
        }
    }

    /// One look at everything.
    func turn(isLast: Bool, at now: UInt64) {
        do throws(RecognitionError) {
            if recognizer == nil, now >= retryAt, !isLast || !hasLived { try begin(now) }
            guard let recognizer else { return discard() }
            while let piece = pieces.pop() { try take(piece, recognizer) }
            try send(recognizer)
            try results(of: recognizer)
            guard isLast else { return }
            try recognizer.finish()
            try results(of: recognizer)
        } catch { failed(error, recognizer == nil ? .notStarted : .ended) }
    }

    // MARK: Its life

    private func begin(_ now: UInt64) throws(RecognitionError) {
        let made = try make()
        switch made.sampleRateHz {
        case 8_000: resampler = nil
        case 16_000, 24_000, 48_000:
            // The resampler has every rate of these.
            resampler = try? PolyphaseResampler(inputRateHz: 8_000, outputRateHz: made.sampleRateHz)
        default:
            throw RecognitionError(
                .engine, "its rate is \(made.sampleRateHz) Hz; 8000, 16000, 24000 or 48000 was expected")
        }
        if hasLived { counters.events.add(.restarted) }
        (recognizer, hasLived, bornAt, wrong, heardTo) = (made, true, now, 0, nil)
        gathered.removeAll(keepingCapacity: true)
    }

    private func failed(_ error: RecognitionError, _ event: PlugInCounters.Event) {
        counters.events.add(event)
        log(event, error.description)
        recognizer = nil
        let now = Self.now
        if bornAt > 0, now &- bornAt > Self.goodLife { pause = Self.firstPause }
        retryAt = now &+ pause
        pause = min(pause * 2, Self.longestPause)
    }

    /// Nobody listens: what is said meanwhile has no text.
    private func discard() {
        var frames = 0
        while let piece = pieces.pop() { if piece.kind == .audio { frames += 1 } }
        counters.addLost(frames: frames)
    }

    // MARK: Sound

    private func take(_ piece: CallSound, _ recognizer: any StreamingRecognizer) throws(RecognitionError) {
        switch piece.kind {
        case .audio:
            try fill(upTo: piece.position, recognizer)
            var output = linear.mutableSpan
            _ = decoder.process(piece.samples.span, into: &output)
            append()
            heardTo = (heardTo ?? 0) + Int64(CallSound.frameSamples)
            if gathered.count >= recognizer.sampleRateHz * Self.pieceMilliseconds / 1_000 { try send(recognizer) }
        case .speechBegan:
            try send(recognizer)
            try recognizer.speechBegan(atMilliseconds: milliseconds(piece.position))
        case .speechEnded:
            try send(recognizer)
            try recognizer.speechEnded(atMilliseconds: milliseconds(piece.position))
        }
    }

    /// Silence stands for what is missing, so that times stay those of the call.
    private func fill(upTo position: Int64, _ recognizer: any StreamingRecognizer) throws(RecognitionError) {
        guard let known = heardTo else { return (base, heardTo) = (position, position) }
        var missing = position - known
        if missing < 0 || missing > Self.silenceAtMost {
            base += missing
            heardTo = position
            return
        }
        linear = InlineArray(repeating: 0)
        while missing >= Int64(CallSound.frameSamples) {
            append()
            missing -= Int64(CallSound.frameSamples)
            if gathered.count >= recognizer.sampleRateHz * Self.pieceMilliseconds / 1_000 { try send(recognizer) }
        }
        base += missing
        heardTo = position
    }

    private func append() {
        guard resampler != nil else {
            for index in linear.indices { gathered.append(linear[index]) }
            return
        }
        var target = raised.mutableSpan
        guard case .produced(let samples)? = resampler?.process(linear.span, into: &target) else { return }
        for index in 0..<samples { gathered.append(raised[index]) }
    }

    private func send(_ recognizer: any StreamingRecognizer) throws(RecognitionError) {
        guard !gathered.isEmpty else { return }
        defer { gathered.removeAll(keepingCapacity: true) }
        try recognizer.hear(gathered.span)
    }

    /// The recogniser's clock.
    private func milliseconds(_ position: Int64) -> Int { Int(max(0, min(position, heardTo ?? 0) - base)) / 8 }

    // MARK: Words

    private func results(of recognizer: any StreamingRecognizer) throws(RecognitionError) {
        for _ in 0..<Self.resultsAtMost {
            guard let result = try recognizer.nextResult() else { return }
            guard let checked = checked(result) else {
                counters.events.add(PlugInCounters.Event.wrong)
                wrong += 1
                guard wrong < Self.wrongAtMost else {
                    throw RecognitionError(.engine, "\(wrong) results that cannot be")
                }
                continue
            }
            guard !checked.isFinal || !checked.transcript.text.isEmpty else { continue }
            let isTold = lane.tell(since: lookedAt) {
                if checked.isFinal { counters.addUtterance() }
                tell(checked)
            }
            guard isTold else { return }
        }
    }

    /// On the call's clock; nil for what no sound can have said.
    private func checked(_ result: RecognitionResult) -> RecognitionResult? {
        let shift = Int(base / 8), most = milliseconds(.max) + 1_000
        guard result.transcript.text.utf8.count <= Self.bytesAtMost,
            !result.transcript.text.unicodeScalars.contains(where: { $0.value < 32 && $0.value != 10 }),
            (0...1).contains(result.transcript.confidence), result.startMilliseconds >= 0,
            result.startMilliseconds <= result.endMilliseconds, result.endMilliseconds <= most
        else { return nil }
        var shifted = result
        shifted.startMilliseconds += shift
        shifted.endMilliseconds += shift
        for index in shifted.transcript.words.indices {
            guard (0...most).contains(shifted.transcript.words[index].startMilliseconds),
                (0...most).contains(shifted.transcript.words[index].endMilliseconds)
            else { return nil }
            shifted.transcript.words[index].startMilliseconds += shift
            shifted.transcript.words[index].endMilliseconds += shift
        }
        return shifted
    }

    private static var now: UInt64 { media_bridge_monotonic_nanoseconds() }
}
