// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "tied-layers-course",
  platforms: [.macOS(.v14)],
  dependencies: [
    .package(name: "tiecheck", path: "TIECHECK")
  ],
  targets: [
    // Yours: the exercises are solved here, and nowhere else.
    .target(
      name: "Layers", dependencies: [.product(name: "GradientCheck", package: "tiecheck")]),
    // What is asked, and the points at which it is asked.
    .target(
      name: "Exercises",
      dependencies: ["Layers", .product(name: "Coursework", package: "tiecheck")]),
    .testTarget(
      name: "LayersTests",
      dependencies: [
        "Layers", "Exercises", .product(name: "GradientCheckTesting", package: "tiecheck"),
      ]),
  ],
  swiftLanguageModes: [.v6]
)
