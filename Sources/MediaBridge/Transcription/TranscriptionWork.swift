import CallControl
import Configuration
import Conversation
import Foundation
import TurnStore

/// One job from its lease to its end: whether the recording is heard, what was heard, and which text holds.
struct TranscriptionWork {
    let store: TurnStore
    let job: Job
    let what: TranscriptionJob
    let call: StoredCall
    let settings: TranscriptionSettings
    let hints: TranscriptionHints
    let engine: any OfflineEngine
    let leaseMilliseconds: Int64
    let now: @Sendable () -> Int64
    let isStopping: @Sendable () -> Bool

    private var policy: TranscriptionPolicy { TranscriptionPolicy(settings) }

    /// - Returns: what the end of the job leaves behind.
    /// - Throws: `.stopped` also when the lease is another's by now.
    func results() throws(OfflineFailure) -> [JobResult] {
        let audio = try ChannelAudio(path: what.path, channel: what.channel)
        let realtime = realtimeQuality(speech: audio.speech)
        guard policy.runs(realtime: realtime) else { return decision(realtime: realtime, recording: .missing) }
        let pieces = try hear(audio)
        let (transcript, recording) = transcript(pieces, audio)
        guard what.channel == .caller else { return isBetter(transcript) ? [.transcript(transcript)] : [] }
        // Another recording of this call may have been heard before, and better.
        if let known = knownRecording(), policy.decide(realtime: known, recording: recording).source != .recording {
            return decision(realtime: realtime, recording: known)
        }
        return [.transcript(transcript)] + decision(realtime: realtime, recording: recording)
    }

    /// What holds when nobody will hear the recording.
    func resultsOfGivingUp() -> [JobResult] {
        decision(realtime: realtimeQuality(speech: nil), recording: knownRecording() ?? .missing)
    }

    // MARK: Hearing

    private func hear(_ audio: ChannelAudio) throws(OfflineFailure) -> [PartialTranscript.Piece] {
        var partial = PartialTranscript(path: what.partialPath, sha256: what.sha256)
        let pieces = audio.pieces(engine.cutting)
        if !pieces.isEmpty {
            let isKnown: Bool
            // Known to the store before it holds a word, so that whoever erases the call erases it too.
            do throws(StoreError) {
                isKnown = try store.artifacts.putIfKnown(
                    Artifact(call: call.id, kind: .transcript, path: what.partialPath))
            } catch { throw .again("the store cannot be written") }
            // Erased since the job was taken; the job went with it.
            if !isKnown { throw .stopped }
        }
        for piece in pieces where partial.heard(from: piece.start, to: piece.end) == nil {
            if isStopping() { throw .stopped }
            try keepLease()
            let heard = try engine.transcribe(
                try audio.samples(piece), hints: hints, phrases: settings.phrases, isStopping: isStopping)
            try partial.add(heard, from: piece.start, to: piece.end)
        }
        try keepLease()
        return pieces.compactMap { piece in
            partial.heard(from: piece.start, to: piece.end).map {
                .init(sha256: what.sha256, start: piece.start, end: piece.end, heard: $0)
            }
        }
    }

    private func keepLease() throws(OfflineFailure) {
        let at = now()
        let isOurs: Bool
        do throws(StoreError) {
            isOurs = try store.jobs.extend(job, until: at + leaseMilliseconds, at: at)
        } catch { throw .again("the store cannot be written") }
        if !isOurs { throw .stopped }
    }

    /// After the transaction that ended the job: its words are in the store.
    func forgetPartial() {
        PartialTranscript(path: what.partialPath, sha256: what.sha256).remove()
        do throws(StoreError) {
            try store.artifacts.remove(call: call.id, kind: .transcript, path: what.partialPath)
        } catch {}  // The row names a file that is gone; whoever erases the call passes over it.
    }

    // MARK: Measuring

    private func realtimeQuality(speech: [TranscriptQuality.Span]?) -> TranscriptQuality {
        let turns = call.turns.filter { $0.speaker == what.channel.rawValue }
        if turns.allSatisfy(\.text.isEmpty), let heard = recognizedQuality(speech: speech) { return heard }
        guard turns.contains(where: { $0.textSource != "none" }) else { return .missing }
        let end = (call.endedAtUnixMilliseconds ?? now()) - call.startedAtUnixMilliseconds
        func span(_ turn: StoredTurn) -> TranscriptQuality.Span {
            .init(turn.startedAtMilliseconds, turn.endedAtMilliseconds ?? max(end, turn.startedAtMilliseconds))
        }
        let withText = turns.filter { !$0.text.isEmpty }
        let text = withText.map(\.text).joined(separator: " ")
        return TranscriptQuality(
            text: text, spans: withText.map(span), speech: speech ?? turns.map(span),
            languageMatches: TranscriptLanguage.matches(text, language: hints.language))
    }

    /// Where the model left no text, what a recogniser heard during the call; nil when none did.
    private func recognizedQuality(speech: [TranscriptQuality.Span]?) -> TranscriptQuality? {
        let heard = call.recognized.filter { $0.channel.rawValue == what.channel.rawValue }
        guard !heard.isEmpty else { return nil }
        let text = heard.map(\.text).joined(separator: " ")
        let spans = heard.map { TranscriptQuality.Span($0.startMilliseconds, $0.endMilliseconds) }
        let sure = heard.compactMap(\.confidence)
        return TranscriptQuality(
            text: text, spans: spans, speech: speech ?? spans,
            confidence: sure.isEmpty ? nil : sure.reduce(0, +) / Double(sure.count),
            languageMatches: TranscriptLanguage.matches(text, language: hints.language))
    }

    private func transcript(
        _ pieces: [PartialTranscript.Piece], _ audio: ChannelAudio
    ) -> (OfflineTranscript, TranscriptQuality) {
        let words = pieces.filter { !$0.heard.text.isEmpty }
        let segments = words.flatMap { piece in
            piece.heard.segments.map {
                OfflineSegment(start: piece.start + $0.start, end: piece.start + $0.end, text: $0.text)
            }
        }
        let text = words.map(\.heard.text).joined(separator: " ")
        let language = words.compactMap(\.heard.language).first
        let confidence = Self.confidence(words)
        let quality = TranscriptQuality(
            text: text, spans: segments.map { .init($0.start, $0.end) }, speech: audio.speech, confidence: confidence,
            languageMatches: text.isEmpty
                ? nil : TranscriptLanguage.matches(text, language: hints.language, named: language))
        let transcript = OfflineTranscript(
            call: call.id, channel: what.channel, text: text, engine: engine.name, language: language,
            confidence: confidence, audioMilliseconds: audio.milliseconds, audioSHA256: what.sha256,
            segments: TranscriptionJob.json(segments), madeAtUnixMilliseconds: now())
        return (transcript, quality)
    }

    /// Weighted by length; pieces that say nothing are believed, and so left out.
    private static func confidence(_ pieces: [PartialTranscript.Piece]) -> Double? {
        var (weight, sum) = (0.0, 0.0)
        for piece in pieces {
            guard let confidence = piece.heard.confidence else { continue }
            let length = Double(max(1, piece.end - piece.start))
            weight += length
            sum += length * min(1, max(0, confidence))
        }
        return weight > 0 ? sum / weight : nil
    }

    private func isBetter(_ transcript: OfflineTranscript) -> Bool {
        let known = try? store.transcripts.of(call: call.id).first { $0.channel == transcript.channel }
        return transcript.text.count > known?.text.count ?? -1
    }

    // MARK: Deciding

    private func knownRecording() -> TranscriptQuality? {
        guard let text = try? store.transcripts.decision(call: call.id)?.recordingQuality,
            let known = try? JSONDecoder().decode(TranscriptQuality.self, from: Data(text.utf8)), known.isPresent
        else { return nil }
        return known
    }

    /// The caller's channel decides; the agent's leaves only its words.
    private func decision(realtime: TranscriptQuality, recording: TranscriptQuality) -> [JobResult] {
        guard what.channel == .caller else { return [] }
        let decision = policy.decide(realtime: realtime, recording: recording)
        return [
            .decision(
                TranscriptDecision(
                    call: call.id, source: decision.source, reason: decision.reason.rawValue,
                    realtimeQuality: TranscriptionJob.json(realtime),
                    recordingQuality: TranscriptionJob.json(recording), decidedAtUnixMilliseconds: now()))
        ]
    }
}
