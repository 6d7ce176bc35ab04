import AudioPipeline
import CallControl
import Configuration
import Conversation
import RealtimeBridge
import Transport

/// Sessions that were opened when their calls were announced, and wait for the streams. Shard thread only.
struct WarmSessions {
    /// At a time; the next call is opened as any other.
    static let capacity = 16
    /// How long one waits for its stream.
    static let lifeNanoseconds: UInt64 = 15_000_000_000

    struct Entry {
        let call: String
        let link: ModelLink
        let prompt: SessionPrompt
        let deadline: UInt64
    }

    /// Oldest first.
    private(set) var entries: [Entry] = []

    func contains(_ call: String) -> Bool { entries.contains { $0.call == call } }
    mutating func add(_ entry: Entry) { entries.append(entry) }
    mutating func take(where matches: (Entry) -> Bool) -> Entry? {
        entries.firstIndex(where: matches).map { entries.remove(at: $0) }
    }
}

extension Shard {
    /// A call of a tenant that wants it was announced: its session is opened and configured before its stream comes.
    func warmUp(_ grant: StreamGrant, at now: UInt64) {
        guard warm.entries.count < WarmSessions.capacity, !warm.contains(grant.call), !isLive(grant.call),
            let tenant = service.runtimes.runtime(of: grant.tenant), let endpoint = tenant.endpoints.first,
            let prompt = service.prompt(for: grant, of: tenant)
        else { return }
        let link = ModelLink(warmingUpWith: prompt, options: tenant.sessionOptions, shard: self)
        do { try link.connect(to: endpoint, options: service.modelSocketOptions) } catch { return }
        counters.add(.warmOpened)
        let deadline = now + WarmSessions.lifeNanoseconds
        warm.add(.init(call: grant.call, link: link, prompt: prompt, deadline: deadline))
        if warm.entries.count == 1 { warmTimer?.schedule(at: deadline) }
    }

    /// The session that waits for this call, if it was told the same words.
    func takeWarm(_ call: String, prompt: SessionPrompt) -> ModelLink? {
        guard let entry = warm.take(where: { $0.call == call }) else { return nil }
        guard entry.prompt == prompt, entry.link.isUsable else {
            counters.add(.warmDropped)
            entry.link.close()
            return nil
        }
        counters.add(.warmAdopted)
        return entry.link
    }

    /// It closed before its stream came.
    func warmClosed(_ link: ModelLink) {
        if warm.take(where: { $0.link === link }) != nil { counters.add(.warmDropped) }
    }

    /// Streams that never came.
    func dropOverdueWarm(_ now: UInt64) {
        while let entry = warm.take(where: { $0.deadline <= now }) {
            counters.add(.warmDropped)
            entry.link.close()
        }
        if let next = warm.entries.first { warmTimer?.schedule(at: next.deadline) }
    }
}
