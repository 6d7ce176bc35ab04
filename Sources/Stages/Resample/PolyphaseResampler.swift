public import AudioPipeline
import CPolyphase

/// Changes the rate of linear PCM among 8, 16, 24 and 48 kHz on the frame path, by a polyphase FIR filter.
///
/// - Input: 16-bit samples, at most one 20 ms frame per call, any number down to one.
/// - Output: exactly the samples that are due: after n input samples, ceil(n x output rate / input rate) in all. The
///   same samples come out however the input is split, and on every processor: the arithmetic is of integers. Saturates at
///   the ends of 16 bits, never wraps.
/// - Quality: `PolyphaseFilter`. Delay: 1.75 ms where one side is 8 kHz, otherwise 1 ms at most.
/// - Errors: none. Traps when `input` is longer than a frame or `output` has no room for what is due.
@safe public struct PolyphaseResampler: Stage, ~Copyable, @unchecked Sendable {
    // Sendable: the slabs below belong to this value alone, which cannot be copied.

    public let inputRateHz: Int, outputRateHz: Int
    public let latencySamples: Int
    /// Most input samples of one `process`.
    public let maximumInputSamples: Int

    /// A group is the smallest stretch of whole samples on both sides: 1 in, 3 out from 8 to 24 kHz; 2 in, 3 out from
    /// 16 to 24 kHz.
    private let inputStep: Int, outputStep: Int

    /// Input as `inputStep` planes, plane r holding sample r of every group: `history` old groups, then the new ones. Behind
    /// them the results, as `outputStep` planes.
    private let planes: UnsafeMutablePointer<Int16>
    private let planeStride: Int
    private let history: Int
    private let results: UnsafeMutablePointer<Int16>
    private let resultStride: Int
    private let cellCount: Int

    private let pairs: UnsafeMutablePointer<polyphase_pair>
    private let phases: UnsafeMutablePointer<polyphase_phase>

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

        let taps = (0..<filter.outputStep).map { filter.taps(ofPhase: $0) }
        // How many groups before the current one the furthest tap reaches.
        let step = filter.inputStep
        let furthest = taps.joined().map { $0.behind }.max() ?? 0
        history = (furthest + step - 1) / step
        // One group more than a frame holds may be under way; whole steps are computed, and a pair reads one sample more.
        let groups = inputRateHz / 50 / step + 1
        resultStride = (groups + polyphase_step - 1) / polyphase_step * polyphase_step
        planeStride = history + resultStride + 2
        cellCount = planeStride * step + resultStride * outputStep
        unsafe planes = .allocate(capacity: cellCount)
        unsafe planes.initialize(repeating: 0, count: cellCount)
        unsafe results = planes + planeStride * step

        let (history, planeStride) = (history, planeStride)
        let quantized = taps.map { QuantizedPhase($0, history: history, step: step, stride: planeStride) }
        unsafe pairs = .allocate(capacity: quantized.reduce(0) { $0 + $1.pairs.count })
        unsafe phases = .allocate(capacity: quantized.count)
        var first = 0
        for (index, phase) in quantized.enumerated() {
            for (place, pair) in phase.pairs.enumerated() {
                unsafe (pairs + first + place).initialize(to: pair)
            }
            unsafe (phases + index).initialize(
                to: polyphase_phase(pairs: pairs + first, count: Int32(phase.pairs.count), shift: Int32(phase.shift)))
            first += phase.pairs.count
        }
    }

    deinit {
        unsafe planes.deallocate()
        unsafe pairs.deallocate()
        unsafe phases.deallocate()
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
        unsafe planes.update(repeating: 0, count: cellCount)
        filled = 0
        emitted = 0
    }

    /// Outputs of the current group and later ones whose newest input sample is among the first `inputs`.
    private func due(after inputs: Int) -> Int { (inputs * outputStep + inputStep - 1) / inputStep }

    /// Spreads the input over the planes: the rest of the group under way, whole groups, and what begins another.
    private func take(_ input: UnsafeBufferPointer<Int16>) {
        guard let source = input.baseAddress else { return }
        var (index, place) = (0, filled)
        while index < input.count, place % inputStep != 0 {
            unsafe put(source[index], at: place)
            (index, place) = (index + 1, place + 1)
        }
        let whole = (input.count - index) / inputStep
        unsafe polyphase_spread(
            source + index, inputStep, whole, planes + history + place / inputStep, planeStride)
        (index, place) = (index + whole * inputStep, place + whole * inputStep)
        while index < input.count {
            unsafe put(source[index], at: place)
            (index, place) = (index + 1, place + 1)
        }
    }

    /// - Parameter place: counted from the first sample of the group under way.
    private func put(_ sample: Int16, at place: Int) {
        unsafe planes[place % inputStep * planeStride + history + place / inputStep] = sample
    }

    /// Computes outputs `emitted ..< due`, counted from the first of the current group.
    private func give(_ output: UnsafeMutableBufferPointer<Int16>, upTo due: Int) {
        guard let target = output.baseAddress else { return }
        let groups = (due + outputStep - 1) / outputStep
        for phase in 0..<outputStep {
            unsafe polyphase_filter(planes, phases + phase, groups, results + phase * resultStride)
        }
        var index = emitted
        while index < due, index % outputStep != 0 {
            unsafe target[index - emitted] = result(index)
            index += 1
        }
        let whole = (due - index) / outputStep
        unsafe polyphase_gather(
            results + index / outputStep, resultStride, outputStep, whole, target + (index - emitted))
        index += whole * outputStep
        while index < due {
            unsafe target[index - emitted] = result(index)
            index += 1
        }
    }

    private func result(_ index: Int) -> Int16 {
        unsafe results[index % outputStep * resultStride + index / outputStep]
    }
}
