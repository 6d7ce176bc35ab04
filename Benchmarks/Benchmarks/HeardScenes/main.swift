// Lets detectors hear scenes that Training/TelephoneVAD/evaluate.py wrote, and writes what each made of every frame, for
// that program to count: `swift run --package-path Benchmarks -c release HeardScenes FOLDER [DETECTOR...]`. Without names:
// every built-in one that needs no option and judges telephone frames. One that needs an option is given it, and a name of its
// own, and is heard beside those: `silero-8=silero:weights=FILE`.
//
// NAME.pcm: 16-bit samples at 8 kHz. NAME.DETECTOR.heard: three floats a frame: probability, decision, and whether the
// segmenter holds it for sustained speech.
import AudioPipeline
import Foundation
import PlugIns
import VAD

guard CommandLine.arguments.count >= 2 else {
    FileHandle.standardError.write(Data("usage: HeardScenes FOLDER [DETECTOR...]\n".utf8))
    exit(2)
}
let folder = URL(fileURLWithPath: CommandLine.arguments[1])
let wanted = CommandLine.arguments.dropFirst(2).filter { !$0.contains("=") }
var detectors = Stages.detectors.entries.compactMap { entry -> (name: String, make: DetectorEntry.Factory)? in
    guard wanted.isEmpty || wanted.contains(entry.name), let make = try? entry.prepare() else { return nil }
    return make().window == .telephoneFrame ? (entry.name, make) : nil
}
for argument in CommandLine.arguments.dropFirst(2) where argument.contains("=") {
    let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
    let engine = (parts.last ?? "").split(separator: ":", maxSplits: 1).map(String.init)
    let option = (engine.last ?? "").split(separator: "=", maxSplits: 1).map(String.init)
    guard parts.count == 2, engine.count == 2, option.count == 2, let entry = Stages.detectors[engine[0]] else {
        FileHandle.standardError.write(Data("HeardScenes: \(argument): NAME=ENGINE:OPTION=VALUE was expected\n".utf8))
        exit(2)
    }
    let make = try entry.prepare(StageOptions([option[0]: option[1]]))
    detectors.append((parts[0], { AnyDetector.boxing(FrameDetector(make())) }))
}
let scenes = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".pcm") }.sorted()
for name in scenes {
    let samples = try Data(contentsOf: folder.appendingPathComponent(name)).withUnsafeBytes {
        Array($0.bindMemory(to: Int16.self))
    }
    for (detectorName, make) in detectors {
        let detector = make()
        var segmenter = SpeechSegmenter()
        var heard: [Float] = []
        for start in stride(from: 0, through: samples.count - 160, by: 160) {
            let activity = detector.analyze(samples.span.extracting(start..<start + 160))
            _ = segmenter.advance(isSpeech: activity.isSpeech)
            heard += [activity.probability, activity.isSpeech ? 1 : 0, segmenter.isSustained ? 1 : 0]
        }
        let output = folder.appendingPathComponent("\(name.dropLast(4)).\(detectorName).heard")
        try heard.withUnsafeBytes { Data($0) }.write(to: output)
    }
}
print("HeardScenes: \(scenes.count) scenes, \(detectors.map(\.name).joined(separator: ", "))")
