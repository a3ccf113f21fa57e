import GSLKit
import GradientCheck
import TiedLayers

/// Two parameters over one memory.
package struct AliasedStorage: Fault {
  package let id = "aliased-storage"
  package let summary =
    "two parameters share one memory: the values agree for ever, and the optimizer sees two "
    + "parameters"
  package let lesson =
    "Shared memory is not a tie. Each name has a gradient and a state of its own, and every "
    + "step writes twice into the same numbers. SGD and momentum come out right by linearity; "
    + "Adam and weight decay do not."
  package let source = "PyTorch tutorials: nn.Parameter(W.t())"
  package let convictor = Convictor.updates
  package let diagnosis = "state-per-use"
  package let alike = ["one-state-per-use"]
  package let explanation = FaultExplanation(
    tempting:
      "The values agree at every step, which is what people test.",
    formula:
      "W moves by A(G_enc), then by A(G_dec^T); decay acts twice",
    swift: """
      let decoder = Dense("decoder", kernel: encoder.kernel.transposed)   // the same Parameter
      """,
    keras: """
      # Keras variables own their memory: the nearest mistake is assigning after every step
      decoder.kernel.assign(keras.ops.transpose(encoder.kernel))   # wrong: still two variables
      """,
    pytorch: """
      decoder.weight = nn.Parameter(encoder.weight.t())   # wrong: a view, but a second parameter
      y = F.linear(h, encoder.weight.t(), c)              # right
      """)

  package init() {}

  package func wrong(_ subject: UpdateSubject) -> UpdateSubject {
    subject.replacingTrainer { Aliasing(subject.makeTrainer()) }
  }
}

/// Another name for the memory of a parameter.
private final class Alias: AnyParameter {
  private let original: any AnyParameter
  let name: String

  init(_ original: any AnyParameter, named name: String) {
    self.original = original
    self.name = name
  }

  var shape: [Int] { original.shape }
  var count: Int { original.count }
  subscript(index: Int) -> Double {
    get { original[index] }
    set { original[index] = newValue }
  }
  var flat: [Double] {
    get { original.flat }
    set { original.flat = newValue }
  }
  var fixedRows: Set<Int> {
    get { original.fixedRows }
    set { original.fixedRows = newValue }
  }
  func rounded(_ value: Double) -> Double { original.rounded(value) }
  var unitRoundoff: Double { original.unitRoundoff }
}

/// Gives the optimizer a parameter of its own for each use, all over the same memory.
private final class Aliasing: Trainer {
  private let trainer: any Trainer
  private var aliases: [ObjectIdentifier: [String: Alias]] = [:]

  init(_ trainer: any Trainer) { self.trainer = trainer }

  func step(_ parameters: [any AnyParameter], contributions: [LayerContribution]) throws {
    var list: [any AnyParameter] = []
    var gradients: [[Double]?] = []
    for p in parameters.indices {
      for contribution in contributions {
        guard let gradient = contribution.gradients[p] else { continue }
        list.append(alias(of: parameters[p], for: contribution.layer))
        gradients.append(gradient)
      }
    }
    try trainer.step(
      list, contributions: [LayerContribution(layer: "all", gradients: gradients)])
  }

  private func alias(of parameter: any AnyParameter, for layer: String) -> Alias {
    let id = ObjectIdentifier(parameter)
    if let known = aliases[id]?[layer] { return known }
    let alias = Alias(parameter, named: "\(parameter.name) of \(layer)")
    aliases[id, default: [:]][layer] = alias
    return alias
  }

  /// What all names of a parameter together remember: for a linear optimizer, what one would.
  func state(of parameter: any AnyParameter) -> [String: [Double]] {
    let names = aliases[ObjectIdentifier(parameter)] ?? [:]
    return names.sorted { $0.key < $1.key }.reduce(into: [:]) { total, name in
      total.merge(trainer.state(of: name.value)) { zip($0, $1).map { $0 + $1 } }
    }
  }

  var stateSlots: Int { trainer.stateSlots }
}
