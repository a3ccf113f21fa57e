import GSLKit
import GradientCheck
import TiedLayers

/// An optimizer that holds the parameter from before.
package struct StaleOptimizer: Fault {
  package let id = "stale-optimizer"
  package let summary =
    "the optimizer was made before the shared kernel was replaced, and steps the one that nobody reads"
  package let lesson =
    "Resizing a table, tying, or loading may put a new parameter into the model. An optimizer that was "
    + "made before goes on stepping the old one: the gradient is right, the loss hardly moves, and no error "
    + "is raised. Make the optimizer last, and after every change ask whether it holds what the model holds."
  package let source = "transformers#3519, #3532"
  package let convictor = Convictor.updates
  package let diagnosis = "not-moved"
  package let explanation = FaultExplanation(
    tempting:
      "The optimizer is made where the model is, and the vocabulary grows later.",
    formula:
      "W' moves by A(G); W, which the model reads, not at all",
    swift: """
      let optimizer = Adam(learningRate: 0.01)          // has no list of its own:
      try optimizer.step(chain.parameters, gradients)   // it is given the model's, at every step
      """,
    keras: """
      optimizer.build(model.trainable_variables)   # wrong before the table is replaced
      optimizer = keras.optimizers.Adam()          # right: made anew afterwards
      optimizer.build(model.trainable_variables)
      """,
    pytorch: """
      opt = Adam(model.parameters())
      model.resize_token_embeddings(n)   # wrong after the optimizer: a new parameter
      held = {id(p) for g in opt.param_groups for p in g["params"]}
      assert all(id(p) in held for p in model.parameters() if p.requires_grad)   # right
      """)

  package init() {}

  package func wrong(_ subject: UpdateSubject) -> UpdateSubject {
    // Of what one use is frozen the other one moves, or nothing does: that is another lesson.
    guard !subject.frozen.firstUse else { return subject }
    return subject.replacingTrainer { SteppingTheOld(subject.makeTrainer()) }
  }
}

/// Steps copies of the shared parameters, made at the first step, in their place.
private final class SteppingTheOld: Trainer {
  private let trainer: any Trainer
  private var old: [ObjectIdentifier: Parameter<Double>] = [:]

  init(_ trainer: any Trainer) { self.trainer = trainer }

  func step(_ parameters: [any AnyParameter], contributions: [LayerContribution]) throws {
    let shared = sharedParameters(parameters, contributions)
    let held = parameters.indices.map { p -> any AnyParameter in
      shared[p] ? copy(of: parameters[p]) : parameters[p]
    }
    try trainer.step(held, contributions: contributions)
  }

  private func copy(of parameter: any AnyParameter) -> Parameter<Double> {
    let id = ObjectIdentifier(parameter)
    if let known = old[id] { return known }
    let copy = Parameter<Double>(parameter.name, parameter.flat)
    old[id] = copy
    return copy
  }

  func state(of parameter: any AnyParameter) -> [String: [Double]] {
    trainer.state(of: old[ObjectIdentifier(parameter)] ?? parameter)
  }
  var stateSlots: Int { trainer.stateSlots }
}
