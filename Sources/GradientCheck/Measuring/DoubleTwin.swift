import GSLKit
import TiedLayers

/// The same network in Double, called as a further witness before a Float model is convicted.
///
/// Where several corners of a loss lie closer to the point than the noise of Float lets anyone look,
/// both witnesses measure the slope around the corners and agree: on the wrong one. Double's noise is
/// 1e9 times smaller. The twin is asked for its loss only, never for a gradient.
final class DoubleTwin {
  private let objective: any Objective
  private let witness: Witness
  private let seed: UInt64

  /// - Throws: what the twin's loss throws, or `NonFiniteObjective`.
  private init(_ objective: any Objective, _ options: CheckOptions) throws {
    self.objective = objective
    seed = options.seed
    let (noise, value) = try Noise.measure(objective, seed: options.seed)
    witness = Witness(
      value: value, sigma: noise.deviation,
      z: Witness.quantile(
        alpha: options.alpha, entries: objective.parameters.reduce(0) { $0 + $1.count }),
      estimator: .fivePoint)
  }

  /// Weighs a claim that the model's own losses exclude; nil where there is no twin to ask.
  typealias Opinion = (_ entry: Int, _ claimed: Double, _ tolerance: Double) throws -> Acceptance?

  /// Made when it is first asked: most checks convict nobody.
  final class Source {
    private let objective: any Objective
    private let options: CheckOptions
    private lazy var twin = Result {
      try objective.doubleTwin().map { try DoubleTwin($0, options) }
    }

    init(of objective: any Objective, _ options: CheckOptions) {
      self.objective = objective
      self.options = options
    }

    /// - Parameters:
    ///   - task: the model's own; its point is the twin's.
    ///   - function: the twin's loss with one entry at another value; nil if it has none.
    func opinion(
      on task: TensorTask,
      of function: @escaping (any Objective) throws -> ((Int, Double) throws -> Double)?
    ) -> Opinion {
      { [self] entry, claimed, tolerance in
        guard let twin = try twin.get(), let loss = try function(twin.objective) else { return nil }
        return try twin.weigh(claimed, tolerance, scale: task.scale) { t in
          try loss(entry, task.values[entry] + t)
        }
      }
    }
  }

  private func weigh(
    _ claimed: Double, _ tolerance: Double, scale: Double,
    _ function: @escaping (Double) throws -> Double
  ) throws -> Acceptance {
    let found = try TensorCheck(witness: witness, rtol: 1e-6, seed: seed).check(
      derivative: claimed, stepScale: scale, toleranceScale: .absolute(tolerance),
      unitRoundoff: Double.unitRoundoff, of: function)
    return Acceptance(
      claimed: claimed, measured: found.numeric, bound: found.bound, tolerance: tolerance)
  }
}
