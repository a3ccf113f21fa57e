import GSLKit
import Testing
import TiedLayers

/// Records an issue unless every element of `actual` is within `tolerance` of `expected`, relative
/// to the larger of |expected| and the root mean square of all of `expected`.
package func expectClose(
  _ actual: [Double], _ expected: [Double], within tolerance: Double, _ what: String,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  guard actual.count == expected.count else {
    Issue.record(
      "\(what): \(actual.count) elements, not \(expected.count)", sourceLocation: sourceLocation)
    return
  }
  let scale = rootMeanSquare(expected)
  for i in actual.indices
  where !(abs(actual[i] - expected[i]) <= tolerance * max(abs(expected[i]), scale)) {
    Issue.record(
      "\(what): element \(i) is \(actual[i]), not \(expected[i])", sourceLocation: sourceLocation)
    return
  }
}

/// A random matrix with elements of both signs.
package func randomMatrix<S: Scalar>(
  _ rows: Int, _ columns: Int, _ random: RandomSource, as type: S.Type = S.self
) -> Matrix<S> {
  random.matrix(rows: rows, columns: columns, -1, 1)
}

/// A random bias.
package func randomBias<S: Scalar>(_ name: String, _ count: Int, _ random: RandomSource)
  -> Parameter<S>
{
  Parameter(name, (0..<count).map { _ in S(random.uniform(-1, 1)) })
}

/// features -> hidden -> features: tied, with a bias in each layer and a linear output by default.
package func tiedPair<S: Scalar>(
  _ features: Int, _ hidden: Int, activation: ElementwiseFunction = .tanh,
  outputActivation: ElementwiseFunction = .identity, _ random: RandomSource,
  as type: S.Type = S.self
) -> Chain<S> {
  let encoder = Dense<S>(
    "encoder", kernel: Kernel("W", randomMatrix(features, hidden, random)),
    bias: randomBias("b", hidden, random), activation: activation)
  let decoder = Dense<S>(
    "decoder", kernel: encoder.kernel.transposed, bias: randomBias("c", features, random),
    activation: outputActivation)
  return Chain([encoder, decoder])
}

/// The names of parameters, in order.
package func names<S>(_ parameters: [Parameter<S>]) -> [String] { parameters.map(\.name) }

/// df/dx[i] for every i by the five-point rule, error O(h^4) plus round-off of about 1e-12.
package func centralDifferences(
  _ x: [Double], step: Double = 1e-3, _ f: ([Double]) throws -> Double
) rethrows -> [Double] {
  try x.indices.map { i in
    func at(_ offset: Double) throws -> Double {
      var moved = x
      moved[i] += offset
      return try f(moved)
    }
    let near = try at(step) - at(-step)
    let far = try at(2 * step) - at(-2 * step)
    return (8 * near - far) / (12 * step)
  }
}

/// The gradient of a network's loss by one parameter, by differences.
package func numericGradient(
  of network: Network<Double>, by parameter: Parameter<Double>, _ input: Matrix<Double>,
  target: Matrix<Double>
) throws -> [Double] {
  let saved = parameter.flat
  defer { parameter.flat = saved }
  return try centralDifferences(saved) {
    parameter.flat = $0
    return try network.value(input, target: target)
  }
}
