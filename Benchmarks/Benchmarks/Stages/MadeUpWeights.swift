import AudioPipeline
import Foundation

/// Numbers in the shapes of Silero's network for 16 kHz: what one window costs does not depend on them.
enum MadeUpWeights {
    private static let shapes: [(name: String, shape: [Int])] = [
        ("stft_conv.weight", [258, 1, 256]), ("conv1.weight", [128, 129, 3]), ("conv1.bias", [128]),
        ("conv2.weight", [64, 128, 3]), ("conv2.bias", [64]), ("conv3.weight", [64, 64, 3]), ("conv3.bias", [64]),
        ("conv4.weight", [128, 64, 3]), ("conv4.bias", [128]), ("lstm_cell.weight_ih", [512, 128]),
        ("lstm_cell.weight_hh", [512, 128]), ("lstm_cell.bias_ih", [512]), ("lstm_cell.bias_hh", [512]),
        ("final_conv.weight", [1, 128, 1]), ("final_conv.bias", [1]),
    ]

    /// `body` with the option that names a file of them, which goes afterwards.
    static func with<Result>(_ body: (StageOptions) throws -> Result) throws -> Result {
        var body32 = Data(), header: [String] = []
        var state: UInt32 = 256
        for (name, shape) in shapes {
            let start = body32.count
            for _ in 0..<shape.reduce(1, *) {
                state = state &* 1_664_525 &+ 1_013_904_223
                let bits = (Float(state >> 8) / 67_108_864 - 0.125).bitPattern
                withUnsafeBytes(of: bits.littleEndian) { body32.append(contentsOf: $0) }
            }
            header.append(
                "\"\(name)\":{\"dtype\":\"F32\",\"shape\":\(shape),\"data_offsets\":[\(start),\(body32.count)]}")
        }
        let text = Data("{\(header.joined(separator: ","))}".utf8)
        let length = withUnsafeBytes(of: UInt64(text.count).littleEndian) { Data($0) }
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).safetensors")
        try (length + text + body32).write(to: url)
        defer { try? FileManager.default.removeItem(at: url) }
        return try body(StageOptions(["weights": url.path]))
    }
}
