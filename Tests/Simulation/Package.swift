// swift-tools-version: 6.2
import PackageDescription

// What must be built apart and optimised: the simulator's tests, since a debug build plays calls a hundred times more slowly
// (`scripts/test --only simulation`), and the frame path, whose instructions are counted (`scripts/count-instructions`). The
// sources are the root package's own, so that what is `package` there is visible here.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
    name: "Simulation",
    dependencies: [.package(url: "https://github.com/apple/swift-log", from: "1.16.0")],
    targets: [
        .target(name: "AudioPipeline", path: "AudioPipeline", swiftSettings: strict),
        .target(name: "Conversation", path: "Conversation", swiftSettings: strict),
        .target(name: "CBase64", path: "CBase64"),
        .target(
            name: "RealtimeBridge", dependencies: ["AudioPipeline", "Conversation", "CBase64"], path: "RealtimeBridge",
            exclude: ["Conversation"], swiftSettings: strict),
        .target(
            name: "ConversationSimulator", dependencies: ["AudioPipeline", "Conversation", "RealtimeBridge"],
            path: "ConversationSimulator", swiftSettings: strict),
        .testTarget(
            name: "SimulationTests", dependencies: ["ConversationSimulator", "Conversation"], path: "SimulationTests",
            swiftSettings: strict),

        .target(name: "CG711", path: "CG711"),
        .target(name: "CPolyphase", path: "CPolyphase"),
        .target(
            name: "CFrameMeasures", path: "CFrameMeasures",
            exclude: ["BandPowers.inc", "FrameSums.inc", "LagScores.inc"]),
        .systemLibrary(name: "CSampleRate", path: "CSampleRate", pkgConfig: "samplerate"),
        .target(
            name: "MulawCodec", dependencies: ["AudioPipeline", "CG711"], path: "MulawCodec", swiftSettings: strict),
        .target(
            name: "Resample", dependencies: ["AudioPipeline", "CPolyphase", "CSampleRate"], path: "Resample",
            swiftSettings: strict),
        .target(name: "VAD", dependencies: ["AudioPipeline", "CFrameMeasures"], path: "VAD", swiftSettings: strict),
        .target(name: "CTelephoneVAD", path: "CTelephoneVAD", exclude: ["Network.inc"]),
        .target(
            name: "TelephoneVAD", dependencies: ["AudioPipeline", "CTelephoneVAD", "VAD"], path: "TelephoneVAD",
            swiftSettings: strict),
        .target(
            name: "Telemetry", dependencies: ["AudioPipeline", .product(name: "Logging", package: "swift-log")],
            path: "Telemetry", swiftSettings: strict),
        .target(name: "AllocationProbe", path: "AllocationProbe"),
        .target(name: "CallgrindMarks", path: "CallgrindMarks"),
        .executableTarget(
            name: "FramePath",
            dependencies: [
                "AllocationProbe", "AudioPipeline", "CallgrindMarks", "Conversation", "MulawCodec", "RealtimeBridge",
                "Resample", "Telemetry", "TelephoneVAD", "VAD", .product(name: "Logging", package: "swift-log"),
            ],
            path: "FramePath", swiftSettings: [.swiftLanguageMode(.v6)]),
    ]
)
