import GSLKit
import TiedLayers

/// A layer whose forward pass is right and whose backward pass hands in the wrong contribution to
/// what it shares. What is its own it treats rightly, and the cotangent of its input too.
struct WrongBackwardLayer<S: Scalar>: LayerWrapper {
  /// What becomes of a contribution to a shared Parameter, in its own orientation: what is added, nil
  /// for nothing.
  /// - Parameters:
  ///   - own: this layer's right contribution.
  ///   - soFar: what the layers after it have added already.
  typealias Rule = (_ own: Matrix<S>, _ soFar: Matrix<S>) throws -> Matrix<S>?

  var layer: any ActivatedLayer<S>
  private let shared: Set<ObjectIdentifier>
  private let rule: Rule

  init(_ layer: any ActivatedLayer<S>, shared: [Parameter<S>], rule: @escaping Rule) {
    self.layer = layer
    self.shared = Set(shared.map(ObjectIdentifier.init))
    self.rule = rule
  }

  func backward(
    preactivationCotangent: Matrix<S>, at input: Matrix<S>, into gradients: inout Gradients<S>
  ) throws -> Matrix<S> {
    var found = Gradients<S>()
    let inputCotangent = try layer.backward(
      preactivationCotangent: preactivationCotangent, at: input, into: &found)
    for parameter in layer.parameters {
      guard let own = found[parameter] else { continue }
      guard shared.contains(ObjectIdentifier(parameter)) else {
        try gradients.add(own, to: parameter)
        continue
      }
      let zero = Matrix<S>(rows: own.rows, columns: own.columns)
      if let contribution = try rule(own, gradients[parameter] ?? zero) {
        try gradients.add(contribution, to: parameter)
      }
    }
    return inputCotangent
  }
}

/// The two layers of a tied pair.
enum PairMember {
  /// The first to run, and so the last to hand in its gradient.
  case encoder
  case decoder
}

extension Chain {
  /// The chain in which one layer of the tied pair hands in the wrong contribution.
  func withWrongBackward(
    of member: PairMember, fault: String, rule: @escaping WrongBackwardLayer<S>.Rule
  ) throws -> Chain {
    let pair = try tiedPair(for: fault)
    let l = member == .encoder ? pair.first : pair.last
    let others = layers.indices.filter { $0 != l }.flatMap { layers[$0].parameters }
    var twin = self
    twin.layers[l] = WrongBackwardLayer(
      try activatedLayer(l, for: fault), shared: others, rule: rule)
    return twin
  }
}

extension Matrix {
  /// a * self + b * other.
  func combined(_ a: S, with other: Matrix, _ b: S) throws -> Matrix {
    var result = Matrix(rows: rows, columns: columns)
    try result.add(self, scaledBy: a)
    try result.add(other, scaledBy: b)
    return result
  }
}
