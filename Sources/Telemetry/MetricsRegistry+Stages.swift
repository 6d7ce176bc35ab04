public import AudioPipeline

extension MetricsRegistry {
    /// The frames of a stage by outcome, and its time per frame.
    public func stage(_ counters: StageCounters) {
        for (outcome, counter) in [
            ("produced", counters.produced), ("starved", counters.starved), ("dropped", counters.dropped),
        ] {
            self.counter(
                "media_bridge_stage_frames_total", help: "Frames given to a stage, by what became of them.",
                labels: [("stage", counters.name), ("outcome", outcome)], counter)
        }
        histogram(
            "media_bridge_stage_seconds", help: "Time a stage took over one frame.", labels: [("stage", counters.name)],
            bounds: Self.stageBounds, counters.time)
    }

    /// 50 ns to 10 ms.
    public static let stageBounds: [Double] = [
        5e-8, 1e-7, 2.5e-7, 5e-7, 1e-6, 2.5e-6, 5e-6, 1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 1e-3, 1e-2,
    ]
}
