import AudioPipeline
import CLinux
import SpeechToText

/// One call's part of a remote recogniser that is fed as the sound comes. One thread, which may wait.
final class RemoteStream: StreamingRecognizer {
    let sampleRateHz: Int
    private let remote: RemoteRecognizer
    private var seat: (call: UInt32, life: Int)
    private var isDone = false
    /// What came while the last words were waited for.
    private var late: [RecognitionResult] = []

    /// - Throws: when it has gone meanwhile.
    init(_ remote: RemoteRecognizer, sampleRateHz: Int) throws(RecognitionError) {
        guard let seat = remote.desk.register() else { throw RecognitionError(.engine, "it has ended") }
        (self.remote, self.sampleRateHz, self.seat) = (remote, sampleRateHz, seat)
        try send(.begin)
    }

    deinit {
        remote.desk.forget(seat.call)
        guard !isDone else { return }
        var out: [UInt8] = []
        out.append(.end, call: seat.call, bytes: 0)
        // It may be gone: then there is nobody to tell.
        try? remote.desk.send(out, life: seat.life)
    }

    func hear(_ audio: Span<Int16>) throws(RecognitionError) {
        var out: [UInt8] = []
        out.append(.audio, call: seat.call, bytes: audio.count * 2)
        out.append(samples: audio)
        try remote.desk.send(out, life: seat.life)
    }

    func speechBegan(atMilliseconds milliseconds: Int) throws(RecognitionError) { try send(.speechBegan, milliseconds) }
    func speechEnded(atMilliseconds milliseconds: Int) throws(RecognitionError) { try send(.speechEnded, milliseconds) }

    func nextResult() throws(RecognitionError) -> RecognitionResult? {
        late.isEmpty ? try taken() : late.removeFirst()
    }

    private func taken() throws(RecognitionError) -> RecognitionResult? {
        while !isDone, let answer = try remote.desk.next(seat.call, life: seat.life) {
            if let error = answer.error { throw RecognitionError(.engine, "it says: \(error)") }
            if answer.done == true { isDone = true }
            if let result = answer.result { return result }
        }
        return nil
    }

    func finish() throws(RecognitionError) {
        try send(.end)
        var waited = 0
        while !isDone {
            if let result = try taken() {
                late.append(result)
                continue
            }
            guard !isDone else { break }
            guard waited < RemoteRecognizer.finishMilliseconds else {
                throw RecognitionError(.engine, "no last words in \(RemoteRecognizer.finishMilliseconds) ms")
            }
            usleep(10_000)
            waited += 10
        }
    }

    func reset() throws(RecognitionError) { try send(.reset) }

    private func send(_ message: StageMessage, _ milliseconds: Int? = nil) throws(RecognitionError) {
        var out: [UInt8] = []
        out.append(message, call: seat.call, bytes: milliseconds == nil ? 0 : 4)
        if let milliseconds { out.append(littleEndian: UInt32(clamping: milliseconds)) }
        try remote.desk.send(out, life: seat.life)
    }
}

/// A remote recogniser that is given whole utterances: each is a call to it, and stays in one piece, so that one that keeps
/// a single utterance in mind never hears two at once.
final class RemoteUtterances: SpeechRecognizer {
    let sampleRateHz: Int
    var cost: StageCost { .worker }
    private let remote: RemoteRecognizer

    init(_ remote: RemoteRecognizer, sampleRateHz: Int) { (self.remote, self.sampleRateHz) = (remote, sampleRateHz) }

    func recognize(_ utterance: Span<Int16>) throws(RecognitionError) -> Transcript {
        guard let seat = remote.desk.register() else { throw RecognitionError(.engine, "it has ended") }
        defer { remote.desk.forget(seat.call) }
        var out: [UInt8] = []
        out.append(utterance: utterance, sampleRateHz: sampleRateHz, call: seat.call)
        try remote.desk.send(out, life: seat.life)
        let seconds = ProgramRecognizer.patienceSeconds(utterance.count * 1_000 / sampleRateHz)
        let deadline = media_bridge_monotonic_nanoseconds() + UInt64(seconds) * 1_000_000_000
        var heard = Transcript.unknown
        while true {
            guard let answer = try remote.desk.next(seat.call, life: seat.life) else {
                guard media_bridge_monotonic_nanoseconds() < deadline else {
                    throw RecognitionError(.engine, "no sign of an answer in \(seconds) s")
                }
                usleep(10_000)
                continue
            }
            if let error = answer.error { throw RecognitionError(.engine, "it says: \(error)") }
            if answer.done == true { return heard }
            if let result = answer.result, result.isFinal { heard.append(result.transcript) }
        }
    }
}
