import Foundation
import GSLKit
import GradientCheck
import Testing
import TiedLayers

@testable import Calibration

/// The complex step against gradients that another program computed.
@Suite struct CalibrationReferenceTests {
  private static let folder = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("TiedLayersTests/Golden")

  private struct Answers: Decodable {
    let value: Double
    let gradients: [String: Numbers]
  }

  private struct Numbers: Decodable {
    let flat: [Double]

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let rows = try? container.decode([[Double]].self) {
        flat = rows.flatMap { $0 }
      } else {
        flat = try container.decode([Double].self)
      }
    }
  }

  @Test(
    "Golden gradients to 1e-13",
    arguments: [
      "tied-5x5", "seed-shared-bias-5x5", "tied-10x5-tanh", "untied-10x5-tanh",
      "tied-6x4-sigmoid-bce", "deep-tied-8-5-3", "same-kernel-three-times-4x4", "tied-softmax-9x4",
    ])
  func golden(name: String) throws {
    let json = try Data(contentsOf: Self.folder.appendingPathComponent("\(name).json"))
    let answers = try JSONDecoder().decode(Answers.self, from: json)
    let model = try ModelFile<Double>(json: json)
    let objective = ChainObjective(model.network, input: model.input, target: model.target)
    let reference = try #require(ReferenceNetwork(objective))
    #expect(abs(reference.value - answers.value) <= 1e-13 * abs(answers.value))
    for (parameter, gradient) in zip(objective.parameters, reference.gradient) {
      let expected = try #require(answers.gradients[parameter.name]).flat
      let scale = rootMeanSquare(expected)
      for (found, known) in zip(gradient, expected) {
        #expect(abs(found - known) <= 1e-13 * max(abs(known), scale), "\(parameter.name)")
      }
    }
  }

  @Test("Known derivatives, from nothing to far beyond saturation")
  func functions() {
    func slope(_ f: (ComplexNumber) -> ComplexNumber, _ x: Double) -> Double {
      f(ComplexNumber(x, 1e-100)).im / 1e-100
    }
    for x in [-800, -40, -3, -1e-9, 0, 1e-9, 0.5, 3, 40, 800.0] {
      let sigmoid = x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x))
      let opposite = x < 0 ? 1 / (1 + exp(x)) : exp(-x) / (1 + exp(-x))
      let e = exp(-2 * abs(x))
      func expect(_ found: Double, _ known: Double, _ name: String) {
        #expect(abs(found - known) <= 4e-15 * abs(known), "\(name) at \(x)")
      }
      expect(slope(\.hyperbolicTangent, x), 4 * e / (1 + e) / (1 + e), "tanh")
      expect(slope(\.logistic, x), sigmoid * opposite, "sigmoid")
      expect(slope(\.softplus, x), sigmoid, "softplus")
      expect(slope(\.rectified, x), x > 0 ? 1 : 0, "relu")
      if x > 0 { expect(slope(\.logarithm, x), 1 / x, "log") }
      if x > -1 { expect(slope(\.logarithmOfOnePlus, x), 1 / (1 + x), "log1p") }
    }
  }

  @Test("Saturation is a matter of the precision")
  func saturation() throws {
    func isSaturated(_ exponent: Double, _ unitRoundoff: Double) throws -> Bool {
      let kernel = Kernel<Double>("W", try Matrix([[exponent]]))
      let chain = Chain<Double>([Dense("layer", kernel: kernel, activation: .sigmoid)])
      let one = try Matrix<Double>([[1]])
      let network = Network(chain, loss: .meanSquaredError)
      return try #require(ReferenceNetwork(ChainObjective(network, input: one, target: one)))
        .isSaturated(unitRoundoff: unitRoundoff)
    }
    #expect(try !isSaturated(15, Double.unitRoundoff))
    #expect(try !isSaturated(15, Float.unitRoundoff))
    #expect(try isSaturated(-20, Float.unitRoundoff))
    #expect(try !isSaturated(-20, Double.unitRoundoff))
    #expect(try isSaturated(40, Double.unitRoundoff))
  }
}
