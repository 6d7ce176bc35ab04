// swift-tools-version: 6.2
import PackageDescription

// Every target of ours: Swift 6 mode, strict memory safety, warnings as errors, and imports that are
// private unless a public signature needs them.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

// The rooms of the frame path. Debug builds, and so all tests, check at run time that no two accesses to an object overlap,
// 95 times a call and frame; release builds of these rooms do not (docs/decisions/0014).
let framePath: [SwiftSetting] =
    strict + [.unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release))]

func room(
    _ name: String, path: String? = nil, exclude: [String] = [], uses dependencies: [Target.Dependency] = [],
    settings: [SwiftSetting] = strict
) -> Target {
    .target(
        name: name, dependencies: dependencies, path: path ?? "Sources/\(name)", exclude: exclude,
        swiftSettings: settings)
}

func stage(_ name: String, exclude: [String] = [], uses dependencies: [Target.Dependency] = []) -> Target {
    room(name, path: "Sources/Stages/\(name)", exclude: exclude, uses: ["AudioPipeline"] + dependencies)
}

func library(_ name: String, pkgConfig: String? = nil, package: String) -> Target {
    .systemLibrary(
        name: name, path: "Sources/CLibraries/\(name)", pkgConfig: pkgConfig, providers: [.apt([package])])
}

func tests(
    _ name: String, path: String? = nil, resources: [Resource] = [], uses dependencies: [Target.Dependency]
) -> Target {
    .testTarget(
        name: name, dependencies: dependencies, path: path ?? "Tests/\(name)", resources: resources,
        swiftSettings: strict)
}

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let signals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

let package = Package(
    name: "media-bridge",
    products: [
        .executable(name: "media-bridge", targets: ["MediaBridgeMain"]),
        .executable(name: "transport-echo", targets: ["TransportEcho"]),
        .library(name: "AudioPipeline", targets: ["AudioPipeline"]),
        .library(name: "MulawCodec", targets: ["MulawCodec"]),
        .library(name: "Resample", targets: ["Resample"]),
        .library(name: "OpusCodec", targets: ["OpusCodec"]),
        .library(name: "VAD", targets: ["VAD"]),
        .library(name: "TelephoneVAD", targets: ["TelephoneVAD"]),
        .library(name: "SileroVAD", targets: ["SileroVAD"]),
        .library(name: "SpeechToText", targets: ["SpeechToText"]),
        .library(name: "Recording", targets: ["Recording"]),
        .library(name: "RealtimeBridge", targets: ["RealtimeBridge", "Conversation"]),
        .library(name: "ConversationSimulator", targets: ["ConversationSimulator"]),
        .library(name: "Telemetry", targets: ["Telemetry"]),
        .library(name: "Transport", targets: ["Transport"]),
        .library(name: "TurnStore", targets: ["TurnStore", "Conversation"]),
        .library(name: "LabelledCalls", targets: ["LabelledCalls"]),
        .library(name: "MediaBridge", targets: ["MediaBridge"]),
        // For a program with stages of its own: `Stages`, and the command to run then.
        .library(name: "PlugIns", targets: ["PlugIns", "Configuration"]),
        .library(name: "MediaBridgeCLI", targets: ["MediaBridgeCLI"]),
        .library(name: "AllocationProbe", targets: ["AllocationProbe"]),
        // The same checks as `media-bridge check-stage`, for tests of such stages.
        .library(name: "StageConformance", targets: ["StageConformance"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
    ],
    targets: [
        // C libraries: one module map each, with a shim where a header has macros or variadics.
        library("CLibev", package: "libev-dev"),
        library("CHTTPParser", package: "libhttp-parser-dev"),
        library("COpenSSL", pkgConfig: "openssl", package: "libssl-dev"),
        library("CSampleRate", pkgConfig: "samplerate", package: "libsamplerate0-dev"),
        library("COpus", pkgConfig: "opus", package: "libopus-dev"),
        library("COpusEnc", pkgConfig: "libopusenc", package: "libopusenc-dev"),
        library("COpusFile", pkgConfig: "opusfile", package: "libopusfile-dev"),
        library("CPocketsphinx", pkgConfig: "pocketsphinx", package: "libpocketsphinx-dev"),
        library("CFlite", package: "flite1-dev"),
        library("CWebRTCVAD", package: "libwebrtc-audio-processing-dev"),
        library("CSpeexDSP", pkgConfig: "speexdsp", package: "libspeexdsp-dev"),
        .systemLibrary(name: "CLinux", path: "Sources/CLibraries/CLinux"),
        // What a plug-in in C includes: ours, and nothing but a header.
        .systemLibrary(name: "CMediaBridgeStage", path: "Sources/CLibraries/CMediaBridgeStage"),
        // C of our own: base64 for processors with AVX2.
        .target(name: "CBase64", path: "Sources/CLibraries/CBase64"),
        // WebSocket payloads, masked and checked for ASCII.
        .target(name: "CFramePayload", path: "Sources/CLibraries/CFramePayload"),
        // G.711.
        .target(name: "CG711", path: "Sources/CLibraries/CG711"),
        // The inner loops of the resampler.
        .target(name: "CPolyphase", path: "Sources/CLibraries/CPolyphase"),
        // And what is measured of a frame: its levels, its spectrum.
        .target(
            name: "CFrameMeasures", path: "Sources/CLibraries/CFrameMeasures",
            exclude: ["BandPowers.inc", "FrameSums.inc", "LagScores.inc"]),
        // Counts a thread's mallocs when asked: tests, and the check of plugged-in stages.
        .target(name: "AllocationProbe", path: "Sources/CLibraries/AllocationProbe"),
        // A network that hears speech on telephone lines.
        .target(name: "CTelephoneVAD", path: "Sources/CLibraries/CTelephoneVAD", exclude: ["Network.inc"]),

        // Another's network, with its users' weights.
        .target(name: "CSileroVAD", path: "Sources/CLibraries/CSileroVAD", exclude: ["Network.inc"]),

        // Foundations: know nothing of each other, except that Telemetry reads AudioPipeline's counters.
        room("AudioPipeline"),
        room("Conversation", path: "Sources/Stages/RealtimeBridge/Conversation"),
        room(
            "Transport", uses: ["CLibev", "CHTTPParser", "COpenSSL", "CLinux", "CFramePayload"], settings: framePath),
        room("Telemetry", uses: ["AudioPipeline", logging]),

        // Stages: each imports the pipeline, the shared vocabulary and the library it wraps, never a sibling.
        stage("MulawCodec", uses: ["CG711"]),
        stage("Resample", uses: ["CPolyphase", "CSampleRate"]),
        stage("OpusCodec", uses: ["COpus", "COpusEnc", "COpusFile"]),
        stage("VAD", uses: ["CFrameMeasures"]),
        stage("TelephoneVAD", uses: ["VAD", "CTelephoneVAD"]),
        stage("SileroVAD", uses: ["VAD", "CSileroVAD"]),
        stage("LibraryVAD", uses: ["VAD", "CWebRTCVAD", "CSpeexDSP"]),
        stage("SpeechToText", uses: ["CPocketsphinx"]),
        stage("Recording"),
        stage("RealtimeBridge", exclude: ["Conversation"], uses: ["Conversation", "CBase64"]),
        room("ConversationSimulator", uses: ["AudioPipeline", "Conversation", "RealtimeBridge"]),
        stage("TurnStore", uses: ["Conversation", grdb]),

        // What can be plugged in for a role, by name: the one room below the service that knows several stages.
        room(
            "PlugIns",
            uses: [
                "LibraryVAD", "AudioPipeline", "Configuration", "MulawCodec", "Resample", "SileroVAD", "SpeechToText",
                "TelephoneVAD", "Transport",
                "VAD",
                "CLinux",
                "CMediaBridgeStage", "COpenSSL",
            ]),

        // The service around them.
        room("Configuration", uses: ["Conversation", "CLinux", yams]),
        room(
            "CallControl", uses: ["Configuration", "Conversation", "TurnStore", "Transport", "COpenSSL"]),
        room(
            "LocalAgent",
            uses: [
                "AudioPipeline", "MulawCodec", "Resample", "VAD", "SpeechToText", "Transport", "CFlite",
            ]),
        room(
            "CarrierPhone",
            uses: ["AudioPipeline", "MulawCodec", "Recording", "Transport", "COpenSSL"]),
        // The far ends of many calls at once, for measuring: light, and in a process of its own.
        room(
            "LoadGenerator",
            uses: ["AudioPipeline", "CarrierPhone", "MulawCodec", "Transport", "CLinux", "COpenSSL"]),
        room("CallExport", uses: ["Recording", "TurnStore"]),
        room("CallJournal", uses: ["AudioPipeline", "Conversation", "MulawCodec", "VAD", "COpenSSL"]),
        // Labelled calls through the real ears and the real conversation, in virtual time: tests and benchmarks.
        room("LabelledCalls", uses: ["AudioPipeline", "Conversation", "MulawCodec", "RealtimeBridge", "VAD"]),
        room(
            "MediaBridge",
            uses: [
                "AudioPipeline", "CallControl", "CallJournal", "Configuration", "Conversation", "LocalAgent",
                "MulawCodec",
                "OpusCodec", "PlugIns", "RealtimeBridge", "Recording", "Resample", "SpeechToText", "Telemetry",
                "Transport",
                "TurnStore", "VAD", logging,
            ], settings: framePath),
        // Plots and tables on a page of HTML.
        room("FigurePage"),
        // What this host carries: reports, the search for it, and their page.
        room(
            "HostBench",
            uses: ["AudioPipeline", "Configuration", "FigurePage", "LoadGenerator", "CLinux", "COpenSSL"]),
        // Whether a stage keeps to its role's contract, what it costs, and how right it is.
        room(
            "StageConformance",
            uses: [
                "AllocationProbe", "AudioPipeline", "CallJournal", "Conversation", "FigurePage", "LabelledCalls",
                "MulawCodec",
                "OpusCodec", "PlugIns", "Recording", "Resample",
                "SpeechToText", "VAD", "CLinux",
            ]),
        room(
            "MediaBridgeCLI",
            uses: [
                "MediaBridge", "CallExport", "CallJournal", "CarrierPhone", "HostBench", "LoadGenerator", "LocalAgent",
                "Configuration", "TurnStore", "StageConformance", "LabelledCalls",
                "CallControl", "Telemetry",
                "Transport",
                "Conversation", "ConversationSimulator", "PlugIns", "Recording", "VAD", "SpeechToText", "AudioPipeline",
                argumentParser, lifecycle, signals, logging,
            ]),
        .executableTarget(name: "MediaBridgeMain", dependencies: ["MediaBridgeCLI"], swiftSettings: strict),
        // The example package's sources once more, so that every build builds them.
        .executableTarget(
            name: "OwnStages",
            dependencies: ["AudioPipeline", "MediaBridgeCLI", "PlugIns", "SpeechToText", "VAD"],
            path: "Examples/OwnStages/Sources/OwnStages", swiftSettings: [.swiftLanguageMode(.v6)]),
        .executableTarget(
            name: "TransportEcho", dependencies: ["Transport", argumentParser], swiftSettings: strict),

        // Tests mirror Sources.
        // Stands between two sockets and does what networks do.
        .target(name: "FaultProxy", path: "Tests/Support/FaultProxy", swiftSettings: strict),
        tests("FaultProxyTests", uses: ["FaultProxy"]),
        tests("AudioPipelineTests", uses: ["AudioPipeline", "AllocationProbe"]),
        tests(
            "MulawCodecTests", path: "Tests/Stages/MulawCodecTests", resources: [.copy("Golden")],
            uses: ["MulawCodec", "AudioPipeline", "AllocationProbe"]),
        tests(
            "ResampleTests", path: "Tests/Stages/ResampleTests",
            uses: ["Resample", "CPolyphase", "CSampleRate", "AllocationProbe"]),
        tests("OpusCodecTests", path: "Tests/Stages/OpusCodecTests", uses: ["OpusCodec", "AllocationProbe"]),
        tests(
            "VADTests", path: "Tests/Stages/VADTests",
            uses: ["VAD", "CFrameMeasures", "AudioPipeline", "AllocationProbe"]),
        tests(
            "TelephoneVADTests", path: "Tests/Stages/TelephoneVADTests", resources: [.copy("Golden")],
            uses: ["TelephoneVAD", "CTelephoneVAD", "AudioPipeline", "VAD", "AllocationProbe"]),
        tests(
            "SileroVADTests", path: "Tests/Stages/SileroVADTests", resources: [.copy("Golden")],
            uses: ["SileroVAD", "CSileroVAD", "AudioPipeline", "VAD", "AllocationProbe"]),
        tests(
            "LibraryVADTests", path: "Tests/Stages/LibraryVADTests",
            uses: ["LibraryVAD", "AudioPipeline", "LabelledCalls", "PlugIns", "StageConformance", "VAD"]),
        tests("SpeechToTextTests", path: "Tests/Stages/SpeechToTextTests", uses: ["SpeechToText", "Resample"]),
        tests("RecordingTests", path: "Tests/Stages/RecordingTests", uses: ["Recording"]),
        tests(
            "RealtimeBridgeTests", path: "Tests/Stages/RealtimeBridgeTests",
            uses: ["AudioPipeline", "Conversation", "RealtimeBridge", "AllocationProbe"]),
        tests(
            "ConversationTests", path: "Tests/Stages/ConversationTests",
            uses: ["CallJournal", "Conversation", "AllocationProbe"]),
        tests(
            "TurnStoreTests", path: "Tests/Stages/TurnStoreTests",
            uses: ["TurnStore", "Conversation", "StoreKillProbe", grdb]),
        .executableTarget(
            name: "StoreKillProbe", dependencies: ["TurnStore", "Conversation"],
            path: "Tests/Support/StoreKillProbe", swiftSettings: strict),
        // A detector in a process of its own, which does what detectors should not.
        .executableTarget(name: "PlugInProbe", path: "Tests/Support/PlugInProbe", swiftSettings: strict),
        // Streaming recognisers on loopback, as faithful as their makers' sources and documents allow.
        .target(
            name: "RecognizerServers", dependencies: ["AudioPipeline", "MulawCodec", "Transport"],
            path: "Tests/Support/RecognizerServers",
            swiftSettings: strict),
        // Another process that asks for a recording.
        .executableTarget(
            name: "RecordingFetchProbe", dependencies: ["CallControl", "TurnStore"],
            path: "Tests/Support/RecordingFetchProbe", swiftSettings: strict),
        tests(
            "PlugInsTests",
            uses: [
                "PlugIns", "AudioPipeline", "Configuration", "MulawCodec", "SpeechToText", "Transport", "VAD",
                "AllocationProbe", "PlugInProbe", "RecognizerServers",
            ]),
        tests(
            "StageConformanceTests",
            uses: [
                "StageConformance", "AudioPipeline", "Configuration", "LabelledCalls", "OpusCodec", "PlugIns",
                "Recording",
                "SpeechToText", "VAD",
                "PlugInProbe",
            ]),
        tests(
            "OwnStagesTests", path: "Examples/OwnStages/Tests/OwnStagesTests",
            uses: ["OwnStages", "LabelledCalls", "PlugIns", "StageConformance", "VAD"]),
        tests("TelemetryTests", uses: ["Telemetry", "AudioPipeline", logging]),
        tests("TransportTests", uses: ["Transport", "AllocationProbe"]),
        tests("ConfigurationTests", uses: ["Configuration", "Conversation"]),
        tests(
            "CallControlTests",
            uses: [
                "CallControl", "Configuration", "Conversation", "TurnStore", "Transport", grdb, "RecordingFetchProbe",
            ]),
        tests(
            "LocalAgentTests",
            uses: ["LocalAgent", "AudioPipeline", "MulawCodec", "Resample", "SpeechToText", "Transport"]),
        tests(
            "CallJournalTests",
            uses: ["CallJournal", "AudioPipeline", "Conversation", "VAD", "AllocationProbe"]),
        tests("CallExportTests", uses: ["CallExport", "Conversation", "Recording", "TurnStore"]),
        tests("HostBenchTests", uses: ["HostBench", "AudioPipeline", "Configuration", "LoadGenerator"]),
        // Reads docs/OWNERSHIP.md and the sources.
        tests("OwnershipTests", uses: []),
        tests("LabelledCallsTests", uses: ["Conversation", "LabelledCalls"]),
        tests("CarrierPhoneTests", uses: ["CarrierPhone", "Transport"]),
        tests("LoadGeneratorTests", uses: ["LoadGenerator"]),
        tests(
            "MediaBridgeTests",
            uses: [
                "MediaBridge", "AudioPipeline", "CallControl", "CallJournal", "CarrierPhone", "Configuration",
                "Conversation",
                "LocalAgent", "MulawCodec", "OwnStages", "PlugIns", "PlugInProbe", "RealtimeBridge",
                "RecognizerServers",
                "Recording",
                "SpeechToText",
                "Telemetry",
                "Transport",
                "TurnStore", "VAD", "AllocationProbe", "FaultProxy", logging,
            ]),
    ]
)
