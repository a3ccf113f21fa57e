import GSLKit

/// One place of a layer that holds a Parameter: a use. A layer's kernels come first, in order, then its
/// biases.
///
/// A layer that runs one kernel at every time step, or in two towers, has a slot for each of them. That
/// is all it takes for a checker to tell them apart: it binds one slot to a Parameter of its own.
package struct Slot<S: Scalar> {
  /// The place among the layer's kernels and biases.
  package let index: Int
  package let parameter: Parameter<S>
  /// Whether this slot reads its Parameter transposed.
  package let isTransposed: Bool
  /// The layer's word for it, such as "step 3".
  package let name: String
  /// How many slots before this one hold the same Parameter.
  package let occurrence: Int
  /// Whether another slot of the layer holds the same Parameter.
  package let isRepeated: Bool
}

extension Layer {
  /// Every use that this layer makes of a Parameter.
  package var slots: [Slot<S>] {
    let kernels = kernels
    let parameters = kernels.map(\.parameter) + biases
    let names = slotNames
    precondition(
      names.count == parameters.count,
      "layer \(name) names \(names.count) slots and has \(parameters.count)")
    let total = Dictionary(grouping: parameters, by: ObjectIdentifier.init).mapValues(\.count)
    var seen: [ObjectIdentifier: Int] = [:]
    return parameters.enumerated().map { index, parameter in
      let identity = ObjectIdentifier(parameter)
      defer { seen[identity, default: 0] += 1 }
      return Slot(
        index: index, parameter: parameter,
        isTransposed: index < kernels.count && kernels[index].isTransposed, name: names[index],
        occurrence: seen[identity, default: 0], isRepeated: total[identity]! > 1)
    }
  }

  /// Binds one slot to another Parameter of the same shape; the others stay as they are.
  package mutating func rebind(slot index: Int, to parameter: Parameter<S>) {
    let kernels = kernels
    if index < kernels.count {
      self.kernels[index] = kernels[index].rebound(to: parameter)
    } else {
      biases[index - kernels.count] = parameter
    }
  }
}
