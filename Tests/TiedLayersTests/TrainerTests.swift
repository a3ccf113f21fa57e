import GSLKit
import Testing
import TiedLayers
import TiedLayersTestSupport

@Suite("Trainer")
struct TrainerTests {
  @Test("contributions add up in the order of the layers; a layer that gives nothing adds nothing")
  func sums() throws {
    let w = Parameter("W", [0.0, 0])
    let b = Parameter("b", [0.0])
    let contributions = [
      LayerContribution(layer: "encoder", gradients: [[1, 2], nil]),
      LayerContribution(layer: "decoder", gradients: [[10, 20], [5]]),
    ]
    #expect(try sum(of: contributions, for: [w, b]) == [[11, 22], [5]])
    #expect(try sum(of: [], for: [w, b]) == [[0, 0], [0]])
    for wrong: [[Double]?] in [[[1]], [[1], nil], [[1, 2, 3], [5]]] {
      #expect(throws: ShapeMismatch.self) {
        try sum(of: [LayerContribution(layer: "encoder", gradients: wrong)], for: [w, b])
      }
    }
  }

  @Test(
    "a trainer that adds and steps once moves a tied pair as the optimizer does on its gradients")
  func oneStep() throws {
    let random = RandomSource(seed: 12)
    let network = Network(tiedPair(5, 3, random, as: Double.self), loss: .meanSquaredError)
    let input: Matrix<Double> = randomMatrix(4, 5, random)
    let parameters = network.chain.parameters
    let trainer = OptimizerTrainer(Adam(learningRate: 0.1))
    let copies = parameters.map { $0.copy(named: $0.name) }
    let optimizer = Adam(learningRate: 0.1)
    for _ in 0..<3 {
      let gradients = try network.gradients(input, target: input)
        .flat(for: parameters).map { try #require($0) }
      let contributions = try zip(
        network.chain.layers, network.gradientsByLayer(input, target: input)
      ).map { LayerContribution(layer: $0.name, gradients: $1.flat(for: parameters)) }
      try trainer.step(parameters, contributions: contributions)
      try optimizer.step(copies, gradients)
    }
    for (parameter, copy) in zip(parameters, copies) {
      expectClose(parameter.flat, copy.flat, within: 1e-12, "\(parameter)")
    }
    // Two layers use the kernel; its state is one, and as old as the training.
    #expect(trainer.stateSlots == 3)
    let state = try #require(trainer.state(of: parameters[0])["first"])
    expectClose(
      state, try #require(optimizer.state(of: copies[0])["first"]), within: 1e-12, "first moment")
  }
}
