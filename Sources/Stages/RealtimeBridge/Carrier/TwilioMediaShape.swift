internal import Conversation

/// The shape of the media messages that are coming in: one message's bytes, with holes where the next ones differ.
///
/// A carrier writes its media messages all alike but for three numbers, the stream, the track and the payload. The
/// first one is walked as JSON; a later one that has the very same bytes outside the holes, and inside them nothing that
/// could end a string or a number elsewhere, has the same structure and needs no walk. Anything else is walked again, so
/// this changes what a message costs and never what it means.
struct TwilioMediaShape: ~Copyable {
    private enum Hole { case sequence, chunk, timestamp, stream, track, payload }

    /// What stands before a hole, and the hole. `lower` and `count` are of the template.
    private struct Segment {
        var lower: Int
        var count: Int
        var hole: Hole
        var isQuoted: Bool
    }

    private var template = MessageTemplate()
    private var segments = [Segment](
        repeating: Segment(lower: 0, count: 0, hole: .payload, isQuoted: true), count: 6)
    private var segmentCount = 0
    private var tailLower = 0
    private var tailCount = 0
    /// Learning costs as much as a second walk: a peer whose messages are never alike is soon no longer learned from.
    private var credit = Self.fullCredit
    private static let fullCredit = 16
    /// Messages that needed no walk.
    private(set) var hits = 0

    // MARK: Reading

    /// The message, with its audio in `audio`, when it has the shape that was learned; otherwise nil.
    mutating func read(_ text: Span<UInt8>, into audio: inout [UInt8]) -> CarrierMedia? {
        guard segmentCount > 0 else { return nil }
        var media = CarrierMedia(byteCount: 0)
        var position = 0
        for index in 0..<segmentCount {
            let segment = segments[index]
            guard template.matches(segment.lower, segment.count, in: text, at: position) else { return nil }
            position += segment.count
            switch segment.hole {
            case .payload:
                var output = audio.mutableSpan
                guard case .decoded(let run) = Base64.decode(text, from: position, into: &output) else { return nil }
                media.byteCount = run.byteCount
                position = run.end
            case .stream, .track:
                var scanner = JSONScanner(at: position - 1)
                guard let slice = scanner.scanString(text), !slice.isEscaped else { return nil }
                if segment.hole == .track {
                    guard let track = CarrierTrack(slice, in: text) else { return nil }
                    media.track = track
                }
                position = slice.upper
            case .sequence, .chunk, .timestamp:
                let lower = position
                guard let (end, number) = JSONScanner.digits(text, from: lower) else { return nil }
                // JSON has no number with a zero in front; a string may.
                guard segment.isQuoted || end == lower + 1 || text[lower] != UInt8(ascii: "0") else { return nil }
                position = end
                switch segment.hole {
                case .sequence: media.sequence = number
                case .chunk: media.chunk = number
                default: media.timestampMilliseconds = number
                }
            }
        }
        guard text.count - position == tailCount, template.matches(tailLower, tailCount, in: text, at: position) else {
            return nil
        }
        credit = Self.fullCredit
        hits &+= 1
        return media
    }

    // MARK: Learning

    /// Takes the shape of a media message that has just been read in full. Allocates nothing.
    mutating func learn(_ text: Span<UInt8>) {
        segmentCount = 0
        guard credit > 0 else { return }
        credit -= 1
        var scanner = JSONScanner()
        guard scanner.beginObject(text) else { return }
        var reached = 0
        while let key = scanner.nextKey(text) {
            if key.matches("sequenceNumber", in: text) {
                guard add(.sequence, text, &scanner, &reached) else { return }
            } else if key.matches("streamSid", in: text) {
                guard add(.stream, text, &scanner, &reached) else { return }
            } else if key.matches("media", in: text) {
                guard addMedia(text, &scanner, &reached) else { return }
            } else {
                scanner.skip(text)
            }
        }
        // Without a payload there is nothing to gain; with two of the same hole the last one would have to win.
        tailLower = templateCount
        tailCount = text.count - reached
        guard copy(text, from: reached, to: text.count) else {
            segmentCount = 0
            return
        }
    }

    private mutating func addMedia(_ text: Span<UInt8>, _ scanner: inout JSONScanner, _ reached: inout Int) -> Bool {
        guard scanner.beginObject(text) else { return false }
        while let key = scanner.nextKey(text) {
            if key.matches("payload", in: text) {
                guard add(.payload, text, &scanner, &reached) else { return false }
            } else if key.matches("timestamp", in: text) {
                guard add(.timestamp, text, &scanner, &reached) else { return false }
            } else if key.matches("chunk", in: text) {
                guard add(.chunk, text, &scanner, &reached) else { return false }
            } else if key.matches("track", in: text) {
                guard add(.track, text, &scanner, &reached) else { return false }
            } else {
                scanner.skip(text)
            }
        }
        return true
    }

    /// Makes a hole of the value at the scanner's position and keeps what stands between the hole before and this one.
    /// False, and nothing learned, when the value is not one that a hole can stand for.
    private mutating func add(
        _ hole: Hole, _ text: Span<UInt8>, _ scanner: inout JSONScanner, _ reached: inout Int
    ) -> Bool {
        let isQuoted = text[scanner.position] == UInt8(ascii: "\"")
        let lower = scanner.position + (isQuoted ? 1 : 0)
        scanner.skip(text)
        let upper = scanner.position - (isQuoted ? 1 : 0)
        let isNumber = hole == .sequence || hole == .chunk || hole == .timestamp
        let isUsable =
            isNumber
            ? text[lower] != UInt8(ascii: "-") && JSONScanner.wholeNumber(text, from: lower, to: upper) != nil
            : isQuoted
        var isNew = segmentCount < segments.count
        for index in 0..<segmentCount where segments[index].hole == hole { isNew = false }
        let start = templateCount
        guard isUsable, isNew, copy(text, from: reached, to: lower) else {
            segmentCount = 0
            return false
        }
        segments[segmentCount] = Segment(lower: start, count: lower - reached, hole: hole, isQuoted: isQuoted)
        segmentCount += 1
        reached = upper
        return true
    }

    /// Bytes of the template in use.
    private var templateCount: Int {
        segmentCount == 0 ? 0 : segments[segmentCount - 1].lower + segments[segmentCount - 1].count
    }

    private mutating func copy(_ text: Span<UInt8>, from lower: Int, to upper: Int) -> Bool {
        template.keep(text, lower..<upper, at: templateCount)
    }
}
