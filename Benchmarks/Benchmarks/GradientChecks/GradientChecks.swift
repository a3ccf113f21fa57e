import Benchmark
import GSLKit
import GradientCheck
import PlainC
import TiedLayers
import TiedModels

/// A tied autoencoder at batch 32.
private struct Autoencoder {
  let features: Int
  let hidden: Int
  let loss: Loss
  let output: ElementwiseFunction

  var name: String {
    "\(features)-\(hidden)\(features == hidden ? "" : "-\(features)") \(output) "
      + (loss == .binaryCrossEntropy ? "BCE" : "MSE")
  }

  func objective() throws -> ChainObjective<Double> {
    let random = RandomSource(seed: 1)
    let chain = try Models.autoencoder(
      features: features, hidden: [hidden], tied: true, outputActivation: output, random: random,
      as: Double.self)
    let input = random.matrix(rows: 32, columns: features, as: Double.self)
    return ChainObjective(Network(chain, loss: loss), input: input, target: input)
  }
}

private func seconds(_ body: () throws -> Void) rethrows -> Double {
  let time = try ContinuousClock().measure(body)
  return Double(time.components.seconds) + 1e-18 * Double(time.components.attoseconds)
}

// Whole numbers, as the tool keeps them. Ratios are of two measurements made one after the other.
private let entriesPerSecond = BenchmarkMetric.custom(
  "Entries (/ s)", polarity: .prefersLarger, useScalingFactor: false)
private let shareOfEvaluations = BenchmarkMetric.custom(
  "Time (% of the evaluations alone)", useScalingFactor: false)
private let shareOfPlainC = BenchmarkMetric.custom("Time (% of plain C)", useScalingFactor: false)

let benchmarks: @Sendable () -> Void = {
  Benchmark.defaultConfiguration = .init(
    metrics: [.wallClock, .throughput, .instructions, .peakMemoryResident], maxDuration: .seconds(3)
  )

  let autoencoders = [
    Autoencoder(features: 5, hidden: 5, loss: .binaryCrossEntropy, output: .sigmoid),
    Autoencoder(features: 64, hidden: 16, loss: .binaryCrossEntropy, output: .sigmoid),
    Autoencoder(features: 64, hidden: 16, loss: .meanSquaredError, output: .identity),
    Autoencoder(features: 256, hidden: 64, loss: .binaryCrossEntropy, output: .sigmoid),
    Autoencoder(features: 784, hidden: 128, loss: .binaryCrossEntropy, output: .sigmoid),
  ]

  // Throughput counts evaluations of the loss: what a difference is made of.
  for autoencoder in autoencoders {
    Benchmark("evaluation \(autoencoder.name)") { benchmark in
      let objective = try autoencoder.objective()
      let parameter = objective.typedParameters[0]
      benchmark.startMeasurement()
      for _ in benchmark.scaledIterations {
        parameter[0] = parameter[0] + 1e-9
        blackHole(try objective.value())
      }
    }
  }

  // One iteration checks a whole gradient, on one thread, by every entry up to 20,000 of them and by
  // directions beyond. Where the last figure is near 100 for all sizes, the cost is that of the
  // evaluations and nothing grows beside them.
  for autoencoder in autoencoders {
    let configuration = Benchmark.Configuration(
      metrics: [
        .wallClock, .instructions, .peakMemoryResident, entriesPerSecond, shareOfEvaluations,
      ],
      maxDuration: .seconds(10), maxIterations: autoencoder.features > 64 ? 2 : 100)
    Benchmark("check \(autoencoder.name)", configuration: configuration) { benchmark in
      let objective = try autoencoder.objective()
      var result: GradientResult?
      benchmark.startMeasurement()
      let time = try seconds { result = try GradientChecker().check(objective) }
      benchmark.stopMeasurement()
      guard let result, result.verdict == .pass else { return benchmark.error("not a pass") }
      let evaluations = try seconds {
        for _ in 0..<result.evaluations { blackHole(try objective.value()) }
      }
      let entries = objective.parameters.reduce(0) { $0 + $1.count }
      // Directions certify no single entry.
      if result.mode.directions == 0 {
        benchmark.measurement(entriesPerSecond, Int(Double(entries) / time))
      }
      benchmark.measurement(shareOfEvaluations, Int((100 * time / evaluations).rounded()))
    }
  }

  // The price of calling GSL from Swift: derivatives of exp(sin x), a thousand this way and a
  // thousand that way in turn.
  Benchmark(
    "gsl_deriv_central through GSLKit",
    configuration: .init(metrics: [shareOfPlainC], maxDuration: .seconds(3), maxIterations: 2000)
  ) { benchmark in
    let ours = try seconds {
      for i in 0..<1000 {
        blackHole(try derivative(at: 0.001 * Double(i), step: 1e-3) { plain_function($0) }.value)
      }
    }
    let plain = seconds {
      for i in 0..<1000 { blackHole(plain_derivative(0.001 * Double(i), 1e-3)) }
    }
    benchmark.measurement(shareOfPlainC, Int((100 * ours / plain).rounded()))
  }
}
