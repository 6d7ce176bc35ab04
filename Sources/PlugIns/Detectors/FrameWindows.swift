import AudioPipeline
import Resample
import VAD

/// Frames of 20 ms at 8 kHz, made into the windows that a detector wants. One thread; allocates in `init` only.
struct FrameWindows: ~Copyable {
    static let frameSamples = 160
    let window: DetectorWindow
    private var resampler: PolyphaseResampler?
    /// One frame at the window's rate, 48 kHz at most.
    private var raised = InlineArray<960, Int16>(repeating: 0)
    /// What has not filled a window yet, and room for one frame more.
    private var pending: [Int16]
    private var count = 0

    init(_ window: DetectorWindow) {
        self.window = window
        // A window has one of the resampler's rates, by its initialiser.
        resampler =
            window.sampleRateHz == 8_000
            ? nil : try! PolyphaseResampler(inputRateHz: 8_000, outputRateHz: window.sampleRateHz)
        pending = Array(repeating: 0, count: window.samples + window.sampleRateHz / 50)
    }

    /// What waits for the rest of its window, in microseconds.
    var waitingMicroseconds: Int { count * 1_000_000 / window.sampleRateHz }

    /// One frame; `judge` is given each window that it completes, in order.
    mutating func add(_ frame: borrowing Span<Int16>, _ judge: (borrowing Span<Int16>) -> Void) {
        precondition(frame.count == Self.frameSamples, "frame.count: \(frame.count)")
        if resampler == nil {
            if count == 0, window.samples == Self.frameSamples { return judge(frame) }
            append(frame)
        } else {
            var target = raised.mutableSpan
            guard case .produced(let samples)? = resampler?.process(frame, into: &target) else { return }
            for index in 0..<samples { pending[count + index] = raised[index] }
            count += samples
        }
        var taken = 0
        while count - taken >= window.samples {
            judge(pending.span.extracting(taken..<taken + window.samples))
            taken += window.samples
        }
        guard taken > 0 else { return }
        for index in taken..<count { pending[index - taken] = pending[index] }
        count -= taken
    }

    /// Forgets what waits, and the resampler's past.
    mutating func reset() {
        count = 0
        resampler?.reset()
    }

    private mutating func append(_ samples: borrowing Span<Int16>) {
        for index in samples.indices { pending[count + index] = samples[index] }
        count += samples.count
    }
}
