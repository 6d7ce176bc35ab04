import Conversation
import RealtimeBridge

/// The carrier's side of a rehearsed call: plays what it is sent, one frame per 20 ms, 20 ms after it was sent; drops what
/// a clear finds; echoes marks when what stands before them was played.
struct RehearsedCarrier {
    private enum Entry {
        case frame([Double])
        case mark(PlaybackMark)
    }
    private static let networkMilliseconds = 20
    private var onTheWay: [(at: Int, entry: Entry?)] = []
    private var buffer: [Entry] = []
    private(set) var marks: [PlaybackMark] = []
    /// The end of the last frame of agent audio that was played.
    private(set) var lastPlayedAt = 0

    mutating func receive(_ frame: [Double], at now: Int) {
        onTheWay.append((now + Self.networkMilliseconds, .frame(frame)))
    }
    mutating func receive(_ mark: PlaybackMark, at now: Int) {
        onTheWay.append((now + Self.networkMilliseconds, .mark(mark)))
    }
    mutating func clear(at now: Int) { onTheWay.append((now + Self.networkMilliseconds, nil)) }

    /// What the caller's line is given for the 20 ms before `now`.
    mutating func play(at now: Int) -> [Double]? {
        while let first = onTheWay.first, first.at <= now - 20 {
            onTheWay.removeFirst()
            if let entry = first.entry {
                buffer.append(entry)
            } else {
                for case .mark(let mark) in buffer { marks.append(mark) }
                buffer.removeAll()
            }
        }
        defer { takeMarks() }
        takeMarks()
        guard case .frame(let frame)? = buffer.first else { return nil }
        buffer.removeFirst()
        lastPlayedAt = now
        return frame
    }

    private mutating func takeMarks() {
        while case .mark(let mark)? = buffer.first {
            marks.append(mark)
            buffer.removeFirst()
        }
    }

    mutating func takeEchoedMarks() -> [PlaybackMark] {
        defer { marks.removeAll() }
        return marks
    }
}
