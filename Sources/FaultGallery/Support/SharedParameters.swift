import GradientCheck
import TiedLayers

/// Which parameters more than one layer uses.
func sharedParameters(
  _ parameters: [any AnyParameter], _ contributions: [LayerContribution]
) -> [Bool] {
  parameters.indices.map { p in
    contributions.count { $0.gradients[p] != nil } > 1
  }
}

extension UpdateSubject {
  /// The same subject, trained in another way and still compared with the same reference.
  func replacingTrainer(_ makeTrainer: @escaping @Sendable () -> any Trainer) -> UpdateSubject {
    UpdateSubject(reference, frozen: frozen, named: name, makeTrainer: makeTrainer)
  }
}
