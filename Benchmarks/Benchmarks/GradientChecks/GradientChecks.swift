import Benchmark
import GSLKit
import GradientCheck
import PlainC
import TiedLayers

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

let benchmarks: @Sendable () -> Void = {
  Benchmark.defaultConfiguration = .init(
    metrics: [.wallClock, .throughput, .instructions, .peakMemoryResident], maxDuration: .seconds(5)
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

  // One iteration checks a whole gradient, by every entry up to 20,000 of them and by directions
  // beyond. What an entry costs is the time divided by the entries.
  for autoencoder in autoencoders {
    let configuration = Benchmark.Configuration(
      metrics: [.wallClock, .instructions, .peakMemoryResident], maxDuration: .seconds(10),
      maxIterations: autoencoder.features > 64 ? 3 : 1000)
    Benchmark("check \(autoencoder.name)", configuration: configuration) { benchmark in
      let objective = try autoencoder.objective()
      benchmark.startMeasurement()
      let result = try GradientChecker().check(objective)
      benchmark.stopMeasurement()
      precondition(result.verdict == .pass, "a right gradient ended in \(result.verdict)")
    }
  }

  // The price of calling GSL from Swift: 1,000 derivatives of exp(sin x) at a time.
  Benchmark("gsl_deriv_central x 1000, plain C") { benchmark in
    for _ in benchmark.scaledIterations {
      for i in 0..<1000 { blackHole(plain_derivative(0.001 * Double(i), 1e-3)) }
    }
  }
  Benchmark("gsl_deriv_central x 1000, GSLKit") { benchmark in
    for _ in benchmark.scaledIterations {
      for i in 0..<1000 {
        blackHole(
          try derivative(at: 0.001 * Double(i), step: 1e-3) { plain_function($0) }.value)
      }
    }
  }
}
