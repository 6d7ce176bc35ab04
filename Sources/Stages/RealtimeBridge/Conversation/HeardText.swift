/// Cuts a transcript where it stopped being heard.
enum HeardText {
    /// Words longer than this are cut inside: scripts without spaces would otherwise lose everything.
    static let longestWordScalars = 24

    /// The first `limit` Unicode scalars of `text`, cut back to the end of the last whole word.
    static func cut(_ text: String, atScalars limit: Int) -> String {
        let scalars = text.unicodeScalars
        guard limit > 0, let cut = scalars.index(scalars.startIndex, offsetBy: limit, limitedBy: scalars.endIndex)
        else {
            return limit > 0 ? text : ""
        }
        if cut == scalars.endIndex { return text }
        var edge = cut
        var steps = 0
        while edge > scalars.startIndex, !scalars[edge].properties.isWhitespace {
            guard steps < longestWordScalars else {
                return String(text[..<text.index(before: text.index(after: roundedDown(cut, in: text)))])
            }
            edge = scalars.index(before: edge)
            steps += 1
        }
        while edge > scalars.startIndex, scalars[scalars.index(before: edge)].properties.isWhitespace {
            edge = scalars.index(before: edge)
        }
        return String(scalars[..<edge])
    }

    /// The start of the character that holds `index`.
    private static func roundedDown(_ index: String.Index, in text: String) -> String.Index {
        var character = text.startIndex
        while character < text.endIndex {
            let next = text.index(after: character)
            if next > index { return character }
            character = next
        }
        return text.index(before: text.endIndex)
    }
}
