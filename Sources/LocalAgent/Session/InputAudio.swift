import AudioPipeline
import VAD

/// The input audio buffer of one session, with the voice detection that cuts it.
///
/// Positions are milliseconds of all audio appended in the session. Bounded: 60 s of audio, and in silence only what the
/// padding needs.
struct InputAudio: ~Copyable {
    /// Something heard in the audio.
    enum Edge: Equatable {
        /// Speech began; padding included.
        case started(milliseconds: Int)
        /// Speech ended; the silence awaited is included.
        case stopped(milliseconds: Int, utterance: [Int16])
    }

    static let maximumSeconds = 60

    let format: AudioFormat
    private let detection: TurnDetection?
    private var detector: EnergyDetector
    private var segmenter: SpeechSegmenter
    /// Audio before this format or detection was chosen.
    private let baseMilliseconds: Int
    /// Samples since then.
    private var received = 0
    /// The end of them that is still kept.
    private var samples: [Int16] = []
    private var analyzed = 0
    private var halfSample: UInt8?
    private var onset = 0
    private var speechStart: Int?

    init(format: AudioFormat, detection: TurnDetection?, after milliseconds: Int) {
        self.format = format
        self.detection = detection
        baseMilliseconds = milliseconds
        var tuning = EnergyDetector.Tuning()
        // The detector calls a frame speech at a margin over the noise: a half here means that margin.
        tuning.margin = max(2, tuning.margin + Float((detection?.threshold ?? 0.5) - 0.5) * 16)
        detector = EnergyDetector(format: AudioFormat(.linear16, sampleRateHz: format.sampleRateHz), tuning: tuning)
        var timing = SpeechTiming()
        timing.sustainedMilliseconds = 100
        timing.hangoverMilliseconds = max(100, detection?.silenceAwaitedMilliseconds ?? 500)
        segmenter = SpeechSegmenter(timing: timing)
    }

    private var rate: Int { format.sampleRateHz }
    private var kept: Int { received - samples.count }
    /// Position of the end.
    var milliseconds: Int { baseMilliseconds + received * 1_000 / rate }
    /// Length of what is kept.
    var keptMilliseconds: Int { samples.count * 1_000 / rate }
    var isInSpeech: Bool { speechStart != nil }

    /// - Returns: false when the buffer is full, without voice detection to empty it; nothing was appended then.
    mutating func append(_ bytes: [UInt8], edges: inout [Edge]) -> Bool {
        var bytes = bytes
        if format.encoding == .linear16 {
            if let half = halfSample { bytes.insert(half, at: 0) }
            halfSample = bytes.count.isMultiple(of: 2) ? nil : bytes.last
        }
        let new = SpokenSentence.decode(bytes, as: format)
        guard detection != nil else {
            guard samples.count + new.count <= Self.maximumSeconds * rate else { return false }
            samples += new
            received += new.count
            return true
        }
        // A second at a time, so that a long message needs no long buffer.
        var start = 0
        while start < new.count {
            let end = min(start + rate, new.count)
            samples += new[start..<end]
            received += end - start
            start = end
            analyze(&edges)
        }
        return true
    }

    private mutating func analyze(_ edges: inout [Edge]) {
        let frame = rate / 50
        while analyzed + frame <= received {
            let first = analyzed - kept
            let heard = Array(samples[first..<first + frame])
            let activity = detector.analyze(heard.span)
            analyzed += frame
            switch segmenter.advance(isSpeech: activity.isSpeech) {
            case .onset(let ago): onset = analyzed - ago * rate / 1_000
            case .sustained:
                let padded = onset - (detection?.prefixPaddingMilliseconds ?? 0) * rate / 1_000
                let start = max(kept, padded)
                speechStart = start
                edges.append(.started(milliseconds: baseMilliseconds + start * 1_000 / rate))
            case .offset: stop(&edges)
            case .lapsed, nil: break
            }
            if let start = speechStart, analyzed - start >= Self.maximumSeconds * rate { stop(&edges) }
        }
        if speechStart == nil {
            // An onset may turn out to have begun a little before it was told.
            let keep = ((detection?.prefixPaddingMilliseconds ?? 0) + 500) * rate / 1_000
            if samples.count > keep { samples.removeFirst(samples.count - keep) }
        }
    }

    private mutating func stop(_ edges: inout [Edge]) {
        let start = (speechStart ?? kept) - kept
        edges.append(
            .stopped(
                milliseconds: baseMilliseconds + analyzed * 1_000 / rate,
                utterance: Array(samples[start..<(analyzed - kept)])))
        samples.removeFirst(analyzed - kept)
        speechStart = nil
        segmenter.reset()
    }

    /// What a commit by hand takes: from the start of speech, or all that is kept.
    mutating func take() -> [Int16] {
        let start = (speechStart ?? kept) - kept
        let taken = Array(samples[start...])
        clear()
        return taken
    }

    /// Forgets what is kept; positions go on.
    mutating func clear() {
        samples.removeAll()
        analyzed = received
        speechStart = nil
        segmenter.reset()
    }
}
