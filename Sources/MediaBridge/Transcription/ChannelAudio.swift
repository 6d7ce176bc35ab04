import AudioPipeline
import CallControl
import Recording
import Resample
import TurnStore
import VAD

/// One channel of a recorded call: its samples, and where in them somebody speaks.
struct ChannelAudio {
    /// 8 kHz.
    let samples: [Int16]
    /// Sustained speech, by the detector that also hears the call; in order.
    let speech: [TranscriptQuality.Span]

    var milliseconds: Int64 { Int64(samples.count / 8) }

    /// Sound kept around speech, and the least an engine is given.
    private static let padding: Int64 = 200
    private static let shortest = 16_000

    /// - Throws: a recording that cannot be read, or is no WAV file of two channels; its path is in no message.
    init(path: String, channel: OfflineTranscript.Channel) throws(OfflineFailure) {
        let file: WAVFile
        do throws(RecordingError) { file = try WAVFile(path: path) } catch {
            throw .final("the recording cannot be read: \(error.code)")
        }
        guard file.format.channels == 2 else {
            throw .final("the recording has \(file.format.channels) channels, 2 were expected")
        }
        var samples: [Int16] = []
        samples.reserveCapacity(file.samples.count / 2)
        var place = channel == .caller ? 0 : 1
        while place < file.samples.count {
            samples.append(file.samples[place])
            place += 2
        }
        try self.init(samples, sampleRateHz: file.format.sampleRateHz)
    }

    init(_ samples: [Int16], sampleRateHz: Int = 8_000) throws(OfflineFailure) {
        do throws(ResampleError) {
            self.samples =
                sampleRateHz == 8_000
                ? samples : try RateConverter.convert(samples, inputRateHz: sampleRateHz, outputRateHz: 8_000)
        } catch { throw .final("the recording's rate of \(sampleRateHz) Hz is not telephone's") }
        speech = Self.speech(in: self.samples)
    }

    private static func speech(in samples: [Int16]) -> [TranscriptQuality.Span] {
        var detector = EnergyDetector()
        var segmenter = SpeechSegmenter()
        var spans: [TranscriptQuality.Span] = []
        var start: Int64 = 0, position = 0
        while position + 160 <= samples.count {
            let activity = detector.analyze(samples.span.extracting(position..<position + 160))
            position += 160
            let now = Int64(position / 8)
            switch segmenter.advance(isSpeech: activity.isSpeech) {
            case .onset(let ago): start = now - Int64(ago)
            case .offset(let ago): spans.append(.init(start, now - Int64(ago)))
            case .sustained, .lapsed, nil: break
            }
        }
        if segmenter.isSustained { spans.append(.init(start, Int64(position / 8))) }
        return spans
    }

    /// What an engine is given: stretches with speech, in order, cut in silences where there are any.
    func pieces(_ cutting: OfflineCutting) -> [TranscriptQuality.Span] {
        var pieces: [TranscriptQuality.Span] = []
        for span in speech {
            var rest = span
            if let last = pieces.last, span.start - last.end < cutting.silence, span.end - last.start <= cutting.longest
            {
                pieces[pieces.count - 1].end = span.end
                continue
            }
            while rest.milliseconds > cutting.longest {
                pieces.append(.init(rest.start, rest.start + cutting.longest))
                rest.start += cutting.longest
            }
            pieces.append(rest)
        }
        return pieces.map { .init(max(0, $0.start - Self.padding), min(milliseconds, $0.end + Self.padding)) }
    }

    /// At 16 kHz, at least a second.
    func samples(_ piece: TranscriptQuality.Span) throws(OfflineFailure) -> [Int16] {
        let part = Array(samples[Int(piece.start) * 8..<min(samples.count, Int(piece.end) * 8)])
        do throws(ResampleError) {
            var raised = try RateConverter.convert(part, inputRateHz: 8_000, outputRateHz: 16_000)
            if raised.count < Self.shortest {
                raised.append(contentsOf: repeatElement(0, count: Self.shortest - raised.count))
            }
            return raised
        } catch { throw .final("the recording cannot be resampled") }
    }
}
