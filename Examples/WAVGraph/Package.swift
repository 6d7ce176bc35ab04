// swift-tools-version: 6.2
import PackageDescription

// The framework without the telephone. The root is named, not found by its folder, since a clone may have any name.
let package = Package(
    name: "WAVGraph",
    products: [.executable(name: "wav-graph", targets: ["WAVGraph"])],
    dependencies: [.package(name: "media-bridge", path: "../..")],
    targets: [
        .executableTarget(
            name: "WAVGraph",
            dependencies: [
                .product(name: "AudioPipeline", package: "media-bridge"),
                .product(name: "MulawCodec", package: "media-bridge"),
                .product(name: "Resample", package: "media-bridge"),
                .product(name: "VAD", package: "media-bridge"),
                .product(name: "Recording", package: "media-bridge"),
            ],
            swiftSettings: [.swiftLanguageMode(.v6)])
    ]
)
