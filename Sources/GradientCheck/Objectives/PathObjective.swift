import TiedLayers

/// How a parameter is changed for one use alone.
public enum PathChange: Sendable {
  /// One element, at another value.
  case entry(Int, to: Double)
  /// All of them, in row order.
  case values([Double])
}

/// The loss with a parameter changed for one use, and for no other.
public typealias PathFunction = (_ change: PathChange) throws -> Double

/// An objective that tells which layer uses which parameter, so that the gradient through one use alone
/// (a path) can be measured.
public protocol PathObjective: Objective {
  /// Every use of every parameter, in the order of the layers and their slots.
  var uses: [Use] { get }
  /// The layers' names, in order.
  var layerNames: [String] { get }
  /// Whether a path can be measured: `pathFunction` has an answer.
  var measuresPaths: Bool { get }
  /// Whether the claimed gradient can be had use by use: `gradientsByUse` has an answer.
  var claimsByUse: Bool { get }
  /// Whether the claims by use may come from another computation than the claimed gradient, as in a
  /// program that asks its framework once more for each use. Where the gradient is right and they do not add
  /// up to it, they are then not compared.
  var claimsByUseAreSeparate: Bool { get }
  /// What each use claims to contribute, in the order of `uses`; nil where nothing is claimed.
  func gradientsByUse() throws -> [[Double]?]
  /// The loss as a function of what one use alone sees. What no use after this one can change is
  /// computed once, at the present point.
  func pathFunction(_ use: Use) throws -> PathFunction
  /// How a parameter is drawn, where it is more than a matrix or a list.
  func images(of parameter: Int) -> KernelImages?
}

extension PathObjective {
  /// true.
  public var measuresPaths: Bool { true }
  /// true.
  public var claimsByUse: Bool { true }
  /// false.
  public var claimsByUseAreSeparate: Bool { false }
  /// nil: a matrix is drawn as a matrix.
  public func images(of parameter: Int) -> KernelImages? { nil }
}

/// A path objective that answers many points faster together than one by one.
package protocol BatchedPathObjective: PathObjective, BatchedObjective {
  /// The losses at points that differ from the present one in a single element of a parameter, for one
  /// use alone.
  func values(changing use: Use, _ points: [(entry: Int, point: Double)]) throws -> [Double]
}

/// A path objective whose layers can be run, read and written one by one.
package protocol LayeredObjective: PathObjective {
  /// A function that runs layer `layer` alone, on the input it has at the present point whatever the
  /// parameters are changed to afterwards, and gives its output. Where nothing but zeros arrives at
  /// the layer, which would hide its kernel, the input is random numbers instead.
  func layerFunction(_ layer: Int) throws -> () throws -> [Double]
  /// The same with the parameter changed for that use alone; nil for the parameter as it is.
  func layerFunction(_ use: Use) throws -> (_ change: PathChange?) throws -> [Double]
  /// Whether what a use sees can change its layer's output on this batch at all.
  func reaches(_ use: Use) throws -> Bool
  /// The same layers and values with every use bound to a parameter of its own; nil where there is
  /// no such thing.
  func untiedTwin() -> (any LayeredObjective)?
  /// The values of a use read through its layer's own handle, in that layer's orientation, row by
  /// row.
  func values(of use: Use) -> [Double]
  /// Writes what `values(of:)` reads, through the same handle.
  func setValues(_ values: [Double], of use: Use)
}

extension LayeredObjective {
  package func reaches(_ use: Use) throws -> Bool { true }

  /// What the layer of a use sees, brought back to the parameter's own orientation.
  func ownValues(of use: Use) -> [Double] {
    let values = values(of: use)
    let shape = parameters[use.parameter].shape
    return use.isTransposed ? transposed(values, rows: shape[1], columns: shape[0]) : values
  }
}

extension AnyParameter {
  /// Runs `body` while a change stands, and puts the values back.
  func standing<T>(_ change: PathChange, _ body: () throws -> T) rethrows -> T {
    switch change {
    case .entry(let entry, let point):
      let saved = self[entry]
      defer { self[entry] = saved }
      self[entry] = point
      return try body()
    case .values(let values):
      let saved = flat
      defer { flat = saved }
      flat = values
      return try body()
    }
  }
}

/// The transpose of a rows x columns matrix given row by row.
func transposed(_ values: [Double], rows: Int, columns: Int) -> [Double] {
  var result = values
  for i in 0..<rows {
    for j in 0..<columns { result[j * rows + i] = values[i * columns + j] }
  }
  return result
}
