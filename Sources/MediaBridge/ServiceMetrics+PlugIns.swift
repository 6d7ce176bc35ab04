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
}
