import GSLKit
import TiedLayers

/// Two more witnesses for a tied pair, which look at outputs only: they know neither loss nor
/// gradient.
extension StructureCheck {
  /// The linear parts A and B of two dense layers that share a kernel, one of them transposed, are
  /// adjoint: <A u, v> = <u, B v> for all u and v.
  func adjoint(_ objective: ChainObjective<Double>) throws -> StructureResult.Question? {
    let question = "Is each tied layer the adjoint of the layer it is tied to?"
    let random = RandomSource(seed: options.seed)
    var pairs = 0
    var wrong: [String] = []
    for (first, last) in tiedPairs(objective.network.chain) {
      pairs += 1
      let u: Matrix<Double> = random.matrix(rows: 1, columns: first.kernels[0].rows, -1, 1)
      let v: Matrix<Double> = random.matrix(rows: 1, columns: last.kernels[0].rows, -1, 1)
      let (au, bv) = (try linearPart(first, u), try linearPart(last, v))
      let (left, right) = (
        innerProduct(au.values, v.elements), innerProduct(u.elements, bv.values)
      )
      let allowed =
        1e-13
        * (euclideanNorm(v.elements) * au.size + euclideanNorm(u.elements) * bv.size)
      if abs(left - right) > allowed {
        wrong.append(
          "<\(first.name) u, v> = \(number(left)) and <u, \(last.name) v> = \(number(right))")
      }
    }
    guard pairs > 0 else { return nil }
    return wrong.isEmpty
      ? .passed(question, "\(pairs) of them, and they are")
      : .failed(question, id: nil, wrong.joined(separator: "; "))
  }

  /// For y = act(x W + b) W^T + c the Jacobian dy/dx = W D W^T is symmetric (Im, Belghazi &
  /// Memisevic, arXiv 1506.07643). Measured by differences of the output along two directions.
  func jacobianSymmetry(
    _ objective: ChainObjective<Double>
  ) throws -> StructureResult.Question? {
    let question = "Is the Jacobian of output by input symmetric, as W D W^T is?"
    let chain = objective.network.chain
    // A corner of the activation within the steps would show as a difference: not asked there.
    guard chain.layers.count == 2, let (first, last) = tiedPairs(chain).first,
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
      : .failed(question, id: nil, "it is not: v.Ju = \(number(left)), u.Jv = \(number(right))")
  }

  /// Pairs of dense layers that share a kernel, one of them transposed.
  private func tiedPairs(_ chain: Chain<Double>) -> [(
    any ActivatedLayer<Double>, any ActivatedLayer<Double>
  )] {
    let dense = chain.layers.compactMap { $0 as? any ActivatedLayer<Double> }.filter {
      $0.kind.hasPrefix("Dense") && $0.kernels.count == 1
    }
    var pairs: [(any ActivatedLayer<Double>, any ActivatedLayer<Double>)] = []
    for (i, first) in dense.enumerated() {
      for last in dense.dropFirst(i + 1)
      where first.kernels[0].parameter === last.kernels[0].parameter
        && first.kernels[0].isTransposed != last.kernels[0].isTransposed
      {
        pairs.append((first, last))
      }
    }
    return pairs
  }

  /// f(x) - f(0) before the activation, and the size of what was subtracted.
  private func linearPart(
    _ layer: any ActivatedLayer<Double>, _ x: Matrix<Double>
  ) throws -> (values: [Double], size: Double) {
    let value = try layer.preactivation(x)
    let zero = try layer.preactivation(Matrix(rows: 1, columns: x.columns))
    return (
      zip(value.elements, zero.elements).map { $0 - $1 },
      euclideanNorm(value.elements) + euclideanNorm(zero.elements)
    )
  }
}
