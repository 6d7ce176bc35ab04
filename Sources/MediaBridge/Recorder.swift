import AudioPipeline
import Configuration
import Foundation
import MulawCodec
import OpusCodec
import Recording
import Synchronization

/// Writes the recordings of all calls, on a thread of its own: drains every tap, lays both voices on one clock, and
/// closes a file when its call has ended. May wait for the disk; no call notices.
final class Recorder: Sendable {
    typealias Completion = @Sendable (_ paths: [String], _ failure: String?) -> Void

    /// Taps are drained this often.
    private static let pollSeconds = 0.05
    /// Pieces of both voices a tap holds: five seconds.
    private static let tapPieces = 512

    private struct Inbox {
        var jobs: [RecordingJob] = []
        var isStopping = false
        var isRunning = false
    }
    private let inbox = Mutex(Inbox())
    private let finished = DispatchSemaphore(value: 0)

    func start() {
        inbox.withLock { $0.isRunning = true }
        let thread = Thread { [self] in
            var jobs: [RecordingJob] = []
            while true {
                let isStopping = inbox.withLock { inbox in
                    jobs += inbox.jobs
                    inbox.jobs = []
                    return inbox.isStopping
                }
                jobs.removeAll { $0.drain(isLast: isStopping) }
                if isStopping, jobs.isEmpty { break }
                Thread.sleep(forTimeInterval: Self.pollSeconds)
            }
            finished.signal()
        }
        thread.name = "recorder"
        thread.start()
    }

    /// Finishes what has ended; a call that has not is cut where it stands.
    func stop() {
        let wasRunning = inbox.withLock { inbox in
            inbox.isStopping = true
            defer { inbox.isRunning = false }
            return inbox.isRunning
        }
        if wasRunning { finished.wait() }
    }

    /// Shard thread; opens nothing itself. `done` comes on the recorder's thread when the files are closed, or could not
    /// be opened.
    func record(
        call: String, into directory: String, format: Tenant.RecordingFormat, done: @escaping Completion
    ) -> RecordingTap {
        let base = directory + "/" + call.filter { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" }
        let ring = RecordRing<RecordingPiece>(capacity: Self.tapPieces)
        let ending = RecordingEnding()
        let job = RecordingJob(pieces: ring.reader, ending: ending, base: base, format: format, done: done)
        inbox.withLock { $0.jobs.append(job) }
        return RecordingTap(ring.writer, ending: ending)
    }
}

/// One call being recorded. Made on a shard, then the recorder's alone.
private final class RecordingJob: @unchecked Sendable {  // Handed over once, under the inbox's lock.
    private var pieces: RecordReader<RecordingPiece>
    private let ending: RecordingEnding
    private let base: String
    private let format: Tenant.RecordingFormat
    private let done: Recorder.Completion
    private var open: (sink: RecordingFiles, timeline: StereoTimeline)?
    private var decoder = MulawDecoder()
    private var linear = InlineArray<160, Int16>(repeating: 0)

    init(
        pieces: consuming RecordReader<RecordingPiece>, ending: RecordingEnding, base: String,
        format: Tenant.RecordingFormat, done: @escaping Recorder.Completion
    ) {
        self.pieces = pieces
        (self.ending, self.base, self.format, self.done) = (ending, base, format, done)
    }

    /// Takes what has come since the last time.
    /// - Returns: true when there is nothing more to do: the recording is closed, or could not be begun.
    func drain(isLast: Bool) -> Bool {
        if open == nil {
            do throws(RecordingError) {
                let sink = try RecordingFiles(base: base, format: format)
                open = (sink, StereoTimeline(sink: sink))
            } catch {
                done([], "\(error)")
                return true
            }
        }
        // Asked for before the ring is emptied: what was said before the end is then certainly in it.
        let end = ending.value
        while let piece = pieces.pop() { take(piece) }
        guard end != nil || isLast else { return false }
        close(at: end ?? 0)
        return true
    }

    private func take(_ piece: RecordingPiece) {
        guard let timeline = open?.timeline else { return }
        var output = linear.mutableSpan
        _ = decoder.process(piece.samples.span.extracting(first: Int(piece.count)), into: &output)
        let samples = linear.span.extracting(first: Int(piece.count))
        switch piece.kind {
        case .caller: timeline.addCaller(at: piece.position, samples)
        case .agent: timeline.scheduleAgent(at: piece.position, samples)
        case .moved: timeline.moveAgent(from: piece.position, by: piece.shift)
        case .cleared: timeline.clearAgent(from: piece.position)
        }
    }

    private func close(at position: Int64) {
        guard let open else { return }
        do throws(RecordingError) {
            try open.timeline.finish(at: position)
            done(open.sink.paths, nil)
        } catch {
            done(open.sink.paths, "\(error)")
        }
    }
}

/// The files of one recording: WAV, Ogg Opus, or both.
private final class RecordingFiles: StereoSink {
    private let wav: WAVFileWriter?
    private let opus: OggOpusFile?
    let paths: [String]

    init(base: String, format: Tenant.RecordingFormat) throws(RecordingError) {
        var paths: [String] = []
        if format != .opus {
            wav = try WAVFileWriter(path: base + ".wav", channels: 2, sampleRateHz: 8_000)
            paths.append(base + ".wav")
        } else {
            wav = nil
        }
        if format != .wav {
            do {
                opus = try OggOpusFile(path: base + ".opus", channels: 2, sampleRateHz: 8_000)
            } catch {
                throw RecordingError(.encoder, "\(error)")
            }
            paths.append(base + ".opus")
        } else {
            opus = nil
        }
        self.paths = paths
    }

    func write(interleaved samples: Span<Int16>) throws(RecordingError) {
        try wav?.write(interleaved: samples)
        do { try opus?.write(interleaved: samples) } catch { throw RecordingError(.encoder, "\(error)") }
    }

    func finish() throws(RecordingError) {
        try wav?.finish()
        do { try opus?.finish() } catch { throw RecordingError(.encoder, "\(error)") }
    }
}
