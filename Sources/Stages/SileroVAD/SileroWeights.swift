public import AudioPipeline
import CSileroVAD

/// The network of Silero VAD, version 5 or 6, as read from a user's file; shared by all detectors made of it. Never changes.
@safe public final class SileroWeights: @unchecked Sendable {  // Written in `init` only.
    /// 8,000 or 16,000: by the size of the file's filters.
    public let sampleRateHz: Int
    private let numbers: UnsafeMutableBufferPointer<Float>
    private let parts: silero_network
    private let kernel: Int

    /// Samples of a window: 32 ms.
    public var windowSamples: Int { kernel * 2 }

    /// - Parameter path: safetensors, with the names of Silero's own `silero_vad_16k.safetensors`.
    /// - Throws: a file that is none, tensors that are missing, too many, or of another shape or type.
    public init(_ path: String) throws(StageFault) {
        let file = try SafetensorsFile(path)
        guard let filters = file.shape("stft_conv.weight") else {
            throw StageFault(
                "weights \(path): no tensor `stft_conv.weight`; the safetensors file of Silero VAD 5 or 6 was expected")
        }
        guard let kernel = filters.last, [128, 256].contains(kernel), filters == [kernel + 2, 1, kernel] else {
            throw StageFault(
                "weights \(path): `stft_conv.weight` has the shape \(filters); [258, 1, 256] or [130, 1, 128] was expected"
            )
        }
        let bins = kernel / 2 + 1
        var packed: [Float] = []
        func matrix(_ name: String, _ rows: Int, from channels: Int) throws(StageFault) -> Int {
            Self.append(
                try file.tensor(name, [rows, channels, 3]), rows: rows, channels: channels, taps: 3, to: &packed)
        }
        func bias(_ name: String, _ count: Int) throws(StageFault) -> Int {
            let place = packed.count
            packed += try file.tensor(name, [count])
            return place
        }
        let filtersAt = Self.append(
            try file.tensor("stft_conv.weight", filters), rows: kernel + 2, channels: kernel, taps: 1, to: &packed)
        let convolutions = try [
            (matrix("conv1.weight", 128, from: bins), bias("conv1.bias", 128)),
            (matrix("conv2.weight", 64, from: 128), bias("conv2.bias", 64)),
            (matrix("conv3.weight", 64, from: 64), bias("conv3.bias", 64)),
            (matrix("conv4.weight", 128, from: 64), bias("conv4.bias", 128)),
        ]
        // One product for both: what is encoded, and what is remembered.
        let (inputs, states) = (
            try file.tensor("lstm_cell.weight_ih", [512, 128]), try file.tensor("lstm_cell.weight_hh", [512, 128])
        )
        var both: [Float] = []
        for start in stride(from: 0, to: 512 * 128, by: 128) {
            both += inputs[start..<start + 128]
            both += states[start..<start + 128]
        }
        let gatesAt = Self.append(both, rows: 512, channels: 256, taps: 1, to: &packed)
        let gateBiasAt = packed.count
        let gateBiases = (
            try file.tensor("lstm_cell.bias_ih", [512]), try file.tensor("lstm_cell.bias_hh", [512])
        )
        packed += zip(gateBiases.0, gateBiases.1).map { $0 + $1 }
        let finalAt = packed.count
        packed += try file.tensor("final_conv.weight", [1, 128, 1])
        let finalBias = try file.tensor("final_conv.bias", [1])[0]
        let extra = file.names.subtracting(Self.names)
        guard extra.isEmpty else {
            throw StageFault("weights \(path): does not know what to do with `\(extra.sorted()[0])`: another network")
        }

        let numbers = UnsafeMutableBufferPointer<Float>.allocate(capacity: packed.count)
        _ = unsafe numbers.initialize(from: packed)
        unsafe self.numbers = numbers
        sampleRateHz = kernel == 256 ? 16_000 : 8_000
        func at(_ place: Int) -> UnsafePointer<Float> { unsafe UnsafePointer(numbers.baseAddress! + place) }
        self.kernel = kernel
        unsafe parts = silero_network(
            kernel: Int32(kernel), filters: at(filtersAt), conv1: at(convolutions[0].0), bias1: at(convolutions[0].1),
            conv2: at(convolutions[1].0), bias2: at(convolutions[1].1), conv3: at(convolutions[2].0),
            bias3: at(convolutions[2].1), conv4: at(convolutions[3].0), bias4: at(convolutions[3].1),
            gates: at(gatesAt),
            gate_bias: at(gateBiasAt), final_row: at(finalAt), final_bias: finalBias)
    }

    deinit { unsafe numbers.deallocate() }

    /// - Parameter window: `windowSamples` of them.
    func hear(_ window: borrowing Span<Int16>, _ memory: inout silero_memory, baseline: Bool = false) -> Float {
        unsafe window.withUnsafeBufferPointer { samples in
            unsafe withUnsafePointer(to: parts) { parts in
                baseline
                    ? unsafe silero_hear_baseline(parts, &memory, samples.baseAddress!)
                    : unsafe silero_hear(parts, &memory, samples.baseAddress!)
            }
        }
    }

    private static let names: Set<String> = [
        "stft_conv.weight", "conv1.weight", "conv1.bias", "conv2.weight", "conv2.bias", "conv3.weight", "conv3.bias",
        "conv4.weight", "conv4.bias", "lstm_cell.weight_ih", "lstm_cell.weight_hh", "lstm_cell.bias_ih",
        "lstm_cell.bias_hh", "final_conv.weight", "final_conv.bias",
    ]

    /// A tensor [rows][channels][taps] as blocks of sixteen rows: for each tap and channel, one number of each row.
    /// - Returns: where it begins.
    private static func append(
        _ tensor: [Float], rows: Int, channels: Int, taps: Int, to packed: inout [Float]
    ) -> Int {
        let place = packed.count
        packed.reserveCapacity(place + (rows + 15) / 16 * 16 * channels * taps)
        for block in stride(from: 0, to: rows, by: 16) {
            for tap in 0..<taps {
                for channel in 0..<channels {
                    for row in block..<block + 16 {
                        packed.append(row < rows ? tensor[(row * channels + channel) * taps + tap] : 0)
                    }
                }
            }
        }
        return place
    }
}
