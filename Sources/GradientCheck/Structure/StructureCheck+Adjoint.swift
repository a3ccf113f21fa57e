import GSLKit
import TiedLayers

/// Two questions about a tied pair that compare outputs only: they know neither loss nor gradient, and of
/// the layers only what comes out of them.
extension StructureCheck {
  /// The linear parts A and B of two affine layers that share a kernel, one of them transposed, are
  /// adjoint: <A u, v> = <u, B v> for all u and v. A constant may stand before one of them.
  func adjoint(_ objective: ChainObjective<Double>) throws -> StructureResult.Question? {
    let question = "Is each tied layer the adjoint of the layer it is tied to?"
    let random = RandomSource(seed: options.seed)
    let pairs = try tiedPairs(objective)
    var wrong: [(id: String?, sentence: String)] = []
    var scaled: [String] = []
    for (first, last) in pairs {
      let trials = try (0..<2).map { _ in
        try AdjointTrial(first.linearPart, last.linearPart, first.inputs, last.inputs, random)
      }
      if trials.allSatisfy(\.isEqual) { continue }
      if trials[0].isProportional(to: trials[1]) {
        scaled.append(
          "\(last.name) up to the factor \(number(trials[0].right / trials[0].left))")
        continue
      }
      let misreading = try self.misreading(first, last, random)
      wrong.append(
        (
          misreading?.id,
          "<\(first.name) u, v> = \(number(trials[0].left)) and <u, \(last.name) v> = "
            + "\(number(trials[0].right)), a difference of "
            + size(trials[0].left - trials[0].right)
            + (misreading.map { ": one of the two \($0.sentence)" } ?? "")
        ))
    }
    guard !pairs.isEmpty else { return nil }
    guard let first = wrong.first else {
      return .passed(
        question, (["\(pairs.count) of them, and they are"] + scaled).joined(separator: "; "))
    }
    return .failed(question, id: first.id, wrong.map(\.sentence).joined(separator: "; "))
  }

  /// What a layer's form says people misread, if with it the two would be adjoint.
  private func misreading(
    _ first: AffineLayer, _ last: AffineLayer, _ random: RandomSource
  ) throws -> Misreading? {
    for (layer, other) in [(first, last), (last, first)] {
      guard let plain = PlainProduct(layer.layer) else { continue }
      for misreading in plain.form.misreadings {
        let trial = try AdjointTrial(
          { input in
            let sums = plain.sums(at: input, misread: misreading)
            return (sums.values, euclideanNorm(sums.sizes))
          }, other.linearPart, layer.inputs, other.inputs, random)
        if trial.isEqual { return misreading }
      }
    }
    return nil
  }

  /// For y = B act(A x + b) + c with B = Aᵀ the Jacobian dy/dx = Aᵀ D A is symmetric (Im, Belghazi &
  /// Memisevic, arXiv 1506.07643). Measured by differences of the output along two directions.
  /// - Parameter id: what the two have been found to be instead of adjoint.
  func jacobianSymmetry(
    _ objective: ChainObjective<Double>, id: String?
  ) throws -> StructureResult.Question? {
    let question = "Is the Jacobian of output by input symmetric, as W D W^T is?"
    let chain = objective.network.chain
    // A corner of the activation within the steps would show as a difference: not asked there.
    guard chain.layers.count == 2, let (first, last) = try tiedPairs(objective).first,
      last.activation == .identity, first.activation != .relu
    else { return nil }
    let random = RandomSource(seed: options.seed)
    let x = objective.input.row(0)
    let u: Matrix<Double> = random.matrix(rows: 1, columns: x.columns, -1, 1)
    let v: Matrix<Double> = random.matrix(rows: 1, columns: x.columns, -1, 1)
    var largest = 0.0
    func derivative(along direction: Matrix<Double>, step h: Double) throws -> [Double] {
      func output(_ t: Double) throws -> [Double] {
        var moved = x
        try moved.add(direction, scaledBy: t)
        let output = try chain.forward(moved).elements
        largest = output.reduce(largest) { max($0, abs($1)) }
        return output
      }
      let (near, far) = (
        zip(try output(h), try output(-h)).map { $0 - $1 },
        zip(try output(2 * h), try output(-2 * h)).map { $0 - $1 }
      )
      return zip(near, far).map { (8 * $0 - $1) / (12 * h) }
    }
    // Twice, with steps that differ by four: the two differ by more than the truncation (h^4) of the
    // smaller. Added to it is what rounding does to the outputs and to the moved input.
    let h = 0x1p-12
    let (ju, jv) = (try derivative(along: u, step: h), try derivative(along: v, step: h))
    let (wideU, wideV) = (
      try derivative(along: u, step: 4 * h), try derivative(along: v, step: 4 * h)
    )
    let (left, right) = (innerProduct(ju, v.elements), innerProduct(u.elements, jv))
    let truncation =
      abs(left - innerProduct(wideU, v.elements)) + abs(right - innerProduct(u.elements, wideV))
    let scale =
      euclideanNorm(ju) * euclideanNorm(v.elements) + euclideanNorm(jv)
      * euclideanNorm(u.elements)
    let input = x.elements.reduce(0) { max($0, abs($1)) }
    let width = Double(x.columns)
    let rounding = Double.unitRoundoff / h * (16 * width * largest + input * scale)
    let allowed = max(1e-8 * scale, truncation + rounding)
    guard scale.isFinite, allowed < 1e-3 * scale else { return nil }
    return abs(left - right) <= allowed
      ? .passed(question, "v.Ju = \(number(left)), u.Jv = \(number(right))")
      : .failed(question, id: id, "it is not: v.Ju = \(number(left)), u.Jv = \(number(right))")
  }

  private static let mostAffine = 16

  /// Pairs of layers with a kernel each, which is the same one, transposed in one of them; affine, and
  /// as wide one way as the other. Whether a layer is affine is measured: it need not say so.
  private func tiedPairs(_ objective: ChainObjective<Double>) throws -> [(AffineLayer, AffineLayer)]
  {
    let chain = objective.network.chain
    var points = try chain.inputs(objective.input)
    points.append(try chain.forward(objective.input))
    let affine = try chain.layers.indices.compactMap { l in
      try AffineLayer(
        chain.layers[l], inputs: points[l].columns, outputs: points[l + 1].columns,
        RandomSource(seed: options.seed))
    }
    var pairs: [(AffineLayer, AffineLayer)] = []
    for (i, first) in affine.enumerated() {
      let others = affine.dropFirst(i + 1).lazy.filter { last in
        first.kernel.parameter === last.kernel.parameter
          && first.kernel.isTransposed != last.kernel.isTransposed
          && first.inputs == last.outputs && first.outputs == last.inputs
      }
      // Of many layers over one kernel each is compared with the next one that reads it the other way.
      pairs += others.prefix(affine.count > Self.mostAffine ? 1 : affine.count)
        .map { (first, $0) }
    }
    return pairs
  }
}

/// A linear map, and the size of what was subtracted to get at it.
private typealias LinearPart = (Matrix<Double>) throws -> (values: [Double], size: Double)

/// A layer with one kernel that is affine in its input, before its activation.
private struct AffineLayer {
  let layer: any Layer<Double>
  let kernel: Kernel<Double>
  let inputs: Int
  let outputs: Int

  var name: String { layer.name }
  var activation: ElementwiseFunction {
    (layer as? any ActivatedLayer<Double>)?.activation ?? .identity
  }

  /// nil for any other layer: tried on two random rows, f(u + v) + f(0) = f(u) + f(v).
  init?(
    _ layer: any Layer<Double>, inputs: Int, outputs: Int, _ random: RandomSource
  ) throws {
    guard layer.kernels.count == 1 else { return nil }
    self.layer = layer
    kernel = layer.kernels[0]
    self.inputs = inputs
    self.outputs = outputs
    let u: Matrix<Double> = random.matrix(rows: 1, columns: inputs, -1, 1)
    let v: Matrix<Double> = random.matrix(rows: 1, columns: inputs, -1, 1)
    var sum = u
    try sum.add(v)
    // A layer may refuse random numbers, as one that looks rows up does.
    guard let fu = try? linearPart(u), let fv = try? linearPart(v), let both = try? linearPart(sum)
    else { return nil }
    let left = euclideanNorm(
      both.values.indices.map { both.values[$0] - fu.values[$0] - fv.values[$0] })
    guard left <= 1e-13 * (fu.size + fv.size + both.size) else { return nil }
  }

  /// f(x) - f(0) before the activation.
  func linearPart(_ x: Matrix<Double>) throws -> (values: [Double], size: Double) {
    let value = try layer.beforeActivation(x).elements
    let zero = try layer.beforeActivation(Matrix(rows: 1, columns: inputs)).elements
    return (zip(value, zero).map { $0 - $1 }, euclideanNorm(value) + euclideanNorm(zero))
  }
}

/// <A u, v> and <u, B v> for one random u and one random v.
private struct AdjointTrial {
  let left: Double
  let right: Double
  /// How far rounding may have moved each.
  private let leftError: Double
  private let rightError: Double

  /// - Parameter inputs: of A, and of B.
  init(
    _ a: LinearPart, _ b: LinearPart, _ inputsOfA: Int, _ inputsOfB: Int, _ random: RandomSource
  ) throws {
    let u: Matrix<Double> = random.matrix(rows: 1, columns: inputsOfA, -1, 1)
    let v: Matrix<Double> = random.matrix(rows: 1, columns: inputsOfB, -1, 1)
    let (au, bv) = (try a(u), try b(v))
    left = innerProduct(au.values, v.elements)
    right = innerProduct(u.elements, bv.values)
    leftError = 1e-13 * euclideanNorm(v.elements) * au.size
    rightError = 1e-13 * euclideanNorm(u.elements) * bv.size
  }

  var isEqual: Bool { abs(left - right) <= leftError + rightError }

  /// left / right is the same in both, to within rounding, and not 0.
  func isProportional(to other: AdjointTrial) -> Bool {
    abs(left) > leftError && abs(right) > rightError
      && abs(left * other.right - other.left * right)
        <= leftError * abs(other.right) + rightError * abs(other.left)
        + other.leftError * abs(right) + other.rightError * abs(left)
  }
}
