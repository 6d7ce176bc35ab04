// swift-tools-version: 6.2
import PackageDescription

// The simulator's tests, built apart and optimised: a debug build plays calls a hundred times more slowly. The sources
// are the root package's own, so that what is `package` there is visible here. `scripts/test --only simulation` runs it.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
    name: "Simulation",
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
    ]
)
