public import AudioPipeline
import CallJournal
import Conversation
import Foundation
import MulawCodec
import OpusCodec
import PlugIns
import Recording
import Resample
import VAD

/// A call of yesterday: what its caller's line carried, frame by frame, and what the agent said meanwhile.
public struct RecordedCall: Sendable {
    public let name: String
    /// 8 kHz, whole frames.
    public private(set) var caller: [Int16] = []
    /// Of the same length; nil where only the caller was recorded.
    public private(set) var agent: [Int16]?

    public static let endings = ["wav", "ogg", "opus", "journal"]

    public var frames: Int { caller.count / GoldenCall.frameSamples }

    /// - Parameter path: a recording, mono or the caller left and the agent right (WAV of 8, 16, 24 or 48 kHz, Ogg Opus), or
    ///   a journal that keeps audio.
    /// - Throws: a file that is none of these, or holds no audio.
    public init(_ path: String) throws(StageFault) {
        name = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
        switch URL(fileURLWithPath: path).pathExtension.lowercased() {
        case "wav":
            let file: WAVFile
            do { file = try WAVFile(path: path) } catch { throw StageFault("\(error)") }
            try take(file.samples, channels: file.format.channels, rate: file.format.sampleRateHz, path)
        case "ogg", "opus":
            let file: OggOpusSamples
            do { file = try OggOpusSamples(path: path) } catch { throw StageFault("\(error)") }
            try take(file.samples, channels: file.channels, rate: OggOpusSamples.sampleRateHz, path)
        case "journal":
            do throws(JournalError) { try take(try JournalFile(path: path), path) } catch {
                throw StageFault("\(error)")
            }
        case let ending:
            throw StageFault(
                "\(path): `.\(ending)` is no recording; one of \(Self.endings.joined(separator: ", ")) was expected")
        }
        guard frames > 0 else { throw StageFault("\(path): no audio") }
    }

    private mutating func take(_ samples: [Int16], channels: Int, rate: Int, _ path: String) throws(StageFault) {
        guard [8_000, 16_000, 24_000, 48_000].contains(rate) else {
            throw StageFault("\(path): \(rate) Hz; 8000, 16000, 24000 or 48000 was expected")
        }
        guard channels == 1 || channels == 2 else {
            throw StageFault(
                "\(path): \(channels) channels; the caller alone, or the caller left and the agent right, was expected")
        }
        caller = Self.telephone(stride(from: 0, to: samples.count, by: channels).map { samples[$0] }, rate)
        if channels == 2 { agent = Self.telephone(stride(from: 1, to: samples.count, by: 2).map { samples[$0] }, rate) }
    }

    /// At 8 kHz, in whole frames.
    private static func telephone(_ samples: [Int16], _ rate: Int) -> [Int16] {
        var lowered = samples
        // The rates are the resampler's.
        if rate != 8_000, var resampler = try? PolyphaseResampler(inputRateHz: rate, outputRateHz: 8_000) {
            lowered = []
            var frame = [Int16](repeating: 0, count: 160)
            for start in stride(from: 0, to: samples.count, by: rate / 50) {
                let piece = samples.span.extracting(start..<min(samples.count, start + rate / 50))
                var target = frame.mutableSpan
                guard case .produced(let count) = resampler.process(piece, into: &target) else { continue }
                lowered += frame[..<count]
            }
        }
        lowered.removeLast(lowered.count % GoldenCall.frameSamples)
        return lowered
    }

    /// The caller's frames as the call's ears had them, what never arrived as silence; the agent's where they were sent.
    private mutating func take(_ file: JournalFile, _ path: String) throws(JournalError) {
        guard file.header.keepsAudio else {
            throw JournalError("\(path): the journal holds no audio; `journal: audio` keeps it")
        }
        var records = JournalRecords(file)
        var said: [Int16] = []
        while let record = records.next() {
            switch record {
            case .callerAudio(let frame, _): caller += frame.map { MulawDecoder.decode($0) }
            case .callerMissed(let frames, _): caller += [Int16](repeating: 0, count: frames * GoldenCall.frameSamples)
            case .agentAudio(let frame, _):
                if said.count < caller.count { said += [Int16](repeating: 0, count: caller.count - said.count) }
                said += frame.map { MulawDecoder.decode($0) }
            default: break
            }
        }
        caller.removeLast(caller.count % GoldenCall.frameSamples)
        agent = Array((said + [Int16](repeating: 0, count: max(0, caller.count - said.count))).prefix(caller.count))
    }

    /// What a detector makes of one frame.
    func heard(by detector: FrameDetector, frame: Int) -> VoiceActivity {
        let (start, samples) = (frame * GoldenCall.frameSamples, caller.span)
        return detector.analyze(samples.extracting(start..<start + GoldenCall.frameSamples))
    }

    /// Whether the agent is heard in a frame: louder than 45 dB below full scale.
    func agentSpeaks(in frame: Int) -> Bool {
        guard let agent, (frame + 1) * GoldenCall.frameSamples <= agent.count else { return false }
        let part = agent[frame * GoldenCall.frameSamples..<(frame + 1) * GoldenCall.frameSamples]
        let power = part.reduce(0.0) { $0 + Double($1) * Double($1) } / Double(GoldenCall.frameSamples)
        return power > 32_768 * 32_768 * 3.2e-5
    }
}
