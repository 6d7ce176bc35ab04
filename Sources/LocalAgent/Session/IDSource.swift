/// Makes ids like the service's: a prefix and sixteen letters or digits, unpredictable only as far as its seed is.
struct IDSource {
    private var state: UInt64
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")

    init(seed: UInt64) { state = seed }

    mutating func next(_ prefix: String) -> String {
        var id = prefix
        for _ in 0..<16 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
            id.append(Self.alphabet[Int((mixed ^ mixed >> 31) % UInt64(Self.alphabet.count))])
        }
        return id
    }
}
