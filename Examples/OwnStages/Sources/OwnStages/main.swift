import AudioPipeline
import MediaBridgeCLI
import PlugIns
import SpeechToText
import VAD

Stages.detectors.add(DetectorEntry(name: "zero-crossings", about: "loud, and not hiss") { ZeroCrossings() })
Stages.recognizers.add(RecognizerEntry(utterances: "stopwatch", about: "how long each utterance was") { Stopwatch() })
await MediaBridgeCommand.launch()
