/// Guesses what was meant by a name that nobody knows.
enum Spelling {
    /// The known name at the smallest edit distance, when that is small enough to be a slip.
    static func nearest(to name: String, in known: [String]) -> String? {
        let ranked = known.map { ($0, distance(name.lowercased(), $0.lowercased())) }.min { $0.1 < $1.1 }
        guard let (candidate, edits) = ranked, edits <= max(2, candidate.count / 3) else { return nil }
        return candidate
    }

    /// Levenshtein's distance.
    private static func distance(_ left: String, _ right: String) -> Int {
        let right = Array(right)
        var row = Array(0...right.count)
        for (index, character) in left.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for column in right.indices {
                let substituted = diagonal + (right[column] == character ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(substituted, row[column] + 1, diagonal + 1)
            }
        }
        return row[right.count]
    }
}
