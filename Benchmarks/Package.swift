// swift-tools-version: 6.1
import PackageDescription

// A package of its own, so that nobody who only wants to check a gradient has to fetch a benchmark
// library.
let package = Package(
  name: "tiecheck-benchmarks",
  platforms: [.macOS(.v14)],
  dependencies: [
    .package(name: "tiecheck", path: ".."),
    // Without traits: no allocator and no runtime in between that would cost time of its own.
    .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: []),
  ],
  targets: [
    .systemLibrary(
      name: "GSL", pkgConfig: "gsl", providers: [.apt(["libgsl-dev"]), .brew(["gsl"])]),
    .target(name: "PlainC", dependencies: ["GSL"]),
    .executableTarget(
      name: "GradientChecks",
      dependencies: [
        "PlainC",
        .product(name: "GradientCheck", package: "tiecheck"),
        .product(name: "Benchmark", package: "benchmark"),
      ],
      path: "Benchmarks/GradientChecks",
      plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]),
  ],
  swiftLanguageModes: [.v6]
)
