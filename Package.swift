// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "tiecheck",
  platforms: [.macOS(.v14)],
  products: [
    .library(name: "GradientCheck", targets: ["GradientCheck", "TiedLayers"]),
    .library(name: "GradientCheckTesting", targets: ["GradientCheckTesting"]),
    .executable(name: "tiecheck", targets: ["tiecheck"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0")
  ],
  targets: [
    .systemLibrary(
      name: "CGSL", pkgConfig: "gsl", providers: [.apt(["libgsl-dev"]), .brew(["gsl"])]),
    .target(name: "GSLKit", dependencies: ["CGSL"]),
    .target(name: "TiedLayers", dependencies: ["GSLKit"]),
    .target(name: "GradientCheck", dependencies: ["TiedLayers"]),
    .target(name: "FaultGallery", dependencies: ["GradientCheck"]),
    .target(name: "CheckReport", dependencies: ["GradientCheck"]),
    // What a course's test target imports. It alone knows Testing and XCTest.
    .target(
      name: "GradientCheckTesting",
      dependencies: ["CheckReport", "GradientCheck", "TiedLayers", "GSLKit"]),
    .target(
      name: "TiecheckCommands",
      dependencies: [
        "CheckReport", "FaultGallery",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      exclude: ["Resources"], plugins: ["EmbedTextPlugin"]),
    .executableTarget(name: "tiecheck", dependencies: ["TiecheckCommands"]),
    .executableTarget(name: "embed-text", path: "Sources/EmbedText"),
    .plugin(
      name: "EmbedTextPlugin", capability: .buildTool(), dependencies: ["embed-text"],
      path: "Sources/EmbedTextPlugin"),
    // Tests name every module they import, so that an incremental build never links stale ones.
    .testTarget(name: "GSLKitTests", dependencies: ["GSLKit"]),
    .testTarget(
      name: "TiedLayersTests", dependencies: ["TiedLayers", "GSLKit"], resources: [.copy("Golden")]),
    .testTarget(
      name: "GradientCheckTests", dependencies: ["GradientCheck", "TiedLayers", "GSLKit"]),
    .testTarget(
      name: "FaultGalleryTests",
      dependencies: ["FaultGallery", "GradientCheck", "TiedLayers", "GSLKit"]),
    .testTarget(
      name: "CheckReportTests",
      dependencies: ["CheckReport", "GradientCheck", "TiedLayers", "GSLKit"]),
    .testTarget(
      name: "GradientCheckTestingTests",
      dependencies: [
        "GradientCheckTesting", "CheckReport", "GradientCheck", "TiedLayers", "GSLKit",
      ]),
    .testTarget(
      name: "TiecheckCommandsTests",
      dependencies: [
        "TiecheckCommands", "CheckReport", "FaultGallery", "GradientCheck", "TiedLayers", "GSLKit",
      ]),
  ],
  swiftLanguageModes: [.v6]
)
