import Testing
import TiedLayers

@testable import GradientCheck

struct UpdateReferenceTests {
  /// The trajectories were computed elsewhere; here the reference alone trains the network.
  @Test(arguments: Golden.names)
  func reproducesEveryGoldenTrajectory(name: String) throws {
    let golden = try Golden.load(name)
    let objective = try Golden.objective(name)
    let parameters = objective.parameters
    let start = parameters.map(\.flat)
    #expect(golden.trajectories.count == 7)
    for (optimizer, trajectory) in golden.trajectories.sorted(by: { $0.key < $1.key }) {
      for (parameter, values) in zip(parameters, start) { parameter.flat = values }
      var run = UpdateReference.Run(
        reference: golden.reference(optimizer),
        elements: start.map { $0.map { UpdateReference.Element(value: $0) } },
        rounded: parameters.map { _ in { $0 } })
      for _ in 0..<trajectory.steps {
        run.step(try objective.gradients().map { $0! })
        for (p, parameter) in parameters.enumerated() { parameter.flat = run.values(p) }
      }
      for (p, parameter) in parameters.enumerated() {
        let difference = relativeDifference(
          run.values(p), trajectory.final[parameter.name]!.values)
        #expect(difference < 1e-10, "\(optimizer), \(parameter.name)")
      }
    }
  }

  private func element(_ reference: UpdateReference, _ value: Double, _ gradients: [Double])
    -> UpdateReference.Element
  {
    var element = UpdateReference.Element(value: value)
    for gradient in gradients { reference.rule(&element, gradient) }
    return element
  }

  @Test func twoStepsByHand() {
    #expect(element(.sgd(learningRate: 0.5), 1, [2, -1]).value == 0.5)
    #expect(element(.sgd(learningRate: 0.5, weightDecay: 0.5), 1, [2]).value == -0.25)
    // v = 2, then 0.5 * 2 - 1 = 0.
    #expect(element(.momentum(learningRate: 0.5, momentum: 0.5), 1, [2, -1]).value == 0)
    // 2 + 0.5 * 2 = 3, then -1 + 0.5 * 0 = -1.
    #expect(element(.nesterov(learningRate: 0.5, momentum: 0.5), 1, [2, -1]).value == 0)
    // g = 2 + 0.5: v = 2.5.
    #expect(
      element(.momentum(learningRate: 0.5, momentum: 0.5, weightDecay: 0.5), 1, [2]).value == -0.25)
    #expect(
      element(.nesterov(learningRate: 0.5, momentum: 0.5, weightDecay: 0.5), 1, [2]).value == -0.875
    )
    let rms = element(.rmsprop(learningRate: 0.5, smoothing: 0.75, stabilizer: 1), 1, [2])
    #expect(rms.value == 0.5 && rms.second == 1)
    // sqrt(1 + 3).
    #expect(
      element(
        .rmsprop(learningRate: 0.5, smoothing: 0.75, stabilizer: 3, stabilizerPlace: .inside), 1,
        [2]
      ).value == 0.5)
    // g = -0.25 + 0.5: the step goes down.
    #expect(
      element(.adam(learningRate: 0.5, weightDecay: 0.5, stabilizer: 0), 1, [-0.25]).value == 0.5)
    // 1 + 1 for the root of the corrected moment, and 1 + 1 / sqrt(1 - 0.75) for that of the other.
    #expect(element(.adam(learningRate: 1, beta2: 0.75, stabilizer: 1), 1, [1]).value == 0.5)
    let hat = UpdateReference.adam(
      learningRate: 1, beta2: 0.75, stabilizer: 1, stabilizerPlace: .uncorrected)
    #expect(abs(element(hat, 1, [1]).value - 2.0 / 3) < 1e-15)
    // The first step of Adam is rate sign(g), whatever the size of g.
    for gradient in [1e-3, 5, -7] {
      let adam = element(.adam(learningRate: 0.25, stabilizer: 0), 1, [gradient])
      #expect(abs(adam.value - (gradient > 0 ? 0.75 : 1.25)) < 1e-12)
    }
    let adamw = element(.adamw(learningRate: 0.25, weightDecay: 0.5, stabilizer: 0), 1, [3])
    #expect(abs(adamw.value - 0.625) < 1e-12)
  }

  @Test func memoriesCarryTheNamesOfTheModelsOptimizers() {
    var run = UpdateReference.Run(
      reference: .adam(learningRate: 0.1), elements: [[UpdateReference.Element(value: 1)]],
      rounded: [{ $0 }])
    run.step([[2]])
    #expect(Set(run.state(0).keys) == ["first", "second"])
    #expect(UpdateReference.adam(learningRate: 1).keepsState)
    #expect(UpdateReference.momentum(learningRate: 1).keepsState)
    #expect(!UpdateReference.sgd(learningRate: 1).keepsState)
  }

  @Test func whatIsFixedStaysAndDoesNotEnterTheNorm() {
    var run = UpdateReference.Run(
      reference: .adamw(learningRate: 0.1).clipped(to: 2.5), fixed: [[1]],
      elements: [[1, 2, 3].map { UpdateReference.Element(value: $0) }], rounded: [{ $0 }])
    run.step([[3, 100, 4]])
    #expect(run.values(0)[1] == 2)
    #expect(run.values(0)[0] != 1 && run.values(0)[2] != 3)
    // Half of each gradient, a tenth of which the first moment takes.
    let first = run.state(0)["first"]!
    #expect(abs(first[0] - 0.15) < 1e-15 && first[1] == 0 && abs(first[2] - 0.2) < 1e-15)
  }

  @Test func valuesAreRoundedToTheParametersPrecision() {
    var run = UpdateReference.Run(
      reference: .sgd(learningRate: 0.1), elements: [[UpdateReference.Element(value: 1)]],
      rounded: [{ Double(Float($0)) }])
    run.step([[1]])
    #expect(run.values(0) == [Double(Float(0.9))])
  }
}
