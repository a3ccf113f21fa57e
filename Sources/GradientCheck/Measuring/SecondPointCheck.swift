import Foundation
import GSLKit
import TiedLayers

/// Measures a claimed gradient at a second point, along random directions: a few evaluations where it
/// agrees, a full trial with its own noise and the second witness where it does not.
struct SecondPointCheck {
  private let objective: any Objective
  private let options: CheckOptions
  /// What was found at the first point, by parameter.
  private let first: [TensorResult]
  /// The noise at the first point, and the scale of the whole gradient there.
  private let noise: Double
  private let wholeScale: Double
  private let count: () throws -> Double

  /// - Parameter value: the loss of `objective`, with its evaluations counted.
  init(
    _ objective: any Objective, _ options: CheckOptions, first: [TensorResult], noise: Double,
    wholeScale: Double, value: @escaping () throws -> Double
  ) {
    self.objective = objective
    self.options = options
    self.first = first
    self.noise = noise
    self.wholeScale = wholeScale
    count = value
  }

  /// What one screening look may use: a check's whole second point is to cost a small part of it.
  private static let mostLooks = 5

  /// - Parameter budget: evaluations that may go into more than one direction for each parameter.
  /// - Returns: the parameters' results; nil where the loss cannot be evaluated at any second point.
  func run(budget: Int) throws -> [SecondPointResult.Tensor]? {
    // A loss may end close to the point: a square root does at zero.
    for reach in [1, 0x1p-10] {
      let point = SecondPoint(
        objective.parameters, seed: options.seed, unitRoundoff: objective.gradientUnitRoundoff,
        reach: reach)
      if let value = try value(at: point) { return try run(at: point, value, budget: budget) }
    }
    return nil
  }

  private func run(at point: SecondPoint, _ value: Double, budget: Int) throws
    -> [SecondPointResult.Tensor]
  {
    let parameters = objective.parameters
    let answers = try point.asked(parameters) { try objective.gradients() }
    return try point.standing(parameters) {
      let measured = parameters.indices.filter { parameters[$0].count > 0 }
      let count = min(
        max(budget / (4 * max(measured.count, 1)), 1), GradientChecker.defaultDirections)
      let screen = Witness(
        value: value, sigma: noise,
        z: Witness.quantile(alpha: options.alpha, entries: count * measured.count),
        estimator: .fivePoint)
      var found: [Int: SecondPointResult.Tensor] = [:]
      var suspects: [(p: Int, tensor: DirectionalTensor)] = []
      for p in measured {
        for claims in distinct(answers.map { p < $0.count ? $0[p] : nil }) {
          let tensor = tensor(p, claims, count: count)
          guard let passed = try screened(tensor, p, screen) else {
            suspects.append((p, tensor))
            break
          }
          found[p] = passed
        }
      }
      if !suspects.isEmpty {
        for (p, verdict) in try tried(suspects) { found[p] = verdict }
      }
      return measured.compactMap { found[$0] }
    }
  }

  /// The loss at the second point; nil where it is not finite or cannot be evaluated.
  /// - Throws: what the objective throws where it cannot be evaluated at the first point any more either.
  func value(at point: SecondPoint) throws -> Double? {
    do {
      let value = try point.standing(objective.parameters, count)
      return value.isFinite ? value : nil
    } catch {
      _ = try count()
      return nil
    }
  }

  /// Answers that differ by more than rounding, the last one first: that one was given after half of the
  /// parameters had been somewhere else, as the first one was after the other half.
  private func distinct(_ claims: [[Double]?]) -> [[Double]?] {
    var kept: [[Double]?] = []
    for claim in claims.reversed()
    where !kept.contains(where: { isSame($0, claim) }) { kept.append(claim) }
    return kept
  }

  private func isSame(_ a: [Double]?, _ b: [Double]?) -> Bool {
    guard let a, let b, a.count == b.count else { return a == nil && b == nil }
    let allowed = 1e3 * objective.gradientUnitRoundoff * rootMeanSquare(b)
    return zip(a, b).allSatisfy { abs($0 - $1) <= allowed || $0.bitPattern == $1.bitPattern }
  }

  private func tensor(_ p: Int, _ claim: [Double]?, count: Int) -> DirectionalTensor {
    let parameter = objective.parameters[p]
    return DirectionalTensor(
      parameter: parameter,
      lines: Lines(
        count: count, entries: parameter.count, seed: options.seed &+ 0x5EC0_0D, tensor: p),
      base: parameter.flat, claimed: claim, value: self.count)
  }

  // MARK: Screening

  /// Passes a tensor whose claim agrees along every line at the first few looks; nil where that needs a
  /// trial. Nothing is convicted here, so that the noise need not be measured anew.
  private func screened(_ tensor: DirectionalTensor, _ p: Int, _ witness: Witness) throws
    -> SecondPointResult.Tensor?
  {
    let task = tensor.task
    guard task.malformation == nil else { return nil }
    var told: SecondPointResult.Tensor?
    for line in task.values.indices {
      let claimed = task.claimed![line]
      guard claimed.isFinite,
        let estimate = try agreeing(
          task, line, p, witness, lineLength: euclideanNorm(tensor.lines.vectors[line]))
      else { return nil }
      let passed = SecondPointResult.Tensor(
        name: tensor.parameter.name, verdict: .pass, claimed: claimed, measured: estimate.value,
        bound: estimate.bound, tolerance: tolerance(estimate, p), reason: nil)
      if told.map({ abs($0.measured) < abs(passed.measured) }) ?? true { told = passed }
    }
    return told
  }

  private func agreeing(
    _ task: TensorTask, _ line: Int, _ p: Int, _ witness: Witness, lineLength: Double
  ) throws -> Estimate? {
    let claimed = task.claimed![line]
    var step = firstStep(p, scale: task.scale, lineLength: lineLength)
    for look in 1...Self.mostLooks {
      let estimate = try witness.estimate(task.probe(line), step: step)
      if estimate.isFlat, claimed == 0 { return estimate }
      if estimate.isFinite {
        let tolerance =
          look < Self.mostLooks ? tolerance(estimate, p) : max(tolerance(estimate, p), atMost(p))
        switch Acceptance(
          claimed: claimed, measured: estimate.value, bound: estimate.bound, tolerance: tolerance)
        {
        case .pass: return estimate
        case .fail: return nil
        case .undecided: break
        }
      }
      let isTooShort = estimate.isFinite && estimate.isNoiseLimited
      step = isTooShort ? min(4 * step, task.scale / 16) : step / 4
    }
    return nil
  }

  /// The step of the first look: that of the tensor's entries, shared out over all that move.
  private func firstStep(_ p: Int, scale: Double, lineLength: Double) -> Double {
    let steps = first[p].measuredEntries.map(\.step).filter(\.isFinite).sorted()
    guard !steps.isEmpty else { return scale * 0x1p-10 / lineLength }
    let usual = steps[steps.count / 2]
    return first[p].lines == nil ? usual / lineLength : usual
  }

  /// rtol of the slope, or of the usual slope at the first point. Where the tensor is zero there, of what
  /// it is here; where it is zero here too, of the whole gradient.
  private func tolerance(_ estimate: Estimate, _ p: Int) -> Double {
    let usual = usualSlope(p)
    guard usual > 0 || abs(estimate.value) > estimate.bound else { return atMost(p) }
    return options.rtol * max(abs(estimate.value), usual)
  }

  private func atMost(_ p: Int) -> Double {
    options.rtol * Lines.slopeScale(wholeScale, entries: first[p].shape.reduce(1, *))
  }

  /// The usual slope along a line at the first point; 0 where the tensor is zero there.
  private func usualSlope(_ p: Int) -> Double {
    guard first[p].measuredEntries.contains(where: { abs($0.numeric) > $0.bound }) else { return 0 }
    return first[p].lines?.rms
      ?? Lines.slopeScale(first[p].rms, entries: first[p].entries.count)
  }

  // MARK: Trial

  /// The verdicts of a full check along the same lines: with the noise of this point, steps of its own,
  /// and every witness that a conviction needs.
  private func tried(_ suspects: [(p: Int, tensor: DirectionalTensor)]) throws -> [(
    Int, SecondPointResult.Tensor
  )] {
    let (noise, value) = try Noise.measure(
      objective.parameters, seed: options.seed, function: count)
    let lines = suspects.reduce(0) { $0 + $1.tensor.lines.vectors.count }
    let witness = Witness(
      value: value, sigma: noise.deviation,
      z: Witness.quantile(alpha: options.alpha, entries: lines), estimator: options.estimator)
    let check = TensorCheck(witness: witness, rtol: options.rtol, seed: options.seed)
    // The twin is made here, at the second point.
    let twin = DoubleTwin.Source(of: objective, options)
    return try suspects.map { p, tensor in
      var task = tensor.task
      task.twin = twin.opinion(on: task) { twin in
        let parameter = twin.parameters[p]
        return { line, t in
          try parameter.moved(
            tensor.base, along: tensor.lines.vectors[line], by: t, in: 0..<tensor.base.count,
            twin.value)
        }
      }
      let scale = max(usualSlope(p), atMost(p) / options.rtol)
      let result = try check.run([task], wholeScale: scale > 0 ? scale : nil).tensors[0]
      return (p, record(result, named: tensor.parameter.name))
    }
  }

  private func record(_ result: TensorResult, named name: String) -> SecondPointResult.Tensor {
    let worst = result.worst.first
    return SecondPointResult.Tensor(
      name: name, verdict: result.verdict, claimed: worst?.analytic ?? .nan,
      measured: worst?.numeric ?? .nan, bound: worst?.bound ?? .infinity,
      tolerance: worst?.tolerance ?? 0, reason: result.reason ?? worst?.reason)
  }
}
