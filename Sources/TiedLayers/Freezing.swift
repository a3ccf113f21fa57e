/// What does not learn.
public struct Frozen: Sendable {
  /// Parameters that stay where they are, and whose state is not touched, by name.
  public var parameters: Set<String>
  /// Freezes one use of every shared parameter: what the first layer that uses it contributes does
  /// not count, while the others go on moving it.
  public var firstUse: Bool

  /// Nothing is frozen unless it is named here.
  public init(parameters: Set<String> = [], firstUse: Bool = false) {
    self.parameters = parameters
    self.firstUse = firstUse
  }
}

/// Trains everything but what is frozen.
///
/// A frozen parameter is not in the optimizer's list at all. A zero gradient would not do: momentum
/// and weight decay move a parameter without one. A frozen use of a shared parameter is another
/// matter: the parameter moves, by what its other uses contribute.
package final class Freezing: Trainer {
  private let trainer: any Trainer
  private let frozen: Frozen

  package init(_ trainer: any Trainer, _ frozen: Frozen) {
    self.trainer = trainer
    self.frozen = frozen
  }

  package func step(_ parameters: [any AnyParameter], contributions: [LayerContribution]) throws {
    let live = parameters.indices.filter { !frozen.parameters.contains(parameters[$0].name) }
    let firstUses = parameters.indices.map { p -> Int? in
      let users = contributions.indices.filter { contributions[$0].gradients[p] != nil }
      return frozen.firstUse && users.count > 1 ? users[0] : nil
    }
    try trainer.step(
      live.map { parameters[$0] },
      contributions: contributions.enumerated().map { l, contribution in
        LayerContribution(
          layer: contribution.layer,
          gradients: live.map { firstUses[$0] == l ? nil : contribution.gradients[$0] })
      })
  }

  package func state(of parameter: any AnyParameter) -> [String: [Double]] {
    trainer.state(of: parameter)
  }

  package var stateSlots: Int { trainer.stateSlots }
}
