import GSLKit
import TiedLayers

/// One kernel in every layer of a deep network, now as it is and now transposed, with a bias for each
/// layer: what an autoencoder does once, over and over.
struct SharedModel: Model {
  var name: String { "shared" }
  var summary: String { "dense layers of any depth on one kernel, turned round again and again" }
  var usual: ModelChoices { ModelChoices(features: 64) }
  var options: Set<ModelOption> { Set(ModelOption.allCases).subtracting([.biasShared]) }
  var refusal: ChoiceSentence { "Its layers have biases of their own." }
  var settings: [ModelSetting] {
    [
      ModelSetting("uses", "how many layers use the kernel", whole: 4, in: 2...64),
      ModelSetting(
        "run", "how many in a row use it the same way; more than 1 needs equal widths", whole: 1,
        in: 1...64),
    ]
  }
  var smallSizes: [ModelChoices] {
    [(4, 3, 4, 1), (4, 4, 4, 1), (3, 3, 5, 3)].map { features, hidden, uses, run in
      ModelChoices(
        features: features, hidden: [hidden], batch: 7, outputActivation: .identity,
        settings: ["uses": Double(uses), "run": Double(run)])
    }
  }

  private func uses(_ choices: ModelChoices) -> Int { choices.whole("uses", of: self) }

  private func isTransposed(_ layer: Int, _ choices: ModelChoices) -> Bool {
    layer / choices.whole("run", of: self) % 2 == 1
  }

  func check(_ choices: ModelChoices, data: String) throws {
    guard choices.hidden.count == 1 else {
      throw ModelChoiceError(
        """
        \(.model(name)) has one kernel; \(.option(.hidden)) gives \(choices.hidden.count) widths. \
        Give one, and choose the depth by \(.setting("uses=n")).
        """)
    }
    let (features, hidden) = (choices.features, choices.hidden[0])
    guard features != hidden else { return }
    guard choices.whole("run", of: self) == 1 else {
      throw ModelChoiceError(
        """
        \(.setting("run=\(choices.whole("run", of: self))")) needs a square kernel, and this one is \
        \(features) x \(hidden): used twice in a row it must be turned round. Choose equal widths.
        """)
    }
    guard uses(choices) % 2 == 0 else {
      throw ModelChoiceError(
        """
        \(.setting("uses=\(uses(choices))")) with a kernel of \(features) x \(hidden) ends at width \
        \(hidden), and the data are its target. Choose an even number, or equal widths.
        """)
    }
  }

  func title(_ choices: ModelChoices) -> String {
    "\(uses(choices)) layers on \(choices.isUntied ? "kernels" : "one kernel") "
      + "\(choices.features) x \(choices.hidden[0])\(choices.isUntied ? " of their own, untied" : "")"
  }

  func kernels(_ choices: ModelChoices) -> [KernelShape] {
    [KernelShape(choices.features, choices.hidden[0], uses: uses(choices))]
  }

  func ties(_ choices: ModelChoices) -> [[String]] { [(1...uses(choices)).map { "layer\($0)" }] }

  func chain<S: Scalar>(_ choices: ModelChoices, random: RandomSource) throws -> Chain<S> {
    let kernel = Kernel<S>("W", Models.glorot(choices.features, choices.hidden[0], random))
    let uses = uses(choices)
    return Chain(
      (0..<uses).map { i in
        let own = isTransposed(i, choices) ? kernel.transposed : kernel
        return Dense(
          "layer\(i + 1)", kernel: own, bias: Models.bias("b\(i + 1)", own.columns, random),
          activation: i == uses - 1 ? choices.outputActivation : choices.activation)
      })
  }
}
