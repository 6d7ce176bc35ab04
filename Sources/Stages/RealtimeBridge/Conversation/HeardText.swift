/// Where an item's transcript stood when each stretch of its audio arrived: enough to guess which words were heard.
///
/// The provider sends no word times. A stretch that arrives with `n` scalars of transcript is taken to end with the
/// n-th; between such points the text is spread evenly. Holds 16 points; when full, every second one goes.
struct TranscriptAnchors: Sendable {
    private struct Anchor: BitwiseCopyable {
        var samples: UInt32
        var scalars: UInt32
    }

    private static let capacity = 16
    private var anchors = InlineArray<16, Anchor>(repeating: Anchor(samples: 0, scalars: 0))
    private var count = 0
    /// Length of the transcript so far, in Unicode scalars.
    private(set) var scalars = 0

    mutating func add(scalars: Int) { self.scalars += scalars }

    /// The item now holds `samples` in all. Allocates nothing.
    mutating func audioArrived(totalSamples samples: Int) {
        guard scalars > 0 else { return }  // Audio before any text is spread with the first text that comes.
        let anchor = Anchor(samples: UInt32(clamping: samples), scalars: UInt32(clamping: scalars))
        if count > 0, anchors[count - 1].scalars == anchor.scalars {
            anchors[count - 1] = anchor  // No new text: the same words last longer.
            return
        }
        if count == Self.capacity { thin() }
        anchors[count] = anchor
        count += 1
    }

    private mutating func thin() {
        for index in 0..<(Self.capacity / 2) { anchors[index] = anchors[2 * index + 1] }
        count = Self.capacity / 2
    }

    /// Scalars spoken within the first `heard` of `total` samples. When `isComplete`, the end of the audio is the end of
    /// the text.
    func scalars(heard: Int, total: Int, isComplete: Bool) -> Int {
        guard heard > 0, scalars > 0, total > 0 else { return 0 }
        if heard >= total, isComplete { return scalars }
        var from = Anchor(samples: 0, scalars: 0)
        for index in 0..<count {
            var to = anchors[index]
            if isComplete, Int(to.samples) >= total { to.scalars = UInt32(clamping: scalars) }
            if heard <= Int(to.samples) { return Self.interpolate(heard, from, to) }
            from = to
        }
        let end = Anchor(samples: UInt32(clamping: total), scalars: UInt32(clamping: scalars))
        return Self.interpolate(min(heard, total), from, end)
    }

    private static func interpolate(_ heard: Int, _ from: Anchor, _ to: Anchor) -> Int {
        let span = Int(to.samples) - Int(from.samples)
        guard span > 0 else { return Int(to.scalars) }
        let words = Int(to.scalars) - Int(from.scalars)
        return Int(from.scalars) + words * (heard - Int(from.samples)) / span
    }
}

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
