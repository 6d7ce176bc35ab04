// swift-tools-version: 6.2
import PackageDescription

// What threads share, built apart for ThreadSanitizer: the same test files as the root package's, without the rooms that
// share nothing. `scripts/test --only threads` says how it is run, and why the rings need optimisation.
let package = Package(
    name: "Threads",
    dependencies: [.package(name: "media-bridge", path: "../..")],
    targets: [
        .testTarget(
            name: "RingThreadTests", dependencies: [.product(name: "AudioPipeline", package: "media-bridge")],
            path: "RingThreadTests", swiftSettings: [.swiftLanguageMode(.v6)]),
        .testTarget(
            name: "LaneThreadTests",
            dependencies: [
                .product(name: "AudioPipeline", package: "media-bridge"),
                .product(name: "PlugIns", package: "media-bridge"),
                .product(name: "SpeechToText", package: "media-bridge"),
                .product(name: "Transport", package: "media-bridge"),
                .product(name: "VAD", package: "media-bridge"),
            ],
            path: "LaneThreadTests", swiftSettings: [.swiftLanguageMode(.v6)]),
        .testTarget(
            name: "StoreThreadTests", dependencies: [.product(name: "TurnStore", package: "media-bridge")],
            path: "StoreThreadTests", swiftSettings: [.swiftLanguageMode(.v6)]),
        .testTarget(
            name: "TransportTests",
            dependencies: [
                .product(name: "Transport", package: "media-bridge"),
                .product(name: "AllocationProbe", package: "media-bridge"),
            ],
            path: "TransportTests", swiftSettings: [.swiftLanguageMode(.v6)]),
    ]
)
