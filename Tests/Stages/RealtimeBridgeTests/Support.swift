import AllocationProbe

/// The same numbers on every run (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}

/// Heap allocations that `body` makes on this thread when it runs for the second time; nil where the probe cannot work
/// (sanitizers). The first time the runtime may still be filling its own tables.
func allocations(_ body: () -> Void) -> Int? {
    body()
    allocation_probe_start()
    body()
    let count = allocation_probe_stop()
    return count < 0 ? nil : Int(count)
}

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

/// `members` as an object in an order drawn from `generator`, with white space strewn in.
func object(_ members: [(key: String, value: String)], _ generator: inout SeededGenerator) -> String {
    func space() -> String { [" ", "\n", "\t", "\r\n", "", "", ""].randomElement(using: &generator)! }
    let parts = members.shuffled(using: &generator).map {
        "\(space())\"\($0.key)\"\(space()):\(space())\($0.value)\(space())"
    }
    return "{" + (parts.isEmpty ? space() : parts.joined(separator: ",")) + "}"
}
