import Foundation

/// Weights and audio that Tests/ThirdParty/Silero/silero.py makes alike, number by number.
struct MadeUpNumbers {
    private var state: UInt32
    init(seed: UInt32) { state = seed }

    /// -1 ..< 1, of 24 bits: exact in both languages.
    mutating func next() -> Double {
        state = state &* 1_664_525 &+ 1_013_904_223
        return Double(state >> 8) / 8_388_608 - 1
    }
}

enum MadeUp {
    private static let scales = [
        "stft_conv.weight": 0.125, "conv1.weight": 0.125, "conv2.weight": 0.125, "conv3.weight": 0.25,
        "conv4.weight": 0.25, "lstm_cell.weight_ih": 0.5, "lstm_cell.weight_hh": 0.25, "final_conv.weight": 0.5,
    ]

    static func shapes(_ kernel: Int) -> [(name: String, shape: [Int])] {
        let bins = kernel / 2 + 1
        return [
            ("stft_conv.weight", [2 * bins, 1, kernel]), ("conv1.weight", [128, bins, 3]), ("conv1.bias", [128]),
            ("conv2.weight", [64, 128, 3]), ("conv2.bias", [64]), ("conv3.weight", [64, 64, 3]), ("conv3.bias", [64]),
            ("conv4.weight", [128, 64, 3]), ("conv4.bias", [128]), ("lstm_cell.weight_ih", [512, 128]),
            ("lstm_cell.weight_hh", [512, 128]), ("lstm_cell.bias_ih", [512]), ("lstm_cell.bias_hh", [512]),
            ("final_conv.weight", [1, 128, 1]), ("final_conv.bias", [1]),
        ]
    }

    /// A safetensors file of such a network, by bytes.
    static func file(_ kernel: Int, _ change: (inout [(name: String, shape: [Int])]) -> Void = { _ in }) -> Data {
        var numbers = MadeUpNumbers(seed: UInt32(kernel))
        var tensors = shapes(kernel)
        change(&tensors)
        var (header, body) = ([String](), Data())
        for (name, shape) in tensors {
            let scale = scales[name] ?? 0.125
            let start = body.count
            for _ in 0..<shape.reduce(1, *) {
                let bits = Float(numbers.next() * scale).bitPattern
                for shift in [0, 8, 16, 24] { body.append(UInt8(truncatingIfNeeded: bits >> shift)) }
            }
            header.append(
                "\"\(name)\":{\"dtype\":\"F32\",\"shape\":\(shape),\"data_offsets\":[\(start),\(body.count)]}")
        }
        return file(header: "{\"__metadata__\":{\"format\":\"pt\"},\(header.joined(separator: ","))}", body)
    }

    static func file(header: String, _ body: Data) -> Data {
        let length = header.utf8.count
        let data = Data((0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) })
        return data + Data(header.utf8) + body
    }

    static func audio(_ count: Int) -> [Int16] {
        var numbers = MadeUpNumbers(seed: 7)
        let loud = [0, 1, 6, 40, 3, 100, 12, 25]
        return (0..<count).map { n in
            let noise = Int((numbers.next() * 32_768).rounded(.towardZero))
            let buzz = (n * 113 % 16_000 - 8_000) * 2
            let part = n / 4_000 % 8
            return Int16(clamping: down(buzz * loud[part], 100) + down(noise * loud[(part + 3) % 8], 200))
        }
    }

    /// Rounded down, as the other language does.
    private static func down(_ number: Int, _ divisor: Int) -> Int {
        Int((Double(number) / Double(divisor)).rounded(.down))
    }

    /// `body` with the path of a file of such bytes, which goes afterwards.
    static func withFile<Result>(_ data: Data, _ body: (String) throws -> Result) throws -> Result {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).safetensors")
        try data.write(to: url)
        defer { try? FileManager.default.removeItem(at: url) }
        return try body(url.path)
    }
}
