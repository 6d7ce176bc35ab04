import AudioPipeline

extension LoadRun {
    /// Later than this at p99, or at worst, and the generator's own lateness is in the figures.
    private static let latenessP99Nanoseconds: UInt64 = 2_000_000
    private static let latenessMaximumNanoseconds: UInt64 = 20_000_000

    func report(process: LoadReport.Process?) -> LoadReport {
        let lateness = figures.lateness.snapshot()
        let click = figures.click.snapshot()
        let up = upCount
        var void: [String] = []
        if lateness.percentile(0.99) > Self.latenessP99Nanoseconds {
            void.append("the generator was late: p99 \(lateness.percentile(0.99) / 1_000) us, at most 2,000 us")
        }
        if lateness.maximumNanoseconds > Self.latenessMaximumNanoseconds {
            void.append("the generator was late: once \(lateness.maximumNanoseconds / 1_000) us, at most 20,000 us")
        }
        if figures.framesHeard == 0 { void.append("callers heard nothing") }
        if figures.framesAtModel == 0 { void.append("the model heard nothing") }
        return LoadReport(
            calls: options.calls, up: up, refused: figures.refused, broken: figures.broken,
            extra: options.extraCallsPerSecond > 0 ? figures.extra : nil, seconds: options.seconds,
            deltaMilliseconds: options.deltaMilliseconds, gap: .init(figures.gap.snapshot()),
            gapDeviation: .init(figures.gapDeviation.snapshot()), click: click.count > 0 ? .init(click) : nil,
            clicksSent: figures.clicksSent, clicksHeard: figures.clicksHeard, setUp: .init(figures.setUp.snapshot()),
            firstAudio: .init(figures.firstAudio.snapshot()), framesSent: figures.framesSent,
            framesAtModel: figures.framesAtModel, framesSaid: figures.framesSaid, framesHeard: figures.framesHeard,
            lateness: .init(lateness), generatorCores: figures.generatorCores, void: void, process: process)
    }

    static func process(
        _ before: BridgeProcess.Reading, _ first: BridgeProcess.Reading, _ last: BridgeProcess.Reading, _ run: LoadRun
    ) -> LoadReport.Process {
        let seconds = Double(last.at - first.at) / 1e9
        let processor = last.processorNanoseconds - first.processorNanoseconds
        // A call-frame is a call's 20 ms, whichever way they went.
        let callFrames = Double(run.allUpCount) * seconds * 50
        let each = callFrames > 0 ? processor / callFrames / 1_000 : 0
        return LoadReport.Process(
            cores: processor / (seconds * 1e9), microsecondsPerCallFrame: each,
            callsPerCore: each > 0 ? 20_000 / each : 0, residentBytes: last.residentBytes,
            residentBytesBefore: before.residentBytes,
            voluntarySwitchesPerSecond: Double(last.voluntarySwitches - first.voluntarySwitches) / seconds,
            involuntarySwitchesPerSecond: Double(last.involuntarySwitches - first.involuntarySwitches) / seconds,
            minorFaultsPerSecond: Double(last.minorFaults - first.minorFaults) / seconds)
    }
}
