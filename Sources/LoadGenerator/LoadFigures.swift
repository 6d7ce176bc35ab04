import AudioPipeline

/// What a run counts and times. One thread; nothing is recorded outside the measured seconds but what set-up took.
struct LoadFigures {
    let gap = LatencyHistogram(), gapDeviation = LatencyHistogram(), click = LatencyHistogram()
    let lateness = LatencyHistogram(), setUp = LatencyHistogram(), firstAudio = LatencyHistogram()
    var clicksSent = 0, clicksHeard = 0
    var framesSent = 0, framesAtModel = 0, framesSaid = 0, framesHeard = 0
    var refused = 0, broken = 0
    var extra = LoadReport.Extra()
    var generatorCores = 0.0
    var isMeasuring = false
}
