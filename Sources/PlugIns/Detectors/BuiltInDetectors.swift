import AudioPipeline
import LibraryVAD
import SileroVAD
import TelephoneVAD
import VAD

extension Stages {
    /// One line for each engine of ours: its room says the rest.
    static var builtInDetectors: [DetectorEntry] {
        ours + others
    }

    private static var ours: [DetectorEntry] {
        [
            DetectorEntry(name: "energy", about: "adaptive energy, 8 kHz, no delay; what calls fall back to") {
                EnergyDetector()
            },
            DetectorEntry(
                name: "telephone", about: "small network of ours, 8 kHz, 20 ms late; tones and noises are not speech"
            ) {
                TelephoneDetector()
            },
            DetectorEntry(
                name: "scripted", about: "decisions from a script, for tests and rehearsals", cost: .inline,
                options: [StageOption("script", "one character a frame, S for speech; silence after its end")]
            ) { options throws(StageFault) in
                let script = try options.require("script", "one character a frame, S for speech,")
                return { AnyDetector.boxing(ScriptedDetector(script)) }
            },
        ]
    }

    /// Other people's, as Debian packages them.
    private static var others: [DetectorEntry] {
        WebRTCDetector.modes.map { mode in
            DetectorEntry(
                name: "webrtc-\(mode)", about: "WebRTC's, 8 kHz, no delay; 3 takes most to be called speech, 0 least"
            ) {
                WebRTCDetector(mode: mode)
            }
        } + [
            DetectorEntry(
                name: "silero", about: "Silero VAD 5 or 6, 32 ms windows, with weights of yours", cost: .inline,
                options: [StageOption("weights", "safetensors file as scripts/silero-weights makes it, absolute path")]
            ) { options throws(StageFault) in
                let weights = try SileroWeights(try options.require("weights", "the path of a safetensors file"))
                return { AnyDetector.boxing(SileroDetector(weights)) }
            },
            DetectorEntry(name: "speex", about: "SpeexDSP's preprocessor, 8 kHz; adapts to steady noise") {
                SpeexDetector()
            },
        ]
    }
}
