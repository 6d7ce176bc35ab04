import Foundation

/// Journals hold what people said: they are kept as long as was asked for and no longer.
enum JournalRetention {
    /// Removes journals that are too old, then the oldest while all are too large together.
    /// - Parameter open: names of those being written.
    static func apply(_ directory: JournalDirectory, except open: Set<String>, now: Date = Date()) {
        let oldest = now.addingTimeInterval(-Double(directory.keepDays) * 86_400)
        var kept: [(path: String, written: Date, bytes: Int)] = []
        for name in (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
        where name.hasSuffix(".journal") && !open.contains(name) {
            let path = directory.path + "/" + name
            guard let attributes = try? FileManager.default.attributesOfItem(atPath: path),
                attributes[.type] as? FileAttributeType == .typeRegular,
                let written = attributes[.modificationDate] as? Date, let bytes = attributes[.size] as? Int
            else { continue }
            if written < oldest {
                try? FileManager.default.removeItem(atPath: path)
            } else {
                kept.append((path, written, bytes))
            }
        }
        kept.sort { $0.written < $1.written }
        var total = kept.reduce(0) { $0 + $1.bytes }
        for journal in kept where total > directory.maximumMegabytes * 1_000_000 {
            try? FileManager.default.removeItem(atPath: journal.path)
            total -= journal.bytes
        }
    }
}
