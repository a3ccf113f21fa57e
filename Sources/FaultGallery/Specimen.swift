import GSLKit
import GradientCheck
import TiedLayers

/// One fault put into one model: what to check with it, and what without.
public struct Specimen: Sendable {
  /// nil for the model as it is.
  public let fault: (any Fault)?

  public init(_ fault: (any Fault)?) { self.fault = fault }

  /// The objective with the fault, made from the one without.
  /// - Throws: `FaultNotApplicable`.
  public func wrong<S: Scalar>(_ right: ChainObjective<S>) throws -> ChainObjective<S> {
    ChainObjective(
      try fault?.wrong(right.network) ?? right.network, input: right.input, target: right.target)
  }

  /// The objective without the fault, with whatever the fault needs to be there.
  public func right<S: Scalar>(_ right: ChainObjective<S>) throws -> ChainObjective<S> {
    ChainObjective(
      try fault?.right(right.network) ?? right.network, input: right.input, target: right.target)
  }

  /// The ways to train that are checked, right ones.
  public func rightSubjects(_ subjects: [UpdateSubject]) -> [UpdateSubject] {
    subjects + (fault?.subjects ?? [])
  }

  /// The same with the fault.
  public func wrongSubjects(_ subjects: [UpdateSubject]) -> [UpdateSubject] {
    rightSubjects(subjects).map { fault?.wrong($0) ?? $0 }
  }

  /// How the model is handled.
  public var wrongHandling: ModelHandling { fault?.wrong(ModelHandling.right) ?? .right }
}

extension Chain {
  /// The sets of layers that share a kernel.
  public var kernelTies: [[String]] {
    ties { $0.kernels.map(\.parameter) }
  }

  /// The sets of layers that share a bias.
  public var biasTies: [[String]] {
    ties { $0.biases }
  }

  private func ties(_ held: (any Layer<S>) -> [Parameter<S>]) -> [[String]] {
    uniqued(layers.flatMap(held)).map { parameter in
      layers.filter { held($0).contains { $0 === parameter } }.map(\.name)
    }.filter { $0.count > 1 }
  }
}
