import GSLKit
import GradientCheck
import TiedLayers

/// One fault put into one model: what to check with it, and what without.
package struct FaultInjection: Sendable {
  /// nil for the model as it is.
  package let fault: (any Fault)?

  package init(_ fault: (any Fault)?) { self.fault = fault }

  /// The objective with the fault, made from the one without.
  /// - Throws: `FaultNotApplicable`.
  package func wrong<S: Scalar>(_ right: ChainObjective<S>) throws -> ChainObjective<S> {
    ChainObjective(
      try fault?.wrong(right.network) ?? right.network, input: right.input, target: right.target)
  }

  /// The objective without the fault, with whatever the fault needs to be there.
  package func right<S: Scalar>(_ right: ChainObjective<S>) throws -> ChainObjective<S> {
    ChainObjective(
      try fault?.right(right.network) ?? right.network, input: right.input, target: right.target)
  }

  /// The ways to train that are checked, right ones.
  package func rightSubjects(_ subjects: [UpdateSubject]) -> [UpdateSubject] {
    subjects + (fault?.subjects ?? [])
  }

  /// The same with the fault.
  package func wrongSubjects(_ subjects: [UpdateSubject]) -> [UpdateSubject] {
    rightSubjects(subjects).map { fault?.wrong($0) ?? $0 }
  }

  /// How the model is handled.
  package var wrongHandling: ModelHandling { fault?.wrong(ModelHandling.right) ?? .right }
}

extension Chain {
  /// The sets of uses that share a kernel, by the names that a tie check takes.
  package var kernelTies: [[String]] {
    parameters.filter { $0.shape.count == 2 }.map { parameter in
      layers.flatMap { layer in
        layer.slots.filter { $0.parameter === parameter }.map {
          $0.isRepeated ? "\(layer.name) \($0.name)" : layer.name
        }
      }
    }.filter { $0.count > 1 }
  }

  /// The sets of layers that share a bias.
  package var biasTies: [[String]] {
    uniqued(layers.flatMap { $0.biases }).map { bias in
      layers.filter { $0.biases.contains { $0 === bias } }.map(\.name)
    }.filter { $0.count > 1 }
  }
}
