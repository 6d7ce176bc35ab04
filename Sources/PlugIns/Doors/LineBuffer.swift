/// Lines out of bytes that come in pieces. What is longer than an answer may be is cut off, as a line that is none.
struct LineBuffer {
    private var held: [UInt8] = []
    private var start = 0
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    mutating func add(_ bytes: ArraySlice<UInt8>) { held += bytes }

    /// Whole lines, without their ends; empty ones are left out.
    mutating func lines(_ body: (ArraySlice<UInt8>) -> Void) {
        while let end = held[start...].firstIndex(of: 0x0A) {
            var line = held[start..<end]
            if line.last == 0x0D { line.removeLast() }
            if !line.isEmpty { body(line) }
            start = end + 1
        }
        held.removeSubrange(..<start)
        start = 0
        guard held.count > limit else { return }
        body(held[...])
        held.removeAll()
    }

    mutating func clear() {
        held.removeAll()
        start = 0
    }
}
