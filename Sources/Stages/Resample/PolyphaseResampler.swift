public import AudioPipeline

/// Changes the rate of linear PCM among 8, 16, 24 and 48 kHz on the frame path, by a polyphase FIR filter.
///
/// - Input: 16-bit samples, at most one 20 ms frame per call, any number down to one.
/// - Output: exactly the samples that are due: after n input samples, ceil(n x output rate / input rate) in all. The
///   same samples come out however the input is split. Saturates at the ends of 16 bits, never wraps.
/// - Quality: `PolyphaseFilter`. Delay: 1.75 ms where one side is 8 kHz, otherwise 1 ms at most.
/// - Errors: none. Traps when `input` is longer than a frame or `output` has no room for what is due.
@safe public struct PolyphaseResampler: Stage, ~Copyable, @unchecked Sendable {
    // Sendable: the slabs below belong to this value alone, which cannot be copied.

    /// Groups computed at a time: four vectors of eight.
    private static let block = 32

    public let inputRateHz: Int, outputRateHz: Int
    public let latencySamples: Int
    /// Most input samples of one `process`.
    public let maximumInputSamples: Int

    /// A group is the smallest stretch of whole samples on both sides: 1 in, 3 out from 8 to 24 kHz; 2 in, 3 out from
    /// 16 to 24 kHz.
    private let inputStep: Int, outputStep: Int

    /// Input as `inputStep` planes, plane r holding sample r of every group: `history` old groups, then the new ones.
    private let planes: UnsafeMutablePointer<Float>
    private let planeStride: Int, planeCount: Int
    private let history: Int

    /// Taps of all output phases one after another: where in `planes` a tap reads for group 0, and its coefficient.
    private let tapOffsets: UnsafeMutablePointer<Int32>
    private let tapCoefficients: UnsafeMutablePointer<Float>
    /// `outputStep + 1` indices into the taps.
    private let phaseStarts: UnsafeMutablePointer<Int>

    /// One block of results, `outputStep` planes of `block`.
    private let results: UnsafeMutablePointer<SIMD8<Float>>

    /// Input samples that the group under way has already, and output samples it has already given.
    private var filled = 0, emitted = 0

    /// - Parameters: 8,000, 16,000, 24,000 or 48,000; different ones.
    public init(inputRateHz: Int, outputRateHz: Int) throws(ResampleError) {
        let filter = try PolyphaseFilter(inputRateHz: inputRateHz, outputRateHz: outputRateHz)
        self.inputRateHz = inputRateHz
        self.outputRateHz = outputRateHz
        latencySamples = filter.latencySamples
        maximumInputSamples = inputRateHz / 50
        inputStep = filter.inputStep
        outputStep = filter.outputStep

        let phases = (0..<filter.outputStep).map { filter.taps(ofPhase: $0) }
        // Floor division: how many groups before the current one the furthest tap reaches.
        let step = filter.inputStep
        let furthest = phases.joined().map { $0.behind }.max() ?? 0
        let history = (furthest + step - 1) / step
        self.history = history
        let groups = inputRateHz / 50 / step + 1
        planeStride = history + (groups + Self.block - 1) / Self.block * Self.block
        planeCount = planeStride * step
        unsafe planes = .allocate(capacity: planeCount)
        unsafe planes.initialize(repeating: 0, count: planeCount)

        let tapCount = phases.joined().count
        unsafe tapOffsets = .allocate(capacity: tapCount)
        unsafe tapCoefficients = .allocate(capacity: tapCount)
        unsafe phaseStarts = .allocate(capacity: phases.count + 1)
        var index = 0
        for (phase, taps) in phases.enumerated() {
            unsafe (phaseStarts + phase).initialize(to: index)
            for tap in taps {
                let ahead = history * step - tap.behind
                let offset = ahead % step * planeStride + ahead / step
                unsafe (tapOffsets + index).initialize(to: Int32(offset))
                unsafe (tapCoefficients + index).initialize(to: tap.coefficient)
                index += 1
            }
        }
        unsafe (phaseStarts + phases.count).initialize(to: index)
        let vectors = Self.block / 8 * phases.count
        unsafe results = .allocate(capacity: vectors)
        unsafe results.initialize(repeating: .zero, count: vectors)
    }

    deinit {
        unsafe planes.deallocate()
        unsafe tapOffsets.deallocate()
        unsafe tapCoefficients.deallocate()
        unsafe phaseStarts.deallocate()
        unsafe results.deallocate()
    }

    /// Output samples that `process` will write for `inputSamples` more.
    public func samplesDue(forInput inputSamples: Int) -> Int { due(after: filled + inputSamples) - emitted }

    public mutating func process(
        _ input: borrowing Span<Int16>, into output: inout MutableSpan<Int16>
    ) -> StageOutcome {
        let count = input.count
        precondition(count <= maximumInputSamples, "input.count: \(count)")
        let total = filled + count
        let due = due(after: total)
        let produced = due - emitted
        precondition(output.count >= produced, "output.count: \(output.count)")
        unsafe input.withUnsafeBufferPointer { unsafe take($0) }
        if produced > 0 {
            unsafe output.withUnsafeMutableBufferPointer { unsafe give($0, upTo: due) }
        }
        // What later groups reach back to, and the group under way, move to the front.
        let done = total / inputStep
        for plane in 0..<inputStep {
            let start = unsafe planes + plane * planeStride
            unsafe start.update(from: start + done, count: history + 1)
        }
        filled = total - done * inputStep
        emitted = due - done * outputStep
        return produced > 0 ? .produced(samples: produced) : .starved
    }

    public mutating func reset() {
        unsafe planes.update(repeating: 0, count: planeCount)
        filled = 0
        emitted = 0
    }

    /// Outputs of the current group and later ones whose newest input sample is among the first `inputs`.
    private func due(after inputs: Int) -> Int { (inputs * outputStep + inputStep - 1) / inputStep }

    /// Spreads the input over the planes.
    private func take(_ input: UnsafeBufferPointer<Int16>) {
        guard let source = input.baseAddress else { return }
        let count = input.count
        if inputStep == 1 {
            let plane = unsafe planes + history
            for i in 0..<count { unsafe plane[i] = Float(source[i]) }
            return
        }
        if filled == 0, inputStep == 3 {
            // Whole groups at once, for 24 to 8 kHz.
            let whole = count / 3
            let a = unsafe planes + history
            let b = unsafe a + planeStride
            let c = unsafe b + planeStride
            var place = unsafe source
            for group in 0..<whole {
                unsafe a[group] = Float(place[0])
                unsafe b[group] = Float(place[1])
                unsafe c[group] = Float(place[2])
                unsafe place += 3
            }
            if whole * 3 == count { return }
        }
        // First the rest of the group under way, then plane by plane.
        for plane in 0..<inputStep {
            var i = plane - filled
            var target = unsafe planes + plane * planeStride + history
            if i < 0 {
                i += inputStep
                unsafe target += 1
            }
            while i < count {
                unsafe target.pointee = Float(source[i])
                unsafe target += 1
                i += inputStep
            }
        }
    }

    /// Computes outputs `emitted ..< due`, counted from the first of the current group.
    private func give(_ output: UnsafeMutableBufferPointer<Int16>, upTo due: Int) {
        guard let target = output.baseAddress else { return }
        let groups = (due + outputStep - 1) / outputStep
        var start = 0
        while start < groups {
            for phase in 0..<outputStep { compute(phase, from: start) }
            let first = max(emitted, start * outputStep)
            let end = min(due, (start + Self.block) * outputStep)
            // A sample is the low half of its float's bits, see `rounded`.
            let words = unsafe UnsafeRawPointer(results).assumingMemoryBound(to: Int16.self)
            if first == start * outputStep, end == (start + Self.block) * outputStep {
                unsafe interleave(words, into: target + (first - emitted))
            } else {
                for index in first..<end {
                    let group = index / outputStep - start
                    unsafe target[index - emitted] = words[(index % outputStep * Self.block + group) * 2]
                }
            }
            start += Self.block
        }
    }

    /// A whole block of results, phase by phase, into samples in turn.
    @inline(__always) private func interleave(_ words: UnsafePointer<Int16>, into target: UnsafeMutablePointer<Int16>) {
        if outputStep == 1 {
            let place = UnsafeMutableRawPointer(target)
            for index in 0..<Self.block / 8 {
                let low = unsafe unsafeBitCast(results[index], to: SIMD16<Int16>.self).evenHalf
                unsafe place.storeBytes(of: low, toByteOffset: index * 16, as: SIMD8<Int16>.self)
            }
        } else if outputStep == 3 {
            let stride = Self.block * 2
            var from = unsafe words
            var place = unsafe target
            for _ in 0..<Self.block {
                unsafe place[0] = from[0]
                unsafe place[1] = from[stride]
                unsafe place[2] = from[2 * stride]
                unsafe place += 3
                unsafe from += 2
            }
        } else {
            for phase in 0..<outputStep {
                let plane = unsafe words + phase * Self.block * 2
                var out = unsafe target + phase
                for group in 0..<Self.block {
                    unsafe out.pointee = plane[group * 2]
                    unsafe out += outputStep
                }
            }
        }
    }

    /// One phase of `block` groups. Every lane adds its taps in the same order, so a sample does not depend on where
    /// its block began.
    @inline(__always) private func compute(_ phase: Int, from group: Int) {
        let base = unsafe UnsafeRawPointer(planes + group)
        var a = SIMD8<Float>.zero, b = SIMD8<Float>.zero, c = SIMD8<Float>.zero, d = SIMD8<Float>.zero
        var tap = unsafe phaseStarts[phase]
        let end = unsafe phaseStarts[phase + 1]
        while tap < end {
            let source = unsafe base + Int(tapOffsets[tap]) &* 4
            let coefficient = unsafe SIMD8<Float>(repeating: tapCoefficients[tap])
            // `a + b * c`: addProduct without an FMA target would call the C library for each lane.
            a = unsafe a + coefficient * source.loadUnaligned(as: SIMD8<Float>.self)
            b = unsafe b + coefficient * source.loadUnaligned(fromByteOffset: 32, as: SIMD8<Float>.self)
            c = unsafe c + coefficient * source.loadUnaligned(fromByteOffset: 64, as: SIMD8<Float>.self)
            d = unsafe d + coefficient * source.loadUnaligned(fromByteOffset: 96, as: SIMD8<Float>.self)
            tap &+= 1
        }
        let target = unsafe results + phase * (Self.block / 8)
        unsafe target[0] = Self.rounded(a)
        unsafe target[1] = Self.rounded(b)
        unsafe target[2] = Self.rounded(c)
        unsafe target[3] = Self.rounded(d)
    }

    /// Saturates to 16 bits and adds 1.5 x 2^23, where a float's step is one: the addition rounds, and the low 16 bits
    /// of the result are the sample.
    @inline(__always) private static func rounded(_ x: SIMD8<Float>) -> SIMD8<Float> {
        let high = SIMD8<Float>(repeating: 32_767), low = SIMD8<Float>(repeating: -32_768)
        let below = x.replacing(with: high, where: x .> high)
        return below.replacing(with: low, where: below .< low) + SIMD8<Float>(repeating: 12_582_912)
    }
}
