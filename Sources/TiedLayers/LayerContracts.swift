import GSLKit

// What some layers promise about their outputs, beyond what every layer does. A layer that conforms is
// held to it by the structure check.

/// A layer that replaces each number of its input by a row of its first kernel.
package protocol LookupLayer<S>: Layer {
  /// The rows that a batch looks up, in order of the batch's elements, as often as they occur.
  func rows(_ input: Matrix<S>) throws -> [Int]
}

/// A layer that does the same to both halves of its input, and puts the results side by side.
package protocol PairLayer<S>: Layer {}
