import GSLKit

/// A parameter of any precision, as a checker and an optimizer see it: a name, a shape and a list
/// of numbers.
public protocol AnyParameter: AnyObject, CustomStringConvertible {
  /// Unique within a model.
  var name: String { get }
  /// [rows, columns] for a kernel, [count] for a bias.
  var shape: [Int] { get }
  /// The product of the shape.
  var count: Int { get }
  /// One element, in row order. Setting rounds to the parameter's own precision.
  subscript(index: Int) -> Double { get set }
  /// All elements, in row order. Setting rounds, and takes exactly `count` numbers.
  var flat: [Double] { get set }
  /// Rows that training leaves where they are, such as the row of a padding token (elements, for a
  /// bias). Every optimizer passes over them, whatever gradient arrives; a gradient holds them like all
  /// others, because what a loss depends on is no matter of what is trained.
  var fixedRows: Set<Int> { get set }
  /// The nearest number this parameter can hold.
  func rounded(_ value: Double) -> Double
  /// The unit round-off of the arithmetic this parameter works in.
  var unitRoundoff: Double { get }
}

extension AnyParameter {
  /// "name [rows x columns]".
  public var description: String { "\(name) [\(shapeText(shape))]" }

  /// The places, in row order, of the elements in fixed rows.
  public var fixedElements: [Int] {
    guard !fixedRows.isEmpty else { return [] }
    let width = count / shape[0]
    return fixedRows.sorted().flatMap { ($0 * width)..<(($0 + 1) * width) }
  }

  /// A gradient, given in row order, with zeros where it would move what is fixed.
  public func moving(_ gradient: [Double]) -> [Double] {
    var gradient = gradient
    for i in fixedElements { gradient[i] = 0 }
    return gradient
  }

  /// The index pair or single index of element `index`, as people write it.
  public func position(of index: Int) -> [Int] {
    shape.count == 2 ? [index / shape[1], index % shape[1]] : [index]
  }
}

/// A named tensor that training changes: a kernel (a matrix) or a bias (a vector).
///
/// Its identity IS the tie. Two layers are tied exactly when they hold the same `Parameter`. Equal
/// values are not a tie, and neither is memory that two Parameters share.
public final class Parameter<S: Scalar>: AnyParameter {
  /// The name, unique within a model.
  public let name: String
  /// [rows, columns] for a kernel, [count] for a bias.
  public let shape: [Int]
  /// A bias is held as a 1 x count matrix.
  public var values: Matrix<S> {
    // Does not mention oldValue: that would copy the matrix at every change of an element.
    didSet {
      precondition(
        values.columns == shape.last && values.elements.count == count,
        "parameter \(name) [\(shapeText(shape))] was given \(shapeText(values.shape)) values")
    }
  }

  /// Rows that training leaves where they are.
  /// - Precondition: they are rows of `values`.
  public var fixedRows: Set<Int> = [] {
    didSet { requireFixedRowsExist() }
  }

  /// A kernel.
  /// - Parameter fixedRows: rows that are not trained.
  /// - Precondition: they are rows of `values`.
  public init(_ name: String, _ values: Matrix<S>, fixedRows: Set<Int> = []) {
    self.name = name
    self.values = values
    shape = values.shape
    count = values.elements.count
    self.fixedRows = fixedRows
    requireFixedRowsExist()
  }

  private func requireFixedRowsExist() {
    precondition(
      fixedRows.allSatisfy { (0..<shape[0]).contains($0) },
      "\(self) was told to keep the rows \(fixedRows.sorted()) fixed")
  }

  /// A bias.
  public init(_ name: String, _ values: [S]) {
    self.name = name
    shape = [values.count]
    count = values.count
    var row = Matrix<S>(rows: 1, columns: values.count)
    row.elements = values
    self.values = row
  }

  /// How many elements there are.
  public let count: Int

  /// One element, in row order. Setting rounds to `S`.
  public subscript(index: Int) -> Double {
    get { values.elements[index].asDouble }
    set { setElement(index, S(newValue)) }
  }

  /// In place: written through `values` from outside this class, one element copies them all.
  func setElement(_ index: Int, _ value: S) { values.elements[index] = value }

  /// All elements, in row order. Setting rounds to `S`.
  /// - Precondition: exactly `count` numbers are set.
  public var flat: [Double] {
    get { S.doubles(values.elements) }
    set {
      precondition(newValue.count == count, "\(self) was given \(newValue.count) values")
      values.elements = S.array(rounding: newValue)
    }
  }

  /// The number as `S` holds it.
  public func rounded(_ value: Double) -> Double { S(value).asDouble }

  /// The unit round-off of `S`.
  public var unitRoundoff: Double { S.unitRoundoff }

  /// A Parameter of its own with the same values and the same rows fixed: not tied to this one.
  public func copy(named name: String) -> Parameter {
    let copy = shape.count == 1 ? Parameter(name, values.elements) : Parameter(name, values)
    copy.fixedRows = fixedRows
    return copy
  }
}
