import GSLKit
import TiedLayers

/// One place where a shared kernel is read.
public struct KernelPlace: Sendable, ExpressibleByStringLiteral {
  /// What sentences call it, such as "decoder".
  public let name: String
  /// Whether it reads the kernel transposed: only for the name of a mistake.
  public let isTransposed: Bool

  /// A place where the kernel is used.
  /// - Parameters:
  ///   - name: the layer's name.
  ///   - transposed: whether the place uses the kernel transposed.
  public init(_ name: String, transposed: Bool = false) {
    self.name = name
    isTransposed = transposed
  }

  /// A place that uses the kernel as it is.
  public init(stringLiteral name: String) { self.init(name) }

  /// A place that reads the kernel transposed.
  public static func transposed(_ name: String) -> KernelPlace {
    KernelPlace(name, transposed: true)
  }
}

/// A loss that reads one kernel in several places, as plain functions: for those who have layers of
/// their own. The loss is a function of as many kernels as there are uses, so that a path, one use
/// changed and the others not, can be measured without knowing what is inside.
public final class SharedKernelObjective<S: Scalar>: SummarizedObjective, LayeredObjective {
  private let kernel: Parameter<S>
  private let places: [KernelPlace]
  private let loss: ([[[S]]]) throws -> S
  private let contributions: ([[S]]) throws -> [[[S]]]
  private let gradient: ([[S]]) throws -> [[S]]
  /// How many samples the loss is a mean over.
  public let batch: Int

  /// - Parameters:
  ///   - kernel: the point, rows x columns.
  ///   - places: the uses, in order.
  ///   - loss: a function of one kernel for each use, all of the shape of `kernel`: a use that reads it
  ///     transposed transposes it itself.
  ///   - contributions: what each use is claimed to contribute to the gradient, in the order of the uses
  ///     and of the shape of `kernel`.
  ///   - gradient: the claimed gradient of the shared kernel.
  ///   - batch: how many samples the loss is a mean over, where it is one.
  /// - Throws: `ShapeMismatch` where the rows of `kernel` differ in length.
  public init(
    at kernel: [[S]], named name: String = "W", places: [KernelPlace], batch: Int = 1,
    loss: @escaping ([[[S]]]) throws -> S, contributions: @escaping ([[S]]) throws -> [[[S]]],
    gradient: @escaping ([[S]]) throws -> [[S]]
  ) throws {
    guard places.count > 1, Set(places.map(\.name)).count == places.count else {
      throw ShapeMismatch(
        operation: "shared kernel \(name)",
        given: "the uses [\(places.map(\.name).joined(separator: ", "))]",
        expected: "two or more, each with a name of its own")
    }
    self.kernel = Parameter(name, try Matrix(kernel))
    self.places = places
    self.loss = loss
    self.contributions = contributions
    self.gradient = gradient
    self.batch = batch
  }

  /// The one kernel.
  public var parameters: [any AnyParameter] { [kernel] }
  /// "loss".
  public var lossName: String { "loss" }
  /// false: nothing is known of the samples.
  public var hasEqualSamples: Bool { false }

  /// The loss with the kernel in all places.
  public func value() throws -> Double {
    Double(try loss(places.map { _ in kernel.values.nested }))
  }

  /// The claimed gradient of the kernel.
  /// - Throws: `ShapeMismatch` where it has another shape than the kernel.
  public func gradients() throws -> [[Double]?] {
    [try flat(gradient(kernel.values.nested), "the gradient claimed for \(kernel.name)")]
  }

  /// The names of the places.
  public var layerNames: [String] { places.map(\.name) }
  /// One use for each place.
  public var uses: [Use] {
    places.enumerated().map { l, place in
      Use(layer: l, layerName: place.name, parameter: 0, isTransposed: place.isTransposed)
    }
  }

  /// What is claimed for each place, in the kernel's own orientation.
  /// - Throws: `ShapeMismatch` where a claim has another shape than the kernel.
  public func gradientsByUse() throws -> [[Double]?] {
    let claimed = try contributions(kernel.values.nested)
    guard claimed.count == places.count else {
      throw ShapeMismatch(
        operation: "contributions to \(kernel.name)", given: "\(claimed.count)",
        expected: "\(places.count), one for each use")
    }
    return try zip(places, claimed).map { place, claimed in
      try flat(claimed, "the contribution of \(place.name) to \(kernel.name)")
    }
  }

  /// The loss with the kernel changed in one place.
  public func pathFunction(_ use: Use) throws -> PathFunction {
    { [self] change in
      var kernels = places.map { _ in kernel.values.nested }
      kernels[use.layer] = kernel.standing(change) { kernel.values.nested }
      return Double(try loss(kernels))
    }
  }

  /// The loss with every other use held where it is now.
  package func layerFunction(_ layer: Int) throws -> () throws -> [Double] {
    let function = try layerFunction(uses[layer])
    return { try function(nil) }
  }

  package func layerFunction(_ use: Use) throws -> (PathChange?) throws -> [Double] {
    let present = kernel.values.nested
    return { [self] change in
      var kernels = places.map { _ in present }
      kernels[use.layer] =
        change.map { kernel.standing($0) { kernel.values.nested } } ?? kernel.values.nested
      return [Double(try loss(kernels))]
    }
  }

  package func untiedTwin() -> (any LayeredObjective)? { nil }

  package func values(of use: Use) -> [Double] {
    let (rows, columns) = (kernel.shape[0], kernel.shape[1])
    return use.isTransposed ? transposed(kernel.flat, rows: rows, columns: columns) : kernel.flat
  }

  package func setValues(_ values: [Double], of use: Use) {
    let (rows, columns) = (kernel.shape[0], kernel.shape[1])
    kernel.flat = use.isTransposed ? transposed(values, rows: columns, columns: rows) : values
  }

  /// A table with one row for each place.
  public func summary() throws -> ModelSummary {
    ModelSummary(
      layers: places.map { place in
        .init(
          name: place.name, type: "function", outputShape: [1], parameters: kernel.count,
          sharesWith: places.map(\.name).filter { $0 != place.name })
      }, totalParameters: kernel.count, sumOverLayers: kernel.count * places.count)
  }

  private func flat(_ nested: [[S]], _ what: String) throws -> [Double] {
    let claimed = try Matrix(nested)
    try kernel.values.requireShape(of: claimed, operation: what)
    return claimed.elements.map { Double($0) }
  }
}
