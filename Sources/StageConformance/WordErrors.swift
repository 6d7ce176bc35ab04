/// How far a text lies from what was said: words replaced, left out and put in.
public struct WordErrors: Sendable, Codable, Equatable {
    public var words = 0
    public var errors = 0

    public init() {}

    /// Case and punctuation do not count; apostrophes do.
    public init(said: String, heard: String) {
        let (said, heard) = (Self.words(said), Self.words(heard))
        words = said.count
        var row = Array(0...heard.count)
        for (line, word) in said.enumerated() {
            var corner = row[0]
            row[0] = line + 1
            for (column, other) in heard.enumerated() {
                let best = min(row[column + 1] + 1, row[column] + 1, corner + (word == other ? 0 : 1))
                corner = row[column + 1]
                row[column + 1] = best
            }
        }
        errors = row[heard.count]
    }

    /// 0 when all is right; over 1 when more was put in than said. Nil without words.
    public var rate: Double? { words == 0 ? nil : Double(errors) / Double(words) }

    public static func + (one: WordErrors, other: WordErrors) -> WordErrors {
        var sum = one
        sum.words += other.words
        sum.errors += other.errors
        return sum
    }

    private static func words(_ text: String) -> [String] {
        text.lowercased().split { !($0.isLetter || $0.isNumber || $0 == "'") }.map(String.init)
    }
}
