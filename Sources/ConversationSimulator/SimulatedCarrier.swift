import Conversation

/// A carrier with a playout buffer: plays what it gets in order and in time, echoes each mark once what was sent before
/// it has been played, and all that wait at once on `clear`. It knows what the caller truly heard.
///
/// All times are milliseconds of the call; samples are at 8 kHz.
struct SimulatedCarrier {
    private struct Frame: BitwiseCopyable {
        var ordinal: UInt32
        var samples: Int32
        var startsAt: Int64
    }
    private struct Echo: BitwiseCopyable {
        var playedAt: Int64
        var arrivesAt: Int64
        var mark: PlaybackMark
    }

    var isUp = true
    var echoesMarks = true
    /// From the end of playing to the echo's arrival.
    var echoDelay: Int64 = 60
    /// Loses every n-th mark; 0: none.
    var losesEvery = 0
    /// From arrival to playing.
    var lag: Int64 = 0
    /// All stalls of playing so far.
    private(set) var stalled: Int64 = 0

    private var frames: [Frame] = []
    private var firstFrame = 0
    private var echoes: [Echo] = []
    private var firstEcho = 0
    private var marks = 0
    /// When everything received will have been played.
    private(set) var playEnd: Int64 = 0
    private var wholeSamples: [Int32] = [0]
    private(set) var clears = 0

    init() {
        frames.reserveCapacity(32)
        echoes.reserveCapacity(32)
        wholeSamples.reserveCapacity(32)
    }

    mutating func receive(_ item: PlayoutItem, samples: Int, at now: Int64) {
        settle(at: now)
        let start = max(playEnd, now + lag)
        frames.append(Frame(ordinal: item.ordinal, samples: Int32(samples), startsAt: start))
        playEnd = start + 20
    }

    mutating func receive(_ mark: PlaybackMark, at now: Int64) {
        marks += 1
        guard echoesMarks, losesEvery == 0 || marks % losesEvery != 0 else { return }
        let played = max(playEnd, now)
        let arrives = max(played + echoDelay, firstEcho < echoes.count ? echoes[echoes.count - 1].arrivesAt : 0)
        echoes.append(Echo(playedAt: played, arrivesAt: arrives, mark: mark))
    }

    /// When the next echo arrives, or `Int64.max`.
    var nextEchoAt: Int64 { firstEcho < echoes.count && isUp ? echoes[firstEcho].arrivesAt : .max }

    mutating func popEcho() -> PlaybackMark {
        let mark = echoes[firstEcho].mark
        firstEcho += 1
        if firstEcho == echoes.count {
            echoes.removeAll(keepingCapacity: true)
            firstEcho = 0
        }
        return mark
    }

    mutating func clear(at now: Int64) {
        clears += 1
        dropFrames(at: now)
        for index in firstEcho..<echoes.count where echoes[index].playedAt > now {
            echoes[index].playedAt = now
            echoes[index].arrivesAt = min(echoes[index].arrivesAt, now + echoDelay)
        }
    }

    /// Another stream of the same call: its buffer is empty, and nothing of the old one comes any more.
    mutating func replace(at now: Int64) {
        dropFrames(at: now)
        echoes.removeAll(keepingCapacity: true)
        firstEcho = 0
    }

    private mutating func dropFrames(at now: Int64) {
        settle(at: now)
        if firstFrame < frames.count { add(partOf: frames[firstFrame], at: now) }
        frames.removeAll(keepingCapacity: true)
        firstFrame = 0
        playEnd = now
    }

    /// Playing stops for so long.
    mutating func stall(_ milliseconds: Int64, at now: Int64) {
        settle(at: now)
        guard firstFrame < frames.count else { return }
        stalled += milliseconds
        for index in firstFrame..<frames.count where frames[index].startsAt > now {
            frames[index].startsAt += milliseconds
        }
        playEnd += milliseconds
        for index in firstEcho..<echoes.count where echoes[index].playedAt > now {
            echoes[index].playedAt += milliseconds
            echoes[index].arrivesAt += milliseconds
        }
    }

    private mutating func settle(at now: Int64) {
        while firstFrame < frames.count, frames[firstFrame].startsAt + 20 <= now {
            add(partOf: frames[firstFrame], at: now)
            firstFrame += 1
        }
        if firstFrame == frames.count, firstFrame > 0 {
            frames.removeAll(keepingCapacity: true)
            firstFrame = 0
        }
    }

    private mutating func add(partOf frame: Frame, at now: Int64) {
        while wholeSamples.count <= Int(frame.ordinal) { wholeSamples.append(0) }
        wholeSamples[Int(frame.ordinal)] += Self.played(of: frame, at: now)
    }

    private static func played(of frame: Frame, at now: Int64) -> Int32 {
        min(frame.samples, Int32(max(0, min(20, now - frame.startsAt))) * 8)
    }

    /// Samples of `item` that the caller has truly heard.
    func heard(_ item: PlayoutItem, at now: Int64) -> Int {
        var sum = Int(item.ordinal) < wholeSamples.count ? wholeSamples[Int(item.ordinal)] : 0
        for index in firstFrame..<frames.count where frames[index].ordinal == item.ordinal {
            sum += Self.played(of: frames[index], at: now)
        }
        return Int(sum)
    }

    func isPlaying(at now: Int64) -> Bool { playEnd > now }
}
