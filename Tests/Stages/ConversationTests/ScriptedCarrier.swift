import Conversation

/// A carrier that plays what it gets in order and in time, echoes marks once played, and all of them on `clear`.
struct ScriptedCarrier {
    private enum Entry {
        case audio(PlayoutItem, own: Int, padded: Int)
        case mark(PlaybackMark)
    }

    var isUp = true
    var echoesMarks = true
    /// Milliseconds an echo takes to come back.
    var echoDelay: Int64 = 60
    /// Loses every n-th mark; 0: none.
    var losesEvery = 0
    private var buffer: [Entry] = []
    private var echoes: [(at: Int64, mark: PlaybackMark)] = []
    private var marks = 0
    private var stalledTicks = 0
    /// Truth: samples of each item that were played.
    private(set) var heard: [PlayoutItem: Int] = [:]
    private(set) var wasCleared = 0

    private(set) var bufferedSamples = 0
    var isEmpty: Bool { bufferedSamples == 0 }
    /// Nothing to play, nothing to echo.
    var isQuiet: Bool { buffer.isEmpty && echoes.isEmpty }

    mutating func receive(_ item: PlayoutItem, samples: Int, padded: Int) {
        buffer.append(.audio(item, own: samples, padded: padded))
        bufferedSamples += padded
    }

    mutating func receive(_ mark: PlaybackMark) {
        marks += 1
        if losesEvery > 0, marks % losesEvery == 0 { return }
        buffer.append(.mark(mark))
    }

    mutating func clear(at now: Int64) {
        wasCleared += 1
        for case .mark(let mark) in buffer { echo(mark, at: now) }
        buffer.removeAll()
        bufferedSamples = 0
    }

    private mutating func echo(_ mark: PlaybackMark, at now: Int64) {
        if echoesMarks { echoes.append((now + echoDelay, mark)) }
    }

    /// It will play nothing for so many ticks.
    mutating func stall(ticks: Int) { stalledTicks += ticks }

    /// One tick: 160 samples. Returns the marks that arrive back by now.
    mutating func play(at now: Int64) -> [PlaybackMark] {
        var left = stalledTicks > 0 ? 0 : 1
        stalledTicks = max(0, stalledTicks - 1)
        while let first = buffer.first {
            if case .audio(let item, let own, let padded) = first {
                guard left > 0 else { break }
                heard[item, default: 0] += own
                bufferedSamples -= padded
                left -= 1
            } else if case .mark(let mark) = first {
                echo(mark, at: now)
            }
            buffer.removeFirst()
        }
        let due = echoes.filter { $0.at <= now }.map(\.mark)
        echoes.removeAll { $0.at <= now }
        return due
    }
}
