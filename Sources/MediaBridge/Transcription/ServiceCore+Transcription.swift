import AudioPipeline
import CallControl
import Configuration
import Conversation
import Foundation
import PlugIns
import Synchronization
import Telemetry
import TurnStore

extension ServiceCore {
    /// Begins to work jobs off, when an engine is configured.
    func startTranscription(_ options: TranscriptionWorkers.Options? = nil) throws {
        let configured = configuration.transcription
        let requests = OutgoingRequests(capacity: configured.workers * 2)
        var plugged: PluggedTranscriber.Maker?
        switch configured.engine {
        case .none: return
        case .local: break
        case .recognizer:
            do throws(StageFault) {
                plugged = try PluggedRecognizers(configuration.stages.recognizers).utterances(configured.recognizer)
            } catch { throw ServiceError("transcription.recognizer: \(error)") }
        case .whisper:
            guard WhisperEngine(configured, requests: requests) != nil else {
                throw ServiceError("transcription.url: `\(configured.url)` is no address")
            }
        }
        let maker = plugged
        let workers = TranscriptionWorkers(
            store: store, options: options ?? .init(configured), logger: logger,
            tenant: { [unowned self] in offlineHearing(of: $0, $1) },
            makeEvent: { [unowned self] call, transcript, now in
                directory.snapshot.tenant(id: call.tenant).flatMap { EventBody(call: call.id, tenant: $0) }?
                    .transcriptReady(
                        source: transcript.source, reason: transcript.reason ?? "", text: transcript.text, at: now)
            }
        ) {
            if configured.engine == .whisper, let engine = WhisperEngine(configured, requests: requests) {
                return engine
            }
            if let maker { return PluggedTranscriber(configured.recognizer, maker) }
            return LocalTranscriber()
        }
        transcription.withLock { $0 = workers }
        workers.start()
    }

    /// The recorder is done; the store is still open.
    func stopTranscription() {
        transcription.withLock { workers in
            defer { workers = nil }
            return workers
        }?.stop()
    }

    /// What the tenant's own prompt tells speech-to-text. Words only: a call of unknown direction is heard with either.
    private func offlineHearing(
        of id: String, _ direction: CallDirection?
    ) -> (TranscriptionSettings, TranscriptionHints)? {
        guard let known = directory.snapshot.tenant(id: id), let tenant = runtimes.runtime(of: known) else {
            return nil
        }
        let directions = direction.map { [$0] } ?? [.inbound, .outbound]
        for direction in directions where (direction == .inbound ? known.inbound : known.outbound) != nil {
            let grant = StreamGrant(call: "", tenant: known, direction: direction, from: "", to: "")
            if let prompt = prompt(for: grant, of: tenant) {
                return (tenant.tenant.transcription, prompt.transcription)
            }
        }
        return nil
    }
}
