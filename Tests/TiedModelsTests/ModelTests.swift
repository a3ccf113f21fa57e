import Foundation
import GSLKit
import Testing
import TiedLayers
import TiedLayersTestSupport
import TiedModels

/// Every model that ships, at its small sizes and at its usual one, tied and untied.
@Suite("Model")
struct ModelTests {
  struct Choice: CustomTestStringConvertible, Sendable {
    let model: any Model
    let choices: ModelChoices
    var testDescription: String { "\(model.name) \(choices.features)-\(choices.hidden)" }

    static let all = Models.all.flatMap { model in
      ([model.usual] + model.smallSizes).map { choices in
        var choices = choices
        choices.isUntied = model.isUntied
        return Choice(model: model, choices: choices)
      }
    }

    func make<S: Scalar>(
      untied: Bool = false, as type: S.Type = S.self
    ) throws -> ModelFile<S> {
      let random = RandomSource(seed: 4)
      var choices = choices
      choices.isUntied = choices.isUntied || untied
      let samples = Samples(random.matrix(rows: choices.batch, columns: choices.features))
      let batch = try model.batch(samples, choices, random: random)
      return ModelFile(
        network: try model.network(choices, random: random),
        input: batch.input.converted(to: type), target: batch.target.converted(to: type))
    }
  }

  /// For each slot the place of its Parameter: equal for chains that are tied alike.
  private func bindings<S: Scalar>(_ chain: Chain<S>) -> [[Int]] {
    chain.layers.map { layer in
      layer.slots.map { slot in chain.parameters.firstIndex { $0 === slot.parameter }! }
    }
  }

  /// The values of each slot as its layer sees them.
  private func seen<S: Scalar>(_ chain: Chain<S>) -> [[S]] {
    chain.layers.flatMap { layer in
      layer.slots.map {
        $0.isTransposed ? $0.parameter.values.transposed.elements : $0.parameter.values.elements
      }
    }
  }

  @Test("models have names of their own and are found by them")
  func names() {
    #expect(Set(Models.all.map(\.name)).count == Models.all.count)
    for model in Models.all { #expect(Models.named(model.name)?.name == model.name) }
    #expect(Models.named("no such model") == nil)
  }

  @Test("a model's ties are there, and its kernels have the shapes it says", arguments: Choice.all)
  func ties(choice: Choice) throws {
    let (model, choices) = (choice.model, choice.choices)
    let chain: Chain<Double> = try model.chain(choices, random: RandomSource(seed: 4))
    for tie in model.ties(choices) {
      let held = tie.map { name in
        chain.layers.flatMap { layer in
          layer.slots.filter { layer.name == name || "\(layer.name) \($0.name)" == name }
            .map(\.parameter).filter { $0.shape.count == 2 }
        }
      }
      #expect(held.allSatisfy { !$0.isEmpty }, "\(tie)")
      #expect(
        held[0].contains { first in held.allSatisfy { $0.contains { $0 === first } } }, "\(tie)")
    }
    let kernels = chain.parameters.filter { $0.shape.count == 2 }
    #expect(kernels.map(\.shape) == model.kernels(choices).map { [$0.rows, $0.columns] })
    #expect(
      kernels.map { kernel in
        chain.layers.reduce(0) { $0 + $1.slots.count { $0.parameter === kernel } }
      } == model.kernels(choices).map(\.uses))
  }

  @Test("the loss is a number, and the untied twin's the same", arguments: Choice.all)
  func value(choice: Choice) throws {
    let (tied, untied) = (
      try choice.make(as: Double.self), try choice.make(untied: true, as: Double.self)
    )
    let value = try tied.network.value(tied.input, target: tied.target)
    #expect(value.isFinite && value > 0)
    #expect(try untied.network.value(untied.input, target: untied.target) == value)
    let slots = untied.network.chain.layers.reduce(0) { $0 + $1.slots.count }
    #expect(untied.network.chain.parameters.count == slots)
    #expect(seen(tied.network.chain) == seen(untied.network.chain))
  }

  @Test("saving and loading keeps numbers, ties and bytes", arguments: Choice.all)
  func saved(choice: Choice) throws {
    for untied in [false, true] {
      let model: ModelFile<Double> = try choice.make(untied: untied)
      let bytes = try model.json()
      let again = try ModelFile<Double>(json: bytes)
      #expect(try again.json() == bytes)
      #expect(bindings(again.network.chain) == bindings(model.network.chain))
      #expect(seen(again.network.chain) == seen(model.network.chain))
      #expect(again.network.chain.layers.map(\.kind) == model.network.chain.layers.map(\.kind))
      #expect(
        try again.network.value(again.input, target: again.target)
          == model.network.value(model.input, target: model.target))
    }
  }

  @Test("another precision keeps ties, and the numbers rounded once", arguments: Choice.all)
  func converted(choice: Choice) throws {
    for untied in [false, true] {
      let chain = try choice.make(untied: untied, as: Double.self).network.chain
      let single: Chain<Float> = try chain.converted()
      #expect(bindings(single) == bindings(chain))
      let rounded: [[Float]] = seen(chain).map { $0.map { Float($0) } }
      #expect(seen(single) == rounded)
      #expect(single.layers.map(\.name) == chain.layers.map(\.name))
      #expect(single.layers.map(\.kind) == chain.layers.map(\.kind))
    }
  }

  @Test("a setting allows what it says")
  func settings() {
    let steps = ModelSetting("steps", "how many", whole: 4, in: 1...8)
    #expect(steps.allows(8) && !steps.allows(9) && !steps.allows(1.5) && !steps.allows(.nan))
    #expect(steps.expected == "a whole number from 1 to 8")
    let margin = ModelSetting("margin", "how far", number: 1, in: 0...2)
    #expect(margin.allows(0.5) && !margin.allows(-0.1))
    #expect(margin.expected == "a number from 0.0 to 2.0")
  }
}
