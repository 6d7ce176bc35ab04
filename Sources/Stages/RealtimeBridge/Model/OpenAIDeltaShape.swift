internal import Conversation

/// The shape of the audio deltas that are coming in: one message's bytes, with holes where the next ones differ.
///
/// A server writes its deltas all alike but for the identifiers, the indices and the audio. What `TwilioMediaShape` says
/// of a carrier's messages holds here: the very same bytes outside the holes, and inside them nothing that could end a
/// string or a number elsewhere, are the same structure; anything else is walked again. So this changes what a message
/// costs and never what it means.
struct OpenAIDeltaShape: ~Copyable {
    private enum Hole { case response, item, outputIndex, contentIndex, delta, ignored }

    /// What stands before a hole, and the hole. `lower` and `count` are of the template.
    private struct Segment {
        var lower: Int
        var count: Int
        var hole: Hole
    }

    private var template = MessageTemplate()
    private var segments = [Segment](repeating: Segment(lower: 0, count: 0, hole: .delta), count: 8)
    private var segmentCount = 0
    private var tailLower = 0
    private var tailCount = 0
    /// A peer whose messages are never alike is soon no longer learned from.
    private var credit = Self.fullCredit
    private static let fullCredit = 16
    /// Messages that needed no walk.
    private(set) var hits = 0

    // MARK: Reading

    /// The message, with its audio in `audio`, when it has the shape that was learned; otherwise nil.
    mutating func read(_ text: Span<UInt8>, into audio: inout [UInt8]) -> ModelAudio? {
        guard segmentCount > 0 else { return nil }
        var response: WireID?, item: WireID?
        var contentIndex: Int64 = 0
        var byteCount = 0
        var position = 0
        for index in 0..<segmentCount {
            let segment = segments[index]
            guard template.matches(segment.lower, segment.count, in: text, at: position) else { return nil }
            position += segment.count
            switch segment.hole {
            case .delta:
                OpenAIRealtimeParser.reserve(&audio, forTextOf: text.count)
                var output = audio.mutableSpan
                guard case .decoded(let run) = Base64.decode(text, from: position, into: &output) else { return nil }
                byteCount = run.byteCount
                position = run.end
            case .response, .item, .ignored:
                var scanner = JSONScanner(at: position - 1)
                guard let slice = scanner.scanString(text), !slice.isEscaped else { return nil }
                position = slice.upper
                if segment.hole == .ignored { continue }
                guard let id = WireID(text.extracting(slice.lower..<slice.upper)) else { return nil }
                if segment.hole == .response { response = id } else { item = id }
            case .outputIndex, .contentIndex:
                let lower = position
                // JSON has no number with a zero in front.
                guard let (end, number) = JSONScanner.digits(text, from: lower),
                    end == lower + 1 || text[lower] != UInt8(ascii: "0")
                else { return nil }
                position = end
                if segment.hole == .contentIndex { contentIndex = number }
            }
        }
        guard text.count - position == tailCount, template.matches(tailLower, tailCount, in: text, at: position),
            let response, let item
        else { return nil }
        credit = Self.fullCredit
        hits &+= 1
        return ModelAudio(
            response: response, item: item, contentIndex: Int(clamping: contentIndex), byteCount: byteCount)
    }

    // MARK: Learning

    /// Takes the shape of an audio delta that has just been read in full. Allocates nothing.
    mutating func learn(_ text: Span<UInt8>) {
        segmentCount = 0
        guard credit > 0 else { return }
        credit -= 1
        var scanner = JSONScanner()
        guard scanner.beginObject(text) else { return }
        var reached = 0
        while let key = scanner.nextKey(text) {
            let hole: Hole
            if key.matches("response_id", in: text) {
                hole = .response
            } else if key.matches("item_id", in: text) {
                hole = .item
            } else if key.matches("output_index", in: text) {
                hole = .outputIndex
            } else if key.matches("content_index", in: text) {
                hole = .contentIndex
            } else if key.matches("delta", in: text) {
                hole = .delta
            } else if !key.matches("type", in: text), text[scanner.position] == UInt8(ascii: "\"") {
                // Text that says nothing here, such as the event's own identifier.
                hole = .ignored
            } else {
                // The type must be this one again.
                scanner.skip(text)
                continue
            }
            guard add(hole, text, &scanner, &reached) else {
                segmentCount = 0
                return
            }
        }
        tailLower = templateCount
        tailCount = text.count - reached
        if !template.keep(text, reached..<text.count, at: tailLower) { segmentCount = 0 }
    }

    /// Makes a hole of the value at the scanner's position and keeps what stands between the hole before and this one.
    /// False when the value is not one that a hole can stand for, or there are two of it, of which the last would count.
    private mutating func add(
        _ hole: Hole, _ text: Span<UInt8>, _ scanner: inout JSONScanner, _ reached: inout Int
    ) -> Bool {
        let isQuoted = text[scanner.position] == UInt8(ascii: "\"")
        let lower = scanner.position + (isQuoted ? 1 : 0)
        scanner.skip(text)
        let upper = scanner.position - (isQuoted ? 1 : 0)
        let isNumber = hole == .outputIndex || hole == .contentIndex
        guard
            isNumber
                ? !isQuoted && text[lower] != UInt8(ascii: "-")
                    && JSONScanner.wholeNumber(text, from: lower, to: upper) != nil
                : isQuoted
        else { return false }
        guard segmentCount < segments.count else { return false }
        for index in 0..<segmentCount where segments[index].hole == hole && hole != .ignored { return false }
        let start = templateCount
        guard template.keep(text, reached..<lower, at: start) else { return false }
        segments[segmentCount] = Segment(lower: start, count: lower - reached, hole: hole)
        segmentCount += 1
        reached = upper
        return true
    }

    /// Bytes of the template in use.
    private var templateCount: Int {
        segmentCount == 0 ? 0 : segments[segmentCount - 1].lower + segments[segmentCount - 1].count
    }
}
