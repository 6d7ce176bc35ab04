/// What the carrier has received for the caller and not yet played, with the marks between: Twilio's semantics.
///
/// Pure: time passes only by `play`. Audio is mu-law, one byte per sample.
struct PlayoutBuffer {
    /// More is discarded, as Twilio does with a warning (31931).
    static let maximumBytes = 600 * 8_000

    /// Bytes taken in, played, dropped by a clear, and discarded because the buffer was full.
    private(set) var receivedBytes = 0, playedBytes = 0, clearedBytes = 0, overflowBytes = 0

    private var audio: [UInt8] = []
    private var head = 0
    /// Names with the place in `receivedBytes` that must have been played first.
    private var marks: [(name: String, place: Int)] = []
    private var firstMark = 0

    var queuedBytes: Int { audio.count - head }
    /// Marks not yet echoed.
    var outstandingMarks: Int { marks.count - firstMark }

    mutating func receive(_ bytes: Span<UInt8>) {
        let room = Self.maximumBytes - queuedBytes
        let count = min(bytes.count, room)
        overflowBytes += bytes.count - count
        if head > 64 * 1024 {
            audio.removeFirst(head)
            head = 0
        }
        for index in 0..<count { audio.append(bytes[index]) }
        receivedBytes += count
    }

    /// - Returns: true when the mark is to be echoed at once, because nothing is queued before it.
    mutating func receive(mark name: String) -> Bool {
        if queuedBytes == 0 && outstandingMarks == 0 { return true }
        marks.append((name, receivedBytes))
        return false
    }

    /// Drops what is queued.
    /// - Returns: every outstanding mark, in order, to be echoed now.
    mutating func clear() -> [String] {
        clearedBytes += queuedBytes
        audio.removeAll(keepingCapacity: true)
        head = 0
        let names = marks[firstMark...].map { $0.name }
        marks.removeAll(keepingCapacity: true)
        firstMark = 0
        return names
    }

    /// Plays one stretch into `frame`; where nothing is queued the line is silent.
    /// - Returns: how many bytes were played; `echo` gets each mark that was reached.
    mutating func play(into frame: inout MutableSpan<UInt8>, echo: (String) -> Void) -> Int {
        let count = min(frame.count, queuedBytes)
        for index in 0..<count { frame[index] = audio[head + index] }
        for index in count..<frame.count { frame[index] = 0xFF }
        head += count
        playedBytes += count
        if head == audio.count {
            audio.removeAll(keepingCapacity: true)
            head = 0
        }
        // Cleared bytes were received and will never be played.
        while firstMark < marks.count, marks[firstMark].place <= playedBytes + clearedBytes {
            echo(marks[firstMark].name)
            firstMark += 1
        }
        if firstMark == marks.count, firstMark > 0 {
            marks.removeAll(keepingCapacity: true)
            firstMark = 0
        }
        return count
    }
}
