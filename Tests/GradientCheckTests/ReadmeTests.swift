import Foundation
import GSLKit
import GradientCheck
import Testing
import TiedLayers

/// The Swift examples of the README and of the articles are in this file, word for word, and do what is
/// said there.
struct ReadmeTests {
  @Test func plainFunctions() throws {
    // f(x) = sum x_i^3 / 3, and a gradient with a mistake in one place.
    let objective = FunctionObjective(
      at: [0.3, -0.7, 1.1],
      loss: { x in x.reduce(0) { $0 + $1 * $1 * $1 / 3 } },
      gradient: { x in [x[0] * x[0], x[1] * x[1], x[2]] })
    let result = try GradientChecker().check(objective)
    print(result.verdict)  // fail
    for entry in result.parameters[0].worst where entry.verdict == .fail {
      print(entry.index, "claimed", entry.analytic, "measured", entry.numeric, "+-", entry.bound)
    }
    #expect(result.verdict == .fail)
    #expect(result.parameters[0].entries.map(\.verdict) == [.pass, .pass, .fail])
  }

  @Test func aTiedPair() throws {
    let random = RandomSource(seed: 7)
    let encoder = Dense<Double>(
      "encoder", kernel: Kernel("W", random.matrix(rows: 6, columns: 4, -0.5, 0.5)),
      activation: .tanh)
    let decoder = Dense("decoder", kernel: encoder.kernel.transposed)  // the whole act of tying
    let input: Matrix<Double> = random.matrix(rows: 8, columns: 6)
    let pair = CheckCase(name: "pair", model: "mine", expectedTies: [["encoder", "decoder"]]) {
      ChainObjective(
        Network(Chain([encoder, decoder]), loss: .meanSquaredError), input: input, target: input)
    }
    let found = try pair.run(CheckOptions())
    // pass, and two shares that add up to 1
    print(found.verdict, found.tie.groups[0].paths.map(\.share))
    #expect(found.verdict == .pass)
    let shares: Double = found.tie.groups[0].paths.map(\.share).reduce(0, +)
    #expect(abs(shares - 1) < 1e-6)
  }

  @Test func aLayerOfOnesOwn() throws {
    let random = RandomSource(seed: 7)
    let mirror = Mirror(Kernel("W", random.matrix(rows: 5, columns: 3, -0.5, 0.5)))
    let input: Matrix<Double> = random.matrix(rows: 6, columns: 5)
    let found = try CheckCase(
      name: "mirror", model: "mine", expectedTies: [["mirror there", "mirror back"]]
    ) {
      ChainObjective(
        Network(Chain([mirror]), loss: .meanSquaredError), input: input, target: input)
    }.run(CheckOptions())
    // pass, and a share for each use
    print(found.verdict, found.tie.groups[0].paths.map { ($0.name, $0.share) })
    #expect(found.verdict == .pass)
    #expect(found.tie.groups[0].paths.map(\.name) == ["mirror there", "mirror back"])
    #expect(found.updates.optimizers.count == 7)
  }

  @Test func readmeAndArticlesShowTheseVeryLines() throws {
    func lines(_ text: String) -> [String] {
      text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
    }
    let here = URL(fileURLWithPath: #filePath)
    let tests = here.deletingLastPathComponent().deletingLastPathComponent()
    let own = try ["GradientCheckTests", "GradientCheckTestingTests"].map { folder in
      let file = tests.appendingPathComponent("\(folder)/ReadmeTests.swift")
      return lines(try String(contentsOf: file, encoding: .utf8)).joined(separator: "\n")
    }
    let root = tests.deletingLastPathComponent()
    let articles = root.appendingPathComponent("Sources/GradientCheck/Documentation.docc")
    let pages =
      [root.appendingPathComponent("README.md")]
      + (try FileManager.default.contentsOfDirectory(at: articles, includingPropertiesForKeys: nil))
      .filter { $0.pathExtension == "md" }
    let blocks = try pages.flatMap { page in
      try String(contentsOf: page, encoding: .utf8).components(separatedBy: "```swift\n")
        .dropFirst()
        .map { $0.prefix(while: { $0 != "`" }) }
    }
    #expect(blocks.count == 6)
    for block in blocks {
      let text = lines(String(block)).joined(separator: "\n")
      #expect(own.contains { $0.contains(text) })
    }
  }
}

/// tanh(x W) W^T in one layer: two uses of one kernel.
struct Mirror: Layer {
  let name = "mirror"
  var kernels: [Kernel<Double>]
  var biases: [Parameter<Double>] = []
  var slotNames: [String] { ["there", "back"] }

  init(_ kernel: Kernel<Double>) { kernels = [kernel, kernel.transposed] }

  func forward(_ x: Matrix<Double>) throws -> Matrix<Double> {
    try kernels[1].multiply(hidden(x))
  }

  func backward(
    _ cotangent: Matrix<Double>, at x: Matrix<Double>, into gradients: inout Gradients<Double>
  ) throws -> Matrix<Double> {
    try gradients.addProduct(input: hidden(x), cotangent: cotangent, to: kernels[1])
    var inner = try kernels[1].multiplyAdjoint(cotangent)
    try inner.multiplyByDerivative(of: .tanh, at: kernels[0].multiply(x))
    try gradients.addProduct(input: x, cotangent: inner, to: kernels[0])
    return try kernels[0].multiplyAdjoint(inner)
  }

  private func hidden(_ x: Matrix<Double>) throws -> Matrix<Double> {
    var h = try kernels[0].multiply(x)
    h.apply(.tanh)
    return h
  }
}
