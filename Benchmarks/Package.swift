// swift-tools-version: 6.2
import PackageDescription

// `swift package --package-path Benchmarks benchmark --target Stages` runs them, `--filter NAME` some; `Benchmarks/stages` looks at all. Nanoseconds a call, on this machine.
// Times only: without hardware counters the tool's instruction and malloc counts read nothing. Allocations are proved by
// the tests' probe. The root is named, not found by its folder, since a clone may have any name.
let package = Package(
    name: "Benchmarks",
    dependencies: [
        .package(name: "media-bridge", path: ".."),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/ordo-one/benchmark", exact: "1.38.1", traits: []),
    ],
    targets: [
        // The usual way of doing the same in C: needs libsamplerate0-dev, as the package does.
        .target(
            name: "Peers", path: "Benchmarks/Peers",
            linkerSettings: [.linkedLibrary("samplerate")]),
        .executableTarget(
            name: "Stages",
            dependencies: [
                "Peers",
                .product(name: "Benchmark", package: "benchmark"),
                .product(name: "AudioPipeline", package: "media-bridge"),
                .product(name: "MulawCodec", package: "media-bridge"),
                .product(name: "Resample", package: "media-bridge"),
                .product(name: "VAD", package: "media-bridge"),
                .product(name: "TelephoneVAD", package: "media-bridge"),
                .product(name: "PlugIns", package: "media-bridge"),
                .product(name: "RealtimeBridge", package: "media-bridge"),
                .product(name: "Transport", package: "media-bridge"),
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Benchmarks/Stages",
            swiftSettings: [.swiftLanguageMode(.v6)],
            plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]),
        // `swift run --package-path Benchmarks -c release Interruptions [--seed N] [--json]`: no times of this machine, but
        // of the conversation, in virtual time.
        .executableTarget(
            name: "Interruptions",
            dependencies: [.product(name: "LabelledCalls", package: "media-bridge")],
            path: "Benchmarks/Interruptions",
            swiftSettings: [.swiftLanguageMode(.v6)]),
        // `swift run --package-path Benchmarks -c release Prompts [--seed N]`: how often a call finds its prompt built.
        .executableTarget(
            name: "Prompts",
            dependencies: [
                .product(name: "LabelledCalls", package: "media-bridge"),
                .product(name: "RealtimeBridge", package: "media-bridge"),
            ],
            path: "Benchmarks/Prompts",
            swiftSettings: [.swiftLanguageMode(.v6)]),
        // `swift run --package-path Benchmarks -c release HeardScenes FOLDER`: what detectors make of scenes that
        // Training/TelephoneVAD wrote.
        .executableTarget(
            name: "HeardScenes",
            dependencies: [
                .product(name: "PlugIns", package: "media-bridge"),
                .product(name: "VAD", package: "media-bridge"),
            ],
            path: "Benchmarks/HeardScenes",
            swiftSettings: [.swiftLanguageMode(.v6)]),
        .target(name: "CallgrindMarks", path: "Benchmarks/CallgrindMarks"),
        // `Benchmarks/diagnostics-share` and `scripts/count-instructions`: instructions, by callgrind. The two paths are the service's own files, by link.
        .executableTarget(
            name: "FramePath",
            dependencies: [
                "CallgrindMarks",
                .product(name: "AllocationProbe", package: "media-bridge"),
                .product(name: "AudioPipeline", package: "media-bridge"),
                .product(name: "MulawCodec", package: "media-bridge"),
                .product(name: "Resample", package: "media-bridge"),
                .product(name: "VAD", package: "media-bridge"),
                .product(name: "TelephoneVAD", package: "media-bridge"),
                .product(name: "RealtimeBridge", package: "media-bridge"),
                .product(name: "Telemetry", package: "media-bridge"),
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Benchmarks/FramePath",
            swiftSettings: [.swiftLanguageMode(.v6)]),
    ]
)
