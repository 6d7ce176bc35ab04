// swift-tools-version: 6.2
import PackageDescription

// media-bridge with a detector and a recogniser of its own. The root is named, not found by its folder, since a clone may
// have any name.
let package = Package(
    name: "OwnStages",
    products: [.executable(name: "own-stages", targets: ["OwnStages"])],
    dependencies: [.package(name: "media-bridge", path: "../..")],
    targets: [
        .executableTarget(
            name: "OwnStages",
            dependencies: [
                .product(name: "AudioPipeline", package: "media-bridge"),
                .product(name: "MediaBridgeCLI", package: "media-bridge"),
                .product(name: "PlugIns", package: "media-bridge"),
                .product(name: "SpeechToText", package: "media-bridge"),
                .product(name: "VAD", package: "media-bridge"),
            ],
            swiftSettings: [.swiftLanguageMode(.v6)]),
        .testTarget(
            name: "OwnStagesTests",
            dependencies: [
                "OwnStages",
                .product(name: "LabelledCalls", package: "media-bridge"),
                .product(name: "PlugIns", package: "media-bridge"),
                .product(name: "StageConformance", package: "media-bridge"),
                .product(name: "VAD", package: "media-bridge"),
            ],
            swiftSettings: [.swiftLanguageMode(.v6)]),
    ]
)
