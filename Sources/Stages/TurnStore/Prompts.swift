import Foundation
import GRDB

/// The table of prompt texts. Written once per tenant and hash; what stands there never changes.
enum Prompts {
    /// The columns that hold lists.
    private struct Parts: Codable {
        var layers: [StoredPrompt.Layer]
        var greeting: String
        var vocabulary: [String]
        var tools: [StoredPrompt.Tool]
    }

    static func write(_ prompt: StoredPrompt, to database: Database) throws {
        let parts = Parts(
            layers: prompt.layers, greeting: prompt.greeting, vocabulary: prompt.vocabulary, tools: prompt.tools)
        try RecordWriting.run(
            database,
            """
            INSERT INTO prompts (tenant, hash, direction, channel, language, voice, first_used_ms, parts)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
            """,
            [
                prompt.tenant, prompt.hash, prompt.direction, prompt.channel, prompt.language, prompt.voice,
                prompt.firstUsedAtUnixMilliseconds, String(decoding: try JSONEncoder().encode(parts), as: UTF8.self),
            ])
    }

    static func prompt(_ row: Row) throws -> StoredPrompt {
        let text: String = row["parts"]
        let parts = try JSONDecoder().decode(Parts.self, from: Data(text.utf8))
        return StoredPrompt(
            tenant: row["tenant"], hash: row["hash"], direction: row["direction"], channel: row["channel"],
            language: row["language"], voice: row["voice"], firstUsedAtUnixMilliseconds: row["first_used_ms"],
            layers: parts.layers, greeting: parts.greeting, vocabulary: parts.vocabulary, tools: parts.tools)
    }
}

extension StoredPrompt {
    init(
        tenant: String, hash: String, direction: String, channel: String, language: String, voice: String,
        firstUsedAtUnixMilliseconds: Int64, layers: [Layer], greeting: String, vocabulary: [String], tools: [Tool]
    ) {
        (self.tenant, self.hash, self.direction, self.channel) = (tenant, hash, direction, channel)
        (self.language, self.voice) = (language, voice)
        self.firstUsedAtUnixMilliseconds = firstUsedAtUnixMilliseconds
        (self.layers, self.greeting, self.vocabulary, self.tools) = (layers, greeting, vocabulary, tools)
    }
}

extension TurnStoreReader {
    /// What calls of this tenant and hash were told; nil when no such call was kept.
    public func prompt(tenant: String, hash: String) throws(StoreError) -> StoredPrompt? {
        try read { database in
            try Row.fetchOne(
                database, sql: "SELECT * FROM prompts WHERE tenant = ? AND hash = ?", arguments: [tenant, hash]
            ).map(Prompts.prompt)
        }
    }

    /// The revisions of all tenants whose hash begins so; newest first.
    public func prompts(hashPrefix: String = "", tenant: String? = nil, limit: Int = 100) throws(StoreError)
        -> [StoredPrompt]
    {
        try read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT * FROM prompts WHERE substr(hash, 1, length(?1)) = ?1 AND (?2 IS NULL OR tenant = ?2)
                    ORDER BY first_used_ms DESC, tenant, hash LIMIT ?3
                    """, arguments: [hashPrefix, tenant, max(0, limit)]
            ).map(Prompts.prompt)
        }
    }
}
