// swift-tools-version: 6.1
import PackageDescription

let course = "Sources/TiecheckCommands/Resources/Coursework"
let courseNames: [SwiftSetting] = [
  .unsafeFlags([
    "-module-alias", "Layers=CourseSolutions", "-module-alias", "Exercises=CourseExercises",
  ])
]

// Rooms that no library product contains, and that wait for others or speak: a release build would spend
// a third of its time on making them faster, and no check would be.
let unoptimized: [SwiftSetting] = [.unsafeFlags(["-Onone"], .when(configuration: .release))]

let package = Package(
  name: "tiecheck",
  platforms: [.macOS(.v14)],
  products: [
    .library(
      name: "GradientCheck", targets: ["GradientCheck", "TiedModels", "TiedLayers", "GSLKit"]),
    .library(name: "Coursework", targets: ["Coursework"]),
    .library(name: "CourseAnswers", targets: ["CourseAnswers"]),
    .library(name: "GradientCheckTesting", targets: ["GradientCheckTesting"]),
    .library(name: "ModelPipe", targets: ["ModelPipe"]),
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
    .target(name: "TiedModels", dependencies: ["TiedLayers", "GSLKit"]),
    .target(name: "GradientCheck", dependencies: ["TiedLayers", "GSLKit"]),
    .target(name: "CChildProcess"),
    .target(name: "CFileExchange"),
    .target(
      name: "ModelPipe", dependencies: ["GradientCheck", "TiedLayers", "GSLKit", "CChildProcess"],
      exclude: ["Examples"]),
    .target(
      name: "FaultGallery", dependencies: ["GradientCheck", "TiedModels", "TiedLayers", "GSLKit"],
      swiftSettings: unoptimized),
    .target(
      name: "Calibration", dependencies: ["GradientCheck", "TiedModels", "TiedLayers", "GSLKit"]),
    .target(name: "Plots"),
    .target(
      name: "CheckReport", dependencies: ["GradientCheck", "Plots", "TiedLayers", "GSLKit"]),
    .target(name: "Coursework", dependencies: ["GradientCheck", "TiedLayers"]),
    // The student's process answers with the one, the judge asks with the other.
    .target(name: "CourseAnswers", dependencies: ["CChildProcess", "Coursework", "ModelPipe"]),
    .target(
      name: "CourseGrading",
      dependencies: [
        "CChildProcess", "CheckReport", "Coursework", "ModelPipe", "GradientCheck", "TiedLayers",
        "GSLKit",
      ], swiftSettings: unoptimized),
    // What a course's test target imports. It alone knows Testing and XCTest.
    .target(
      name: "GradientCheckTesting",
      dependencies: ["CheckReport", "GradientCheck", "TiedLayers", "GSLKit"]),
    .target(name: "TextNotebook", swiftSettings: unoptimized),
    .target(
      name: "TiecheckCommands",
      dependencies: [
        "CFileExchange", "Calibration", "CheckReport", "CourseGrading", "FaultGallery",
        "GradientCheck", "ModelPipe",
        "TextNotebook", "TiedModels", "TiedLayers", "GSLKit",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      exclude: ["Resources"], swiftSettings: unoptimized, plugins: ["EmbedTextPlugin"]),
    .executableTarget(name: "tiecheck", dependencies: ["TiecheckCommands"]),
    .executableTarget(
      name: "pipe-example", dependencies: ["ModelPipe", "GradientCheck", "TiedLayers", "GSLKit"],
      path: "Sources/PipeExample"),
    .executableTarget(name: "embed-text", path: "Sources/EmbedText"),
    .plugin(
      name: "EmbedTextPlugin", capability: .buildTool(), dependencies: ["embed-text"],
      path: "Sources/EmbedTextPlugin"),
    // The link to notebooks-txt is excluded and yet watched: by it a build notices notebooks that came,
    // went or changed.
    .target(
      name: "Lessons",
      dependencies: [
        "TextNotebook", "CheckReport", "Plots", "FaultGallery", "GradientCheck", "TiedModels",
        "TiedLayers", "GSLKit", "GradientCheckTesting",
      ],
      exclude: ["notebooks-txt"], plugins: ["NotebookPlugin"]),
    .executableTarget(
      name: "notebook-runner", dependencies: ["Lessons", "TiecheckCommands"],
      path: "Sources/NotebookRunner"),
    .executableTarget(
      name: "notebook-tool", dependencies: ["TextNotebook"], path: "Sources/NotebookPlugin/Tool"),
    .plugin(
      name: "NotebookPlugin", capability: .buildTool(), dependencies: ["notebook-tool"],
      path: "Sources/NotebookPlugin/Plugin"),
    // Tests name every module they import, so that an incremental build never links stale ones.
    .testTarget(name: "GSLKitTests", dependencies: ["GSLKit", "CGSL"]),
    // Plain references, such as the complex step, for the tests of layers and of models.
    .target(
      name: "TiedLayersTestSupport", dependencies: ["TiedLayers", "GSLKit"],
      path: "Tests/TiedLayersTestSupport"),
    .testTarget(
      name: "TiedLayersTests",
      dependencies: ["TiedLayers", "TiedLayersTestSupport", "TiedModels", "GSLKit"],
      resources: [.copy("Golden")]),
    .testTarget(
      name: "TiedModelsTests",
      dependencies: ["TiedModels", "TiedLayers", "TiedLayersTestSupport", "GSLKit"]),
    .testTarget(
      name: "GradientCheckTests",
      dependencies: ["GradientCheck", "TiedModels", "TiedLayers", "GSLKit"]),
    .testTarget(
      name: "ModelPipeTests",
      dependencies: ["ModelPipe", "GradientCheck", "TiedModels", "TiedLayers", "GSLKit"]),
    .testTarget(
      name: "FaultGalleryTests",
      dependencies: ["FaultGallery", "GradientCheck", "TiedModels", "TiedLayers", "GSLKit"]),
    .testTarget(
      name: "CalibrationTests",
      dependencies: ["Calibration", "GradientCheck", "TiedLayers", "GSLKit"]),
    // Reads SVG files back, for the tests of plots and of reports.
    .target(name: "PlotsTestSupport", path: "Tests/PlotsTestSupport"),
    .testTarget(name: "PlotsTests", dependencies: ["Plots", "PlotsTestSupport"]),
    .testTarget(
      name: "CheckReportTests",
      dependencies: [
        "CheckReport", "Plots", "PlotsTestSupport", "GradientCheck", "TiedModels", "TiedLayers",
        "GSLKit",
      ]),
    .testTarget(
      name: "GradientCheckTestingTests",
      dependencies: [
        "GradientCheckTesting", "CheckReport", "GradientCheck", "TiedLayers", "GSLKit",
      ]),
    // The course package, compiled here as it stands: in it, these modules are called Layers and
    // Exercises, names that a package which others depend on must leave to them.
    .target(
      name: "CourseStarter", dependencies: ["TiedLayers", "GSLKit"],
      path: "\(course)/starter/Sources/Layers"),
    .target(
      name: "CourseSolutions", dependencies: ["TiedLayers", "GSLKit"],
      path: "\(course)/solutions/Sources/Layers"),
    .target(
      name: "CourseExercises",
      dependencies: [
        "CourseSolutions", "Coursework", "GradientCheck", "TiedModels", "TiedLayers", "GSLKit",
      ],
      path: "\(course)/common/Sources/Exercises", swiftSettings: courseNames),
    .testTarget(
      name: "CourseTests",
      dependencies: ["CourseExercises", "GradientCheckTesting"],
      path: "\(course)/common/Tests/LayersTests", swiftSettings: courseNames),
    .testTarget(
      name: "CourseworkTests",
      dependencies: [
        "CourseExercises", "CourseStarter", "CourseSolutions", "Coursework", "CheckReport",
        "GradientCheckTesting", "GradientCheck", "TiedLayers", "GSLKit",
      ], swiftSettings: courseNames),
    .executableTarget(
      name: "small-course", dependencies: ["CourseAnswers", "Coursework", "GradientCheck"],
      path: "Tests/SmallCourse"),
    .testTarget(
      name: "CourseGradingTests",
      dependencies: [
        "CourseGrading", "CourseAnswers", "CourseExercises", "CourseSolutions", "Coursework",
        "CheckReport", "ModelPipe", "GradientCheck", "TiedLayers", "GSLKit", "small-course",
        "CChildProcess",
      ], swiftSettings: courseNames),
    .testTarget(
      name: "TiecheckCommandsTests",
      dependencies: [
        "TiecheckCommands", "CheckReport", "FaultGallery", "GradientCheck", "ModelPipe",
        "Calibration", "pipe-example", "tiecheck", "TiedModels", "TiedLayers", "GSLKit",
        "TextNotebook",
      ]),
    .testTarget(name: "TextNotebookTests", dependencies: ["TextNotebook"]),
    .testTarget(
      name: "LessonsTests", dependencies: ["Lessons", "TextNotebook", "TiecheckCommands"]),
  ],
  swiftLanguageModes: [.v6]
)
