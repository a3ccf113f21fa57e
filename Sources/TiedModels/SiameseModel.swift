import GSLKit
import TiedLayers

extension Models {
  /// Two towers features -> hidden[0] -> ... over the same kernels and biases, and the distance between
  /// what they make of the two of a pair: input batch x (2 * features), output batch x 1, for the
  /// contrastive loss.
  package static func siamese<S: Scalar>(
    features: Int, hidden: [Int], activation: ElementwiseFunction = .tanh, random: RandomSource,
    as type: S.Type = S.self
  ) throws -> Chain<S> {
    precondition(features > 0 && !hidden.isEmpty && hidden.allSatisfy { $0 > 0 })
    let widths = [features] + hidden
    func label(_ word: String, _ i: Int) -> String { hidden.count == 1 ? word : "\(word)\(i + 1)" }
    let towers = hidden.indices.map { i in
      Siamese<S>(
        label("towers", i),
        kernel: Kernel(label("W", i), glorot(widths[i], widths[i + 1], random)),
        bias: bias(label("b", i), widths[i + 1], random), activation: activation)
    }
    return Chain(towers + [PairDistance<S>("distance")] as [any Layer<S>])
  }
}

/// Two towers on pairs of samples.
struct SiameseModel: Model {
  let name = "siamese"
  let summary = "two towers over one kernel, and the contrastive loss of pairs"
  var usual: ModelChoices { ModelChoices(features: 64) }
  let options: Set<ModelOption> = [.features, .hidden, .activation, .loss, .untied]
  let refusal: ChoiceSentence = "It ends in a distance."
  var smallSizes: [ModelChoices] {
    [[4, 3], [3, 3], [4, 3, 2]].map { widths in
      ModelChoices(features: widths[0], hidden: Array(widths.dropFirst()), batch: 6)
    }
  }

  func title(_ choices: ModelChoices) -> String {
    let widths = ([choices.features] + choices.hidden).map(String.init).joined(separator: "-")
    return "\(choices.isUntied ? "untied" : "tied") siamese towers \(widths)"
  }

  func kernels(_ choices: ModelChoices) -> [KernelShape] {
    zip([choices.features] + choices.hidden, choices.hidden).map { KernelShape($0, $1, uses: 2) }
  }

  func ties(_ choices: ModelChoices) -> [[String]] {
    choices.hidden.indices.map { i in
      let layer = choices.hidden.count == 1 ? "towers" : "towers\(i + 1)"
      return ["\(layer) left", "\(layer) right"]
    }
  }

  func loss(_ choices: ModelChoices) -> Loss { .contrastive }

  func chain<S: Scalar>(_ choices: ModelChoices, random: RandomSource) throws -> Chain<S> {
    try Models.siamese(
      features: choices.features, hidden: choices.hidden, activation: choices.activation,
      random: random)
  }

  /// Each sample with another one: by turns one that shows the same (target 0) and one that does not
  /// (target 1), where there is such a one. Where nobody knows what samples show, any other will do.
  func batch(
    _ samples: Samples, _ choices: ModelChoices, random: RandomSource
  ) throws -> (input: Matrix<Double>, target: Matrix<Double>) {
    let values = samples.values
    guard values.rows > 1 else {
      throw ModelChoiceError(
        """
        \(.batch) is 1, and \(.model(name)) makes pairs of the batch's samples: it takes at least 2.
        """
      )
    }
    var input = Matrix<Double>(rows: values.rows, columns: 2 * values.columns)
    var target = Matrix<Double>(rows: values.rows, columns: 1)
    for i in 0..<values.rows {
      var isApart = i % 2 == 1
      let others = random.permutation(of: values.rows).filter { $0 != i }
      var partner = others[0]
      if let labels = samples.labels {
        partner = others.first { (labels[$0] != labels[i]) == isApart } ?? partner
        isApart = labels[partner] != labels[i]
      }
      for j in 0..<values.columns {
        input[i, j] = values[i, j]
        input[i, values.columns + j] = values[partner, j]
      }
      target[i, 0] = isApart ? 1 : 0
    }
    return (input, target)
  }
}
