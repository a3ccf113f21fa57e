import GSLKit
import TiedLayers

/// A parameter of a program: the values it was described with, and what a checker changed of them.
package final class PipeParameter: AnyParameter {
  package let name: String
  package let shape: [Int]
  package let count: Int
  /// The arithmetic that its values are numbers of.
  package let precision: PipePrecision
  /// The program moves its parameters itself; what it keeps fixed it has not said.
  package var fixedRows: Set<Int> = []
  /// The values that the program has.
  let described: [Double]
  private var values: [Double]
  /// Places where the two differ.
  private(set) var changed: Set<Int> = []

  init(_ name: String, shape: [Int], precision: PipePrecision, values: [Double]) {
    self.name = name
    self.shape = shape
    self.precision = precision
    count = values.count
    described = precision == .double ? values : values.map(precision.rounded)
    self.values = described
  }

  /// The same numbers in Double: between them lie more.
  init(inDouble parameter: PipeParameter) {
    name = parameter.name
    shape = parameter.shape
    count = parameter.count
    precision = .double
    described = parameter.described
    values = parameter.values
    changed = parameter.changed
  }

  package subscript(index: Int) -> Double {
    get { values[index] }
    set {
      values[index] = rounded(newValue)
      note(index)
    }
  }

  package var flat: [Double] {
    get { values }
    set {
      precondition(newValue.count == count, "\(self) was given \(newValue.count) values")
      values = precision == .double ? newValue : newValue.map(rounded)
      changed.removeAll(keepingCapacity: true)
      guard values != described else { return }
      for i in values.indices { note(i) }
    }
  }

  private func note(_ index: Int) {
    if values[index].bitPattern == described[index].bitPattern {
      changed.remove(index)
    } else {
      changed.insert(index)
    }
  }

  package func rounded(_ value: Double) -> Double { precision.rounded(value) }
  package var unitRoundoff: Double { precision.unitRoundoff }

  /// The difference from what the program has, as a message holds it; nil if there is none.
  func change(_ parameter: Int) -> PipeChange? {
    if changed.isEmpty { return nil }
    if 2 * changed.count > count { return PipeChange(parameter: parameter, at: nil, to: values) }
    let at = changed.sorted()
    return PipeChange(parameter: parameter, at: at, to: at.map { values[$0] })
  }
}
