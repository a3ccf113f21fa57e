import GSLKit

/// The Euclidean distance of the two halves of a row: batch x (2 * width) to batch x 1. It has no
/// parameters.
///
/// Hadsell, Chopra & LeCun (CVPR 2006), equation 1: D = |G(left) - G(right)|. Where the halves are equal
/// the distance has a corner; its derivative there is 0 by convention, which is the right one for a pair
/// that should be close (its loss is a function of D^2).
public struct PairDistance<S: Scalar>: SavedLayer {
  /// The name that reports call this layer by, unique within its chain.
  public let name: String

  /// A distance layer of that name. It has no parameters.
  public init(_ name: String) { self.name = name }

  /// What the summary calls this layer.
  public var kind: String { "Distance" }

  /// Always empty.
  public var kernels: [Kernel<S>] {
    get { [] }
    set {}
  }

  /// Always empty.
  public var biases: [Parameter<S>] {
    get { [] }
    set {}
  }

  /// The distance of the two halves of each input row: batch x 1 for an input of batch x (2 *
  /// width).
  /// - Throws: `ShapeMismatch` where the rows have no two equal halves.
  public func forward(_ input: Matrix<S>) throws -> Matrix<S> {
    let width = try width(of: input)
    var distances = Matrix<S>(rows: input.rows, columns: 1)
    input.elements.withUnsafeBufferPointer { pairs in
      guard let pairs = pairs.baseAddress else { return }
      for i in 0..<input.rows {
        let left = pairs + 2 * i * width
        distances.elements[i] = S.sumOfSquaredDifferences(left, left + width, width).squareRoot()
      }
    }
    return distances
  }

  /// The cotangent of the input, batch x (2 * width), for one of batch x 1. Nothing is added to
  /// `gradients`.
  /// - Throws: `ShapeMismatch` where the rows have no two equal halves.
  public func backward(
    _ cotangent: Matrix<S>, at input: Matrix<S>, into gradients: inout Gradients<S>
  ) throws -> Matrix<S> {
    let width = try width(of: input)
    let distances = try forward(input)
    try distances.requireShape(of: cotangent, operation: "backward of distance \"\(name)\"")
    var result = Matrix<S>(rows: input.rows, columns: input.columns)
    for i in 0..<input.rows where distances.elements[i] != 0 {
      let factor = cotangent.elements[i] / distances.elements[i]
      for j in 0..<width {
        let slope = factor * (input[i, j] - input[i, width + j])
        result[i, j] = slope
        result[i, width + j] = -slope
      }
    }
    return result
  }

  private func width(of input: Matrix<S>) throws -> Int {
    guard input.columns % 2 == 0 else {
      throw ShapeMismatch(
        operation: "distance \"\(name)\"", given: "rows of \(input.columns) numbers",
        expected: "an even number: the two of a pair side by side")
    }
    return input.columns / 2
  }
}

// MARK: - In a model file

extension PairDistance {
  package static var fileType: String { "distance" }
  package func write(to entry: inout LayerWriter<S>) {}
  package static func read<T: Scalar>(_ entry: LayerReader<T>) throws -> any Layer<T> {
    PairDistance<T>(entry.name)
  }
}
