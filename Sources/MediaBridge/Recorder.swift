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

    /// Any thread. Begins a recording of both voices; `done` comes on the recorder's thread when its files are closed.
    /// - Throws: when a file cannot be made.
    func record(
        call: String, into directory: String, format: Tenant.RecordingFormat, done: @escaping Completion
    ) throws(RecordingError) -> RecordingTap {
        let base = directory + "/" + call.filter { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" }
        let sink = try RecordingFiles(base: base, format: format)
        let ring = RecordRing<RecordingPiece>(capacity: Self.tapPieces)
        let job = RecordingJob(pieces: ring.reader, sink: sink, done: done)
        inbox.withLock { $0.jobs.append(job) }
        return RecordingTap(ring.writer)
    }
}

/// One call being recorded. Made on a shard, then the recorder's alone.
private final class RecordingJob: @unchecked Sendable {  // Handed over once, under the inbox's lock.
    private var pieces: RecordReader<RecordingPiece>
    private let sink: RecordingFiles
    private let timeline: StereoTimeline
    private var decoder = MulawDecoder()
    private var linear = InlineArray<160, Int16>(repeating: 0)
    private let done: Recorder.Completion

    init(pieces: consuming RecordReader<RecordingPiece>, sink: RecordingFiles, done: @escaping Recorder.Completion) {
        self.pieces = pieces
        self.sink = sink
        self.done = done
        timeline = StereoTimeline(sink: sink)
    }

    /// Takes what has come since the last time.
    /// - Returns: true when the recording is complete and closed.
    func drain(isLast: Bool) -> Bool {
        while let piece = pieces.pop() {
            switch piece.kind {
            case .caller:
                decode(piece)
                timeline.addCaller(at: piece.position, linear.span.extracting(first: Int(piece.count)))
            case .agent:
                decode(piece)
                timeline.scheduleAgent(at: piece.position, linear.span.extracting(first: Int(piece.count)))
            case .cleared: timeline.clearAgent(from: piece.position)
            case .end:
                close(at: piece.position)
                return true
            }
        }
        if isLast { close(at: 0) }
        return isLast
    }

    private func decode(_ piece: RecordingPiece) {
        var output = linear.mutableSpan
        _ = decoder.process(piece.samples.span.extracting(first: Int(piece.count)), into: &output)
    }

    private func close(at position: Int64) {
        do throws(RecordingError) {
            try timeline.finish(at: position)
            done(sink.paths, nil)
        } catch {
            done(sink.paths, "\(error)")
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
