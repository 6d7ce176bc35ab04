import PlugIns
import Telemetry
import VAD

extension ServiceMetrics {
    /// Of the detectors that tenants name when the service starts; those that an edit brings show in the log alone.
    static func register(_ detectors: PluggedDetectors, in metrics: MetricsRegistry) {
        for detector in detectors.all {
            for event in PlugInCounters.Event.allCases {
                metrics.counter(
                    "media_bridge_plug_in_events_total", help: "What plug-ins did that they should not, and restarts.",
                    labels: [("name", detector.name), ("event", snakeCase(event.rawValue))]
                ) { detector.counters[event] }
            }
            for fault in DetectorFault.allCases where fault != .starting {
                metrics.counter(
                    "media_bridge_detector_fallbacks_total",
                    help: "Times a call went on with the energy detector, by the detector it had and why.",
                    labels: [("name", detector.name), ("cause", fault.rawValue)]
                ) { detector.counters[fault] }
            }
        }
    }

    /// Of the recognisers that tenants name when the service starts.
    static func register(_ recognizers: PluggedRecognizers, in metrics: MetricsRegistry) {
        for recognizer in recognizers.all {
            let name = [("name", recognizer.name)]
            metrics.counter(
                "media_bridge_recognized_utterances_total",
                help: "Utterances of callers that a recogniser made words of.",
                labels: name
            ) { recognizer.counters.utterances }
            metrics.counter(
                "media_bridge_recognizer_lost_frames_total",
                help: "Frames of callers that a recogniser did not hear: it was away, or too slow.", labels: name
            ) { recognizer.counters.lostFrames }
            for event in PlugInCounters.Event.allCases {
                metrics.counter(
                    "media_bridge_recognizer_events_total",
                    help: "What recognisers in calls did that they should not, and restarts.",
                    labels: name + [("event", snakeCase(event.rawValue))]
                ) { recognizer.counters.events[event] }
            }
        }
    }
}
