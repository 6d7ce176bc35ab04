// swift-tools-version: 6.2
import PackageDescription

// Our message readers and writers beside simdjson and Foundation: a package of its own, since only this needs libsimdjson-dev
// (`scripts/packages bench`). `Benchmarks/compare-messages` builds and runs it.
let package = Package(
    name: "Messages",
    dependencies: [.package(name: "media-bridge", path: "../..")],
    targets: [
        .target(
            name: "MessagePeers", path: "MessagePeers",
            linkerSettings: [.linkedLibrary("simdjson")]),
        .target(name: "CallgrindMarks", path: "CallgrindMarks"),
        .executableTarget(
            name: "Messages",
            dependencies: [
                "CallgrindMarks", "MessagePeers",
                .product(name: "RealtimeBridge", package: "media-bridge"),
            ],
            path: "Messages",
            // As the service is built, whose parsers are its own too: no look whether two hold one at a time.
            swiftSettings: [.swiftLanguageMode(.v6), .unsafeFlags(["-enforce-exclusivity=unchecked"])]),
    ],
    cxxLanguageStandard: .cxx17
)
