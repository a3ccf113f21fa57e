// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "tied-layers-grading",
  platforms: [.macOS(.v14)],
  dependencies: [
    .package(name: "tiecheck", path: "TIECHECK")
  ],
  targets: [
    // The student's: whatever stands in it, it is compiled, and run in a process of its own.
    .target(
      name: "Layers", dependencies: [.product(name: "GradientCheck", package: "tiecheck")]),
    // The teacher's.
    .target(
      name: "Exercises",
      dependencies: ["Layers", .product(name: "Coursework", package: "tiecheck")]),
    .executableTarget(
      name: "answer",
      dependencies: ["Exercises", .product(name: "CourseAnswers", package: "tiecheck")],
      path: "Sources/Answer"),
  ],
  swiftLanguageModes: [.v6]
)
