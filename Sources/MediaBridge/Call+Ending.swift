import AudioPipeline
import CallControl
import CallJournal
import Configuration
import Conversation
import RealtimeBridge
import Telemetry
import TurnStore

/// The end of a call: its books are closed, its recording is finished, its memory goes back.
extension Call {
    /// Audio of a response that nobody wants any more (R6).
    func letGo(bytes: Int) {
        let samples =
            bytes / tenant.modelFormat.audioFormat.bytesPerSample * 8_000 / tenant.modelFormat.audioFormat.sampleRateHz
        letGoSamples += Int64(samples)
        shard.counters.add(.samplesCancelled, UInt64(samples))
    }

    /// Ends both ledgers; each must balance (R1).
    func closeBooks(at now: UInt64) -> CallBooks {
        var books = CallBooks()
        books.inboundImbalance = inbound.close()
        let cleared = outbound.clear()
        let played = outbound.counts
        books.outboundImbalance = played.received - played.played - played.cleared - Int64(outbound.queuedBytes)
        let ledger = inbound.ledger
        books.counts = [
            "callerReceived": Int64(ledger.received), "callerForwarded": Int64(ledger.forwarded),
            "callerStale": Int64(ledger.dropped(.stale)), "callerOverrun": Int64(ledger.dropped(.overrun)),
            "callerEnded": Int64(ledger.dropped(.ended)), "agentReceived": played.received,
            "agentPlayed": played.played, "agentPadded": played.padded, "agentCleared": played.cleared,
            "agentUnheardAtEnd": Int64(cleared), "agentCancelled": letGoSamples, "agentRefused": played.refused,
        ]
        shard.counters.add(.droppedOverrun, ledger.dropped(.overrun))
        shard.counters.add(.droppedStale, ledger.dropped(.stale))
        shard.counters.add(.droppedEnded, ledger.dropped(.ended))
        let dropped = Int(ledger.dropped(.overrun) + ledger.dropped(.stale)) / InboundPath.frameSamples
        if dropped > 0 { shard.diagnose(.framesDropped, self, at: now, value: dropped) }
        if !books.balance {
            shard.counters.add(.ledgerImbalance)
            shard.diagnose(.ledgerImbalance, self, at: now)
        }
        return books
    }

    /// The service stops: nobody is asked, and the end is written with its reason.
    func shutDown(at now: UInt64) {
        happen(.carrierClosed(.shutdown), at: now)
        carrier?.close(code: 1001, reason: "shutting down")
    }

    /// Both voices go to the recorder from here on, when the tenant wants it (telling the caller is the operator's duty).
    func openRecording() {
        guard grant.tenant.recordsItself else { return }
        let (service, id) = (self.service, grant.call)
        tap = service.recorder.record(
            call: recordingName, into: service.configuration.recordingDirectory, format: grant.tenant.recordingFormat
        ) { [tenant = grant.tenant] paths, failure in
            service.recorded(id, of: tenant, paths: paths, failure: failure)
        }
    }

    /// Nothing enters the conversation any more.
    func closeJournal(at now: UInt64) {
        if conversation.isJournalBroken {
            shard.counters.add(.journalsBroken)
            shard.diagnose(.journalBroken, self, at: now)
        }
        conversation.endJournal()
    }

    /// Ends the recording where the call ended.
    func closeRecording(at now: UInt64) {
        guard tap != nil else { return }
        tap?.end(at: position(now))
        let skipped = tap?.skipped ?? 0
        shard.counters.add(.recordingSkipped, UInt64(skipped))
        if skipped > 0 { shard.diagnose(.tapSkipped, self, at: now, value: skipped) }
        tap = nil
    }
}
