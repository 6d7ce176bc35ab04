import Foundation
import GRDB
import Glibc

/// How long a tenant keeps what; nil is for ever.
public struct RetentionPolicy: Sendable, Equatable {
    /// Recordings, ours and the carrier's.
    public var audioDays: Int?
    /// What was said: turns' texts, offline transcripts, journals, delivered events.
    public var transcriptDays: Int?
    /// Numbers of the parties, the caller's own data, webhooks' fields.
    public var numberDays: Int?
    /// All of a tenant's files together; the oldest calls' go first.
    public var maximumMegabytes: Int?

    public init(
        audioDays: Int? = nil, transcriptDays: Int? = nil, numberDays: Int? = nil, maximumMegabytes: Int? = nil
    ) {
        (self.audioDays, self.transcriptDays) = (audioDays, transcriptDays)
        (self.numberDays, self.maximumMegabytes) = (numberDays, maximumMegabytes)
    }

    public var keepsAll: Bool { self == RetentionPolicy() }
}

/// What a sweep removed.
public struct RetentionCounts: Sendable, Equatable {
    public var audioFiles = 0, transcripts = 0, numbers = 0
    /// Files that could not be removed; the next sweep tries again.
    public var failures = 0
    public var isEmpty: Bool { self == RetentionCounts() }
}

/// Removes what is older, or more, than a tenant keeps. In small transactions, so that nobody waits for it; never of a
/// call that is up. Broken off, the next sweep goes on: what is left is what the rows still hold.
public struct Retention: Sendable {
    /// A call that nobody ended is over after this long.
    static let longestCallMilliseconds: Int64 = 86_400_000
    private static let batch = 50
    private static let dayMilliseconds: Int64 = 86_400_000
    private static let ended = "coalesce(calls.ended_ms, calls.started_ms + \(longestCallMilliseconds))"

    private let store: TurnStore
    private let journals: String?
    private let recordings: String?

    /// - Parameters:
    ///   - journals: the directory of journals, which carry their call's id in their names.
    ///   - recordings: that of recordings, which do too: what a kill or a download that was given up left there, without
    ///     a row, is found by it.
    public init(_ store: TurnStore, journals: String?, recordings: String? = nil) {
        (self.store, self.journals, self.recordings) = (store, journals, recordings)
    }

    /// Any thread but a loop's.
    /// - Parameter now: Unix milliseconds.
    public func sweep(tenant: String, _ policy: RetentionPolicy, now: Int64) throws(StoreError) -> RetentionCounts {
        var counts = RetentionCounts()
        func before(_ days: Int) -> Int64 { now - Int64(days) * Self.dayMilliseconds }
        if let days = policy.audioDays { try removeAudio(tenant, before(days), &counts) }
        if let days = policy.transcriptDays { try removeTranscripts(tenant, before(days), &counts) }
        if let days = policy.numberDays { try removeNumbers(tenant, before(days), &counts) }
        if let megabytes = policy.maximumMegabytes {
            try shrink(tenant, to: Int64(megabytes) * 1_000_000, now: now, &counts)
        }
        return counts
    }

    private struct File { var call: String, kind: String, path: String, bytes: Int64? }

    private func files(_ tenant: String, _ kinds: String, before: Int64) throws(StoreError) -> [File] {
        try store.jobs.access.read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT artifacts.* FROM calls JOIN artifacts ON artifacts.call = calls.id
                    WHERE calls.tenant = ? AND \(Self.ended) < ? AND artifacts.kind IN (\(kinds))
                    ORDER BY calls.started_ms, calls.id
                    """, arguments: [tenant, before]
            ).map { File(call: $0["call"], kind: $0["kind"], path: $0["path"], bytes: $0["bytes"]) }
        }
    }

    /// Files of calls in `calls` that no row names, in the order of `calls`.
    /// - Parameter words: what an offline pass had heard so far, else sound.
    private func strays(of calls: [String], words: Bool) throws(StoreError) -> [File] {
        guard let recordings, let names = try? FileManager.default.contentsOfDirectory(atPath: recordings),
            !names.isEmpty
        else { return [] }
        let places = Dictionary(calls.enumerated().map { ($1, $0) }) { first, _ in first }
        let kind = words ? Artifact.Kind.transcript : .recording
        var found = [(place: Int, file: File)]()
        for name in names {
            // `CALL.wav`, `CALL-STARTED.wav`, `CALL.RECORDING.partial`, `CALL.wav.caller.partial`.
            let call = String(name.prefix { $0 != "." && $0 != "-" })
            guard let place = places[call], Self.holdsWords(name) == words else { continue }
            found.append((place, File(call: call, kind: kind.rawValue, path: recordings + "/" + name, bytes: nil)))
        }
        let known = try store.jobs.access.read { database in
            var known = Set<String>()
            for call in Set(found.map(\.file.call)) {
                known.formUnion(
                    try String.fetchAll(database, sql: "SELECT path FROM artifacts WHERE call = ?", arguments: [call]))
            }
            return known
        }
        return found.sorted { ($0.place, $0.file.path) < ($1.place, $1.file.path) }.map(\.file)
            .filter { !known.contains($0.path) }
    }

    private static func holdsWords(_ name: String) -> Bool {
        OfflineTranscript.Channel.allCases.contains { name.hasSuffix(".\($0.rawValue).partial") }
    }

    /// The file first: broken off in between, its row finds it gone.
    private func remove(_ files: some Collection<File>, _ counts: inout RetentionCounts) throws(StoreError) {
        var gone = [File]()
        for file in files {
            if unsafe unlink(file.path) == 0 || errno == ENOENT { gone.append(file) } else { counts.failures += 1 }
        }
        counts.audioFiles += gone.count { $0.kind != Artifact.Kind.transcript.rawValue }
        counts.transcripts += gone.count { $0.kind == Artifact.Kind.transcript.rawValue }
        for start in stride(from: 0, to: gone.count, by: Self.batch) {
            try store.jobs.access.write { database in
                for file in gone[start..<min(start + Self.batch, gone.count)] {
                    try database.execute(
                        sql: "DELETE FROM artifacts WHERE call = ? AND kind = ? AND path = ?",
                        arguments: [file.call, file.kind, file.path])
                }
            }
        }
    }

    private static let audioKinds = "'recording', 'carrier-recording'"

    private func removeAudio(_ tenant: String, _ before: Int64, _ counts: inout RetentionCounts) throws(StoreError) {
        try remove(try files(tenant, Self.audioKinds, before: before), &counts)
        try remove(try strays(of: try calls(tenant, before, "true"), words: false), &counts)
    }

    /// Of each of them the figures stay: times, latencies, holes, cost.
    private func removeTranscripts(_ tenant: String, _ before: Int64, _ counts: inout RetentionCounts)
        throws(StoreError)
    {
        try remove(try files(tenant, "'transcript'", before: before), &counts)
        let calls = try calls(
            tenant, before,
            """
            EXISTS (SELECT 1 FROM turns WHERE call = calls.id AND (text <> '' OR planned_text <> ''))
                OR EXISTS (SELECT 1 FROM transcripts WHERE call = calls.id)
                OR EXISTS (SELECT 1 FROM recognized WHERE call = calls.id)
                OR EXISTS (SELECT 1 FROM outbox WHERE call = calls.id AND state <> 'waiting')
            """)
        // Files by their names: calls whose texts went long ago may have one too.
        let names = journals.flatMap { try? FileManager.default.contentsOfDirectory(atPath: $0) } ?? []
        let over = try self.calls(tenant, before, "true")
        try remove(try strays(of: over, words: true), &counts)
        if let journals, !names.isEmpty {
            let old = Set(over)
            for name in names where name.hasSuffix(".journal") {
                guard let dash = name.lastIndex(of: "-"), old.contains(String(name[..<dash])) else { continue }
                if unsafe unlink(journals + "/" + name) == 0 { counts.transcripts += 1 } else { counts.failures += 1 }
            }
        }
        try eachBatch(calls) { call, database in
            try database.execute(
                sql: "UPDATE turns SET text = '', planned_text = '' WHERE call = ?", arguments: [call])
            try database.execute(sql: "DELETE FROM transcripts WHERE call = ?", arguments: [call])
            try database.execute(sql: "DELETE FROM recognized WHERE call = ?", arguments: [call])
            try database.execute(
                sql: "DELETE FROM outbox WHERE call = ? AND state <> 'waiting'", arguments: [call])
        }
        counts.transcripts += calls.count
    }

    private func removeNumbers(_ tenant: String, _ before: Int64, _ counts: inout RetentionCounts) throws(StoreError) {
        let calls = try calls(
            tenant, before,
            """
            from_number <> '' OR to_number <> '' OR context IS NOT NULL
                OR EXISTS (SELECT 1 FROM carrier_events WHERE call = calls.id AND fields <> '[]')
            """)
        try eachBatch(calls) { call, database in
            try database.execute(
                sql: "UPDATE calls SET from_number = '', to_number = '', context = NULL WHERE id = ?",
                arguments: [call])
            try database.execute(
                sql: "UPDATE carrier_events SET fields = '[]' WHERE call = ? AND fields <> '[]'", arguments: [call])
        }
        counts.numbers += calls.count
    }

    /// The oldest files of calls that are over, until what is left fits.
    private func shrink(
        _ tenant: String, to maximum: Int64, now: Int64, _ counts: inout RetentionCounts
    ) throws(StoreError) {
        let ended = try calls(tenant, now, "true")
        var kept = try files(tenant, Self.audioKinds + ", 'transcript'", before: now + Self.longestCallMilliseconds)
        let strays = try strays(of: ended, words: false) + strays(of: ended, words: true)
        if !strays.isEmpty {
            // The oldest calls' first; of calls that are up none goes, wherever it stands.
            let places = Dictionary(ended.enumerated().map { ($1, $0) }) { first, _ in first }
            kept = (kept + strays).enumerated().sorted {
                (places[$0.element.call] ?? .max, $0.offset) < (places[$1.element.call] ?? .max, $1.offset)
            }.map(\.element)
        }
        for index in kept.indices where kept[index].bytes == nil {
            let attributes = try? FileManager.default.attributesOfItem(atPath: kept[index].path)
            kept[index].bytes = (attributes?[.size] as? NSNumber)?.int64Value
        }
        var total = kept.reduce(0) { $0 + ($1.bytes ?? 0) }
        guard total > maximum else { return }
        let over = Set(ended)
        var excess = [File]()
        for file in kept where total > maximum && over.contains(file.call) {
            total -= file.bytes ?? 0
            excess.append(file)
        }
        try remove(excess, &counts)
    }

    private func calls(_ tenant: String, _ before: Int64, _ condition: String) throws(StoreError) -> [String] {
        try store.jobs.access.read { database in
            try String.fetchAll(
                database,
                sql: """
                    SELECT id FROM calls WHERE tenant = ? AND started_ms < ? AND \(Self.ended) < ? AND (\(condition))
                    ORDER BY started_ms, id
                    """, arguments: [tenant, before, before])
        }
    }

    private func eachBatch(_ calls: [String], _ body: (String, Database) throws -> Void) throws(StoreError) {
        for start in stride(from: 0, to: calls.count, by: Self.batch) {
            try store.jobs.access.write { database in
                for call in calls[start..<min(start + Self.batch, calls.count)] { try body(call, database) }
            }
        }
    }
}
