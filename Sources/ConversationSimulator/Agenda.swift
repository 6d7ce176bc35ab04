import Conversation

/// What the world around the conversation has decided to do later. Small and trivial: it is moved about a lot.
enum Happening {
    /// The caller's next act, if nothing has moved it.
    case act(serial: Int32)
    case voice(VoiceEdge)
    case callerFinished
    case strike(Int32)
    case session(SessionStep, session: Int32)
    /// The next step of a response.
    case response(Int32)
    case responseDone(Int32, ResponseFate)
    case cancelRefused(session: Int32)
    case createRefused(session: Int32)
    case heard(HearingStep, item: Int32, session: Int32)
    case toolFinished(Int32)
    case fallbackQueued
    case carrierNoticed
    case machineEnds
    case errandRefused
}

enum SessionStep: UInt8, BitwiseCopyable {
    case opened, refused, busy, unreachable, updated, wrong, fieldsRefused, expired
}
enum ResponseFate: UInt8, BitwiseCopyable {
    case completed, cancelled, failed, rateLimited, quota, incomplete, turnDetected
}
enum HearingStep: UInt8, BitwiseCopyable { case started, stopped, committed, partial, transcribed, failed }

/// A heap of what is to happen, by time and then by the order in which it was decided.
struct Agenda {
    private struct Entry {
        var at: Int64
        var order: UInt32
        var what: Happening

        @inline(__always)
        func isBefore(_ other: Entry) -> Bool { at != other.at ? at < other.at : order < other.order }
    }

    private var heap: [Entry] = []
    private var orders: UInt32 = 0

    init() { heap.reserveCapacity(64) }

    /// Milliseconds; `Int64.max` when nothing is to come.
    private(set) var nextAt = Int64.max
    var count: Int { heap.count }

    mutating func add(_ what: Happening, at: Int64) {
        orders += 1
        let entry = Entry(at: at, order: orders, what: what)
        var index = heap.count
        heap.append(entry)
        while index > 0 {
            let parent = (index - 1) >> 1
            guard entry.isBefore(heap[parent]) else { break }
            heap[index] = heap[parent]
            index = parent
        }
        heap[index] = entry
        nextAt = heap[0].at
    }

    mutating func pop() -> Happening {
        let first = heap[0].what
        let last = heap.removeLast()
        let count = heap.count
        if count > 0 {
            var index = 0
            while true {
                var child = 2 * index + 1
                guard child < count else { break }
                if child + 1 < count, heap[child + 1].isBefore(heap[child]) { child += 1 }
                guard heap[child].isBefore(last) else { break }
                heap[index] = heap[child]
                index = child
            }
            heap[index] = last
            nextAt = heap[0].at
        } else {
            nextAt = .max
        }
        return first
    }
}
