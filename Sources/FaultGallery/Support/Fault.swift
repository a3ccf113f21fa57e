import GSLKit
import GradientCheck
import TiedLayers

/// Which check convicts a fault.
package enum Convictor: String, Codable, Sendable, CaseIterable {
  /// The gradient check against the live loss.
  case gradient
  /// The tie check: identity, paths, sum rule, whether a layer follows its kernel.
  case tie
  /// The update check: steps and state against a single-kernel reference.
  case updates
  /// The structure check: counts, saving, converting, the forward pass, single samples.
  case structure
}

/// A bug that people really had with tied weights, as a deliberately wrong twin of a right model, a
/// right training or a right way to handle a model. It changes its fault and nothing else.
package protocol Fault: Sendable {
  /// As `--fault` takes it, such as "detached-copy".
  var id: String { get }
  /// What goes wrong, in one line.
  var summary: String { get }
  /// What to learn from it.
  var lesson: String { get }
  /// The rest of the lesson, with code.
  var explanation: FaultExplanation { get }
  /// Who had it.
  var source: String { get }
  /// The check that must convict it.
  var convictor: Convictor { get }
  /// The id of the diagnosis that must be given.
  var diagnosis: String { get }
  /// The trace it leaves, where that must be measured for itself before the diagnosis can be given.
  var mistake: (any MeasuredMistake)? { get }
  /// The ids of faults that no check can tell from this one: they leave the same trace.
  var alike: [String] { get }
  /// The batch whose step is the first to show it; of what is no matter of training, the first.
  var firstBatch: Int { get }
  /// Ways to train that show the fault, beyond those that are checked anyway; right ones.
  var subjects: [UpdateSubject] { get }

  /// The right twin: the network with whatever the fault needs to be there, such as a regulariser.
  func right<S: Scalar>(_ network: Network<S>) throws -> Network<S>
  /// The wrong twin of a network.
  func wrong<S: Scalar>(_ network: Network<S>) throws -> Network<S>
  /// The wrong twin of a model; the model itself where the fault lies elsewhere.
  /// - Throws: `FaultNotApplicable`, for either kind, where the model has no tie to go wrong.
  func wrong<S: Scalar>(_ chain: Chain<S>) throws -> Chain<S>
  /// The wrong twin of a way to train; the same where the fault lies elsewhere.
  func wrong(_ subject: UpdateSubject) -> UpdateSubject
  /// The wrong twin of what is done with a model; the same where the fault lies elsewhere.
  func wrong(_ handling: ModelHandling) -> ModelHandling
}

extension Fault {
  package var mistake: (any MeasuredMistake)? { nil }
  package var alike: [String] { [] }
  package var firstBatch: Int { 1 }
  package var subjects: [UpdateSubject] { [] }

  package func right<S: Scalar>(_ network: Network<S>) throws -> Network<S> { network }

  package func wrong<S: Scalar>(_ network: Network<S>) throws -> Network<S> {
    var twin = network
    twin.chain = try wrong(network.chain)
    return twin
  }

  package func wrong<S: Scalar>(_ chain: Chain<S>) throws -> Chain<S> {
    // A wrong training of a model that shares nothing would be a right one.
    _ = try chain.tiedPair(for: id)
    return chain
  }

  package func wrong(_ subject: UpdateSubject) -> UpdateSubject { subject }
  package func wrong(_ handling: ModelHandling) -> ModelHandling { handling }
}

/// A fault needs something that this model does not have.
package struct FaultNotApplicable: Error, Equatable, CustomStringConvertible {
  package let description: String

  init(_ id: String, needs: String, instead: String = "Choose a tied model.") {
    description = "the fault \"\(id)\" needs \(needs). \(instead)"
  }
}

extension Chain {
  /// A use of a kernel: a layer and one of its slots.
  typealias KernelUse = (layer: Int, slot: Int)

  /// The last use of a kernel that has an earlier one, and the first of those: in two layers, or within
  /// one.
  func tiedUses(for fault: String) throws -> (first: KernelUse, last: KernelUse) {
    let uses = layers.enumerated().flatMap { l, layer in
      layer.kernels.enumerated().map { (layer: l, slot: $0, parameter: $1.parameter) }
    }
    for (i, last) in uses.enumerated().reversed() {
      if let first = uses[..<i].first(where: { $0.parameter === last.parameter }) {
        return ((first.layer, first.slot), (last.layer, last.slot))
      }
    }
    throw FaultNotApplicable(fault, needs: "two uses of one kernel")
  }

  /// Makes sure that two layers share a kernel.
  func requireTiedLayers(for fault: String, else reason: String) throws {
    _ = try tiedUses(for: fault)
    let isShared = parameters.contains { parameter in
      layers.count { $0.kernels.contains { $0.parameter === parameter } } > 1
    }
    guard isShared else {
      throw FaultNotApplicable(fault, needs: "two layers that share a kernel", instead: reason)
    }
  }

  /// The layers of these two uses, which may be one.
  func tiedPair(for fault: String) throws -> (first: Int, last: Int) {
    let pair = try tiedUses(for: fault)
    return (pair.first.layer, pair.last.layer)
  }

  /// A layer that ends in an elementwise activation, as the wrong twins of layers need.
  func activatedLayer(_ l: Int, for fault: String) throws -> any ActivatedLayer<S> {
    guard let layer = layers[l] as? any ActivatedLayer<S> else {
      throw FaultNotApplicable(fault, needs: "a layer that ends in an elementwise activation")
    }
    return layer
  }
}
