import GSLKit
import Testing
import TiedLayers

@Suite("Autoencoder")
struct AutoencoderTests {
  /// How far the second kernel of a linear untied pair is from the first one's transpose, relative to
  /// it, before and after training.
  private func distances(seed: UInt64, weightDecay: Double) throws -> (
    before: Double, after: Double
  ) {
    let random = RandomSource(seed: seed)
    let chain = Chain<Double>([
      Dense("encoder", kernel: Kernel("W", randomMatrix(4, 2, random))),
      Dense("decoder", kernel: Kernel("V", randomMatrix(2, 4, random))),
    ])
    let network = Network(chain, loss: .meanSquaredError)
    let input: Matrix<Double> = randomMatrix(8, 4, random)
    func distance() -> Double {
      let (first, second) = (
        chain.parameters[0].values.elements, chain.parameters[1].values.transposed
      )
      return euclideanNorm(zip(first, second.elements).map { $0 - $1 }) / euclideanNorm(first)
    }
    let before = distance()
    let optimizer = SGD(learningRate: 0.5, weightDecay: weightDecay)
    for _ in 0..<1500 {
      let gradients = try network.gradients(input, target: input)
      try optimizer.step(chain.parameters, chain.parameters.map { gradients[$0]!.elements })
    }
    return (before, distance())
  }

  /// Kunin, Bloom, Goeva & Seed, arXiv 1901.08168, theorem 2: at every stationary point.
  @Test("L2 decay makes the kernels of a linear untied autoencoder each other's transposes")
  func decayTies() throws {
    for seed in 1...4 as ClosedRange<UInt64> {
      let decayed = try distances(seed: seed, weightDecay: 0.05)
      #expect(decayed.before > 0.3 && decayed.after < 1e-3 * decayed.before, "\(decayed)")
      let free = try distances(seed: seed, weightDecay: 0)
      #expect(free.after > 0.01, "\(free)")
    }
  }
}
