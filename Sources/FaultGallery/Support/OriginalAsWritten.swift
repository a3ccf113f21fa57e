import GSLKit
import GradientCheck
import TiedLayers
import TiedModels

/// A model that ships with a fault of the gallery in it.
package protocol FaultyModel: Model {
  var fault: any Fault { get }
}

/// The pair of the question as the well-known answer has it: the second layer copies the kernel on each
/// call, and adds the bias of the first.
struct OriginalAsWritten: FaultyModel {
  /// The pair as it was meant.
  private let pair = OriginalPair()

  let fault: any Fault = DetachedCopy()
  let name = "original-as-written"
  let summary = "the pair as the well-known answer has it, with a copy of the kernel"
  var usual: ModelChoices {
    var usual = pair.usual
    usual.biasShared = true
    return usual
  }
  let options: Set<ModelOption> = [.loss, .biasShared]
  var refusal: ChoiceSentence { pair.refusal }
  var usualData: String { pair.usualData }
  let smallSizes: [ModelChoices] = []

  func check(_ choices: ModelChoices, data: String) throws {
    try pair.check(choices, data: data, model: name)
  }

  func title(_ choices: ModelChoices) -> String { "original pair as written" }
  func kernels(_ choices: ModelChoices) -> [KernelShape] { pair.kernels(choices) }
  func ties(_ choices: ModelChoices) -> [[String]] { pair.ties(choices) }

  func chain<S: Scalar>(_ choices: ModelChoices, random: RandomSource) throws -> Chain<S> {
    try pair.chain(choices, random: random)
  }
}

/// Every model that `--model` knows: the right ones, and after the pair of the question the same pair as
/// it was written.
package enum ModelCatalogue {
  package static let all: [any Model] = Models.all.flatMap { model -> [any Model] in
    model.name == OriginalPair().name ? [model, OriginalAsWritten()] : [model]
  }

  /// A model by its name.
  package static func named(_ name: String) -> (any Model)? { all.first { $0.name == name } }
}
