import GSLKit
import GradientCheck
import TiedLayers

/// Which check convicts a fault.
public enum Convictor: String, Codable, Sendable, CaseIterable {
  /// The gradient check against the live loss.
  case gradient
  /// The tie check: identity, paths, sum rule, whether a layer follows its kernel.
  case tie
  /// The update check: steps and state against a single-kernel reference.
  case updates
}

/// A bug that people really had with tied weights, as a deliberately wrong twin of a right model or
/// a right training. It changes its fault and nothing else.
public protocol Fault: Sendable {
  /// As `--fault` takes it, such as "detached-copy".
  var id: String { get }
  /// What goes wrong, in one line.
  var summary: String { get }
  /// What to learn from it.
  var lesson: String { get }
  /// Who had it.
  var source: String { get }
  /// The check that must convict it.
  var convictor: Convictor { get }
  /// The id of the diagnosis that must be given; nil where the tie or update check names the finding.
  var diagnosis: String? { get }

  /// The wrong twin of a model; the model itself where the fault lies in training.
  /// - Throws: `FaultNotApplicable`, for either kind, where the model has no tie to go wrong.
  func wrong<S: Scalar>(_ chain: Chain<S>) throws -> Chain<S>
  /// The wrong twin of a way to train; the same where the fault lies in the model.
  func wrong(_ subject: UpdateSubject) -> UpdateSubject
}

extension Fault {
  public func wrong<S: Scalar>(_ chain: Chain<S>) throws -> Chain<S> {
    // A wrong training of a model that shares nothing would be a right one.
    _ = try chain.tiedPair(for: id)
    return chain
  }
  public func wrong(_ subject: UpdateSubject) -> UpdateSubject { subject }
}

/// A fault needs something that this model does not have.
public struct FaultNotApplicable: Error, Equatable, CustomStringConvertible {
  public let description: String

  init(_ id: String, needs: String) {
    description = "the fault \"\(id)\" needs \(needs). Choose a tied model."
  }
}

extension Chain {
  /// The last layer that uses a kernel which an earlier one uses too, and that earlier layer.
  func tiedPair(for fault: String) throws -> (first: Int, last: Int) {
    for last in layers.indices.reversed() {
      let own = Set(layers[last].kernels.map { ObjectIdentifier($0.parameter) })
      if let first = layers.indices.first(where: { l in
        l < last && layers[l].kernels.contains { own.contains(ObjectIdentifier($0.parameter)) }
      }) {
        return (first, last)
      }
    }
    throw FaultNotApplicable(fault, needs: "two layers that share a kernel")
  }
}

/// Every fault, in the order of the gallery.
public enum FaultCatalogue {
  public static let all: [any Fault] = [
    DetachedCopy(), FrozenCopy(), SteppedTwice(), OneStatePerUse(), DecayPerAlias(),
  ]

  public static func fault(_ id: String) -> (any Fault)? { all.first { $0.id == id } }
}
