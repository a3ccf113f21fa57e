import GSLKit
import Testing
import TiedLayers
import TiedLayersTestSupport

@Suite("Optimizer")
struct OptimizerTests {
  /// The seven of the golden files, by their names there.
  private static func golden(_ name: String, rate: Double) -> (any Optimizer)? {
    switch name {
    case "sgd": SGD(learningRate: rate)
    case "momentum": SGD(learningRate: rate, momentum: 0.9)
    case "nesterov": SGD(learningRate: rate, momentum: 0.9, nesterov: true)
    case "sgd_weight_decay": SGD(learningRate: rate, weightDecay: 0.01)
    case "rmsprop": RMSProp(learningRate: rate)
    case "adam": Adam(learningRate: rate)
    case "adamw": Adam(learningRate: rate, decoupledDecay: 0.01)
    default: nil
    }
  }

  static let names = [
    "sgd", "momentum", "nesterov", "sgd_weight_decay", "rmsprop", "adam", "adamw",
  ]

  /// Those that keep state.
  static let statefulNames = ["momentum", "nesterov", "rmsprop", "adam", "adamw"]

  @Test(
    "five steps from every golden start: losses before each, parameters after the last",
    arguments: Golden.all)
  func trajectories(golden: Golden) throws {
    #expect(Set(golden.trajectories.keys) == Set(Self.names))
    for (name, trajectory) in golden.trajectories {
      let rate = try #require(golden.learningRates[name])
      let optimizer = try #require(Self.golden(name, rate: rate))
      let model = try golden.model()
      let parameters = model.network.chain.parameters
      var losses: [Double] = []
      for _ in trajectory.losses {
        losses.append(try model.network.value(model.input, target: model.target))
        let gradients = try model.network.gradients(model.input, target: model.target)
        try optimizer.step(parameters, gradients.flat(for: parameters).map { try #require($0) })
      }
      expectClose(losses, trajectory.losses, within: 1e-10, "\(name): losses")
      #expect(trajectory.losses.count == 5)
      for parameter in parameters {
        expectClose(
          parameter.flat, try #require(trajectory.final[parameter.name]).flat, within: 1e-10,
          "\(name): final \(parameter)")
      }
    }
  }

  @Test("fixed rows neither move nor decay, no state grows in them, and the others do not notice")
  func fixedRows() throws {
    let optimizers: [() -> any Optimizer] = [
      { SGD(learningRate: 0.1, momentum: 0.9, weightDecay: 0.5) },
      { RMSProp(learningRate: 0.1) }, { Adam(learningRate: 0.1, decoupledDecay: 0.5) },
    ]
    for make in optimizers {
      let random = RandomSource(seed: 11)
      let free = Parameter<Double>("E", randomMatrix(3, 2, random))
      let held = Parameter("E", free.values, fixedRows: [1])
      let (left, right) = (make(), make())
      for _ in 0..<3 {
        let gradient = (0..<6).map { _ in random.uniform(-1, 1) }
        try left.step([free], [gradient])
        try right.step([held], [gradient])
      }
      let start: Matrix<Double> = randomMatrix(3, 2, RandomSource(seed: 11))
      #expect(held.values.row(1) == start.row(1))
      #expect(free.values.row(1) != start.row(1))
      for row in [0, 2] { #expect(held.values.row(row) == free.values.row(row)) }
      for (name, state) in right.state(of: held) {
        #expect(state[2...3].allSatisfy { $0 == 0 }, "\(name)")
        #expect(state[0...1] == left.state(of: free)[name]?[0...1], "\(name)")
      }
    }
  }

  // MARK: Formulas, step by step

  /// The values of a parameter that starts at [1, -2], after each of the given gradients.
  private func run(_ optimizer: any Optimizer, _ gradients: [[Double]]) throws -> [[Double]] {
    let parameter = Parameter("w", [1.0, -2])
    return try gradients.map {
      try optimizer.step([parameter], [$0])
      return parameter.flat
    }
  }

  @Test("SGD: w - rate g, with L2 decay added to the gradient")
  func sgd() throws {
    let plain = try run(SGD(learningRate: 0.5), [[2, 4]])
    expectClose(plain[0], [0, -4], within: 1e-15, "plain")
    let decayed = try run(SGD(learningRate: 0.5, weightDecay: 0.1), [[2, 4]])
    expectClose(decayed[0], [1 - 0.5 * 2.1, -2 - 0.5 * 3.8], within: 1e-15, "with decay")
  }

  @Test("momentum: v = g at the first step, then v = momentum v + g; Nesterov looks ahead")
  func momentum() throws {
    let gradients = [[2.0, 4], [1, -1]]
    let momentum = try run(SGD(learningRate: 0.1, momentum: 0.9), gradients)
    expectClose(momentum[0], [0.8, -2.4], within: 1e-15, "first")
    expectClose(momentum[1], [0.8 - 0.1 * 2.8, -2.4 - 0.1 * 2.6], within: 1e-15, "second")
    let nesterov = try run(SGD(learningRate: 0.1, momentum: 0.9, nesterov: true), gradients)
    expectClose(nesterov[0], [1 - 0.1 * 3.8, -2 - 0.1 * 7.6], within: 1e-15, "first")
    expectClose(
      nesterov[1], [0.62 - 0.1 * (1 + 0.9 * 2.8), -2.76 - 0.1 * (-1 + 0.9 * 2.6)], within: 1e-15,
      "second")
  }

  @Test("the stabilizer is added to the root, not under it, and RMSProp's mean is not corrected")
  func stabilizer() throws {
    // Under the root a stabilizer of 1e-8 would hold back gradients of 1e-8 ten thousand times more.
    let g = 1e-8
    let adam = try run(Adam(learningRate: 0.5), [[g, -3 * g]])
    expectClose(adam[0], [1 - 0.5 / 2, -2 + 0.5 * 3 / 4], within: 1e-12, "Adam")
    let rmsprop = try run(RMSProp(learningRate: 0.5), [[g, -3 * g]])
    expectClose(
      rmsprop[0], [1 - 0.5 / (0.1 + 1), -2 + 0.5 * 3 / (0.3 + 1)], within: 1e-12, "RMSProp")
  }

  @Test("Adam: the first step is the rate, the second is corrected for its start at 0")
  func adam() throws {
    let steps = try run(Adam(learningRate: 0.1, stabilizer: 0), [[3, -4], [-1, -4]])
    expectClose(steps[0], [0.9, -1.9], within: 1e-14, "first")
    // m = 0.9 * 0.1 * 3 - 0.1 = 0.17 over 0.19; s = 0.999 * 0.001 * 9 + 0.001 over 0.001999.
    let mean = 0.17 / 0.19
    let square = (0.999 * 0.009 + 0.001) / 0.001999
    expectClose(
      steps[1], [0.9 - 0.1 * mean / square.squareRoot(), -1.8], within: 1e-13, "second")
  }

  @Test("AdamW: the decay acts on the value before the step and does not enter the moments")
  func adamW() throws {
    let optimizer = Adam(learningRate: 0.1, stabilizer: 0, decoupledDecay: 0.5)
    let parameter = Parameter("w", [1.0, -2])
    try optimizer.step([parameter], [[3, -4]])
    expectClose(parameter.flat, [0.95 - 0.1, -1.9 + 0.1], within: 1e-14, "values")
    let state = optimizer.state(of: parameter)
    expectClose(try #require(state["first"]), [0.3, -0.4], within: 1e-14, "first moment")
    expectClose(try #require(state["second"]), [0.009, 0.016], within: 1e-14, "second moment")
  }

  // MARK: State

  @Test(
    "a kernel that two layers share has one slot, and one step moves it once",
    arguments: names)
  func oneSlot(name: String) throws {
    let optimizer = try #require(Self.golden(name, rate: 0.1))
    let random = RandomSource(seed: 5)
    let network = Network(tiedPair(5, 3, random, as: Double.self), loss: .meanSquaredError)
    let input: Matrix<Double> = randomMatrix(4, 5, random)
    let parameters = network.chain.parameters
    let kernel = parameters[0]
    // The same numbers without a network around them.
    let alone = kernel.copy(named: "alone")
    let other = try #require(Self.golden(name, rate: 0.1))
    for _ in 0..<3 {
      let gradients = try network.gradients(input, target: input)
        .flat(for: parameters).map { try #require($0) }
      try optimizer.step(parameters, gradients)
      try other.step([alone], [gradients[0]])
      #expect(kernel.flat == alone.flat)
    }
    #expect(optimizer.stateSlots == (Self.statefulNames.contains(name) ? parameters.count : 0))
    for tensor in optimizer.state(of: kernel).values { #expect(tensor.count == kernel.count) }
  }

  @Test(
    "steps are taken in place: the layers still hold the same Parameters, and see the change",
    arguments: names)
  func inPlace(name: String) throws {
    let optimizer = try #require(Self.golden(name, rate: 0.1))
    let chain: Chain<Double> = tiedPair(5, 3, RandomSource(seed: 6))
    let kernel = chain.layers[0].kernels[0]
    let decoder = chain.layers[1].kernels[0]
    let before = kernel[2, 1]
    let gradient = (0..<15).map { Double($0 + 1) }
    try optimizer.step([kernel.parameter], [gradient])
    #expect(kernel.parameter === chain.parameters[0])
    #expect(kernel[2, 1] != before)
    #expect(decoder[1, 2] == kernel[2, 1])
  }

  @Test("state lasts from step to step and belongs to one optimizer", arguments: statefulNames)
  func stateLasts(name: String) throws {
    let optimizer = try #require(Self.golden(name, rate: 0.1))
    let twoSteps = try run(optimizer, [[1, 2], [3, -1]])
    // A fresh optimizer for the second step has no memory of the first.
    let parameter = Parameter("w", twoSteps[0])
    try #require(Self.golden(name, rate: 0.1)).step([parameter], [[3, -1]])
    #expect(parameter.flat != twoSteps[1])
    // Nor does a second Parameter of the same name inherit anything.
    let again = try run(optimizer, [[1, 2], [3, -1]])
    #expect(again == twoSteps)
    #expect(optimizer.stateSlots == 2)
  }

  @Test("before the first step there is no state; SGD without momentum never keeps any")
  func noState() throws {
    let parameter = Parameter("w", [1.0, -2])
    for name in Self.names {
      let optimizer = try #require(Self.golden(name, rate: 0.1))
      #expect(optimizer.state(of: parameter).isEmpty)
      #expect(optimizer.stateSlots == 0)
    }
    let sgd = SGD(learningRate: 0.1)
    try sgd.step([parameter], [[1, 1]])
    #expect(sgd.state(of: parameter).isEmpty)
  }

  @Test("the state of SGD with momentum and of RMSProp is the velocity and the mean square")
  func stateNames() throws {
    let parameter = Parameter("w", [1.0, -2])
    let momentum = SGD(learningRate: 0.1, momentum: 0.9)
    try momentum.step([parameter], [[3, 4]])
    #expect(momentum.state(of: parameter) == ["velocity": [3, 4]])
    let rmsprop = RMSProp(learningRate: 0.1, smoothing: 0.75)
    try rmsprop.step([parameter], [[2, 4]])
    #expect(rmsprop.state(of: parameter) == ["square": [1, 4]])
  }

  @Test(
    "in Float the arithmetic is Double's, rounded once when the value is written",
    arguments: names)
  func floatParameters(name: String) throws {
    let single = Parameter<Float>("w", [1, -2])
    let double = Parameter("w", [1.0, -2])
    try #require(Self.golden(name, rate: 0.1)).step([single], [[0.3, 0.7]])
    try #require(Self.golden(name, rate: 0.1)).step([double], [[0.3, 0.7]])
    #expect(single.flat == double.flat.map { Double(Float($0)) })
  }

  @Test("gradients that do not fit the parameters are errors", arguments: names)
  func mismatches(name: String) throws {
    let optimizer = try #require(Self.golden(name, rate: 0.1))
    let parameter = Parameter("w", [1.0, -2])
    let missing = #expect(throws: ShapeMismatch.self) { try optimizer.step([parameter], []) }
    #expect(
      missing?.description
        == "optimizer step: got 0 gradients, expected 1, one for each parameter.")
    let other = Parameter("v", [5.0])
    let short = #expect(throws: ShapeMismatch.self) {
      try optimizer.step([other, parameter], [[1], [1]])
    }
    #expect(
      short?.description
        == "optimizer step of w [2]: got a gradient of 1 elements, expected 2.")
    // Half a step would be worse than none.
    #expect(parameter.flat == [1, -2])
    #expect(other.flat == [5])
    #expect(optimizer.stateSlots == 0)
  }
}
